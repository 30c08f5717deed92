"""The web base: what every route and template uses. Routes import from here."""

from portal.core.web.paging import Page, paginate, sort_choice
from portal.core.web.redirects import own_path, see_other
from portal.core.web.responses import commits, page

__all__ = ["Page", "commits", "own_path", "page", "paginate", "see_other", "sort_choice"]
