"""Giving out the finished pages: from files alone, with nothing but the standard library.

The same code answers inside the portal's web server, before anything of the application is asked, and inside the
small process of ``portico status-serve``, which needs neither database nor application.
"""

from status_page.serving.answers import API_PREFIX, PREFIX, Answer, name_of, to_language, type_headers
from status_page.serving.library import CURRENT, SUFFIXES, Library

__all__ = ["API_PREFIX", "CURRENT", "PREFIX", "SUFFIXES", "Answer", "Library", "name_of", "to_language", "type_headers"]
