"""The texts people read, typed: what Flask-Babel answers is always a string."""

from typing import Any

import flask_babel


def gettext(message: str, **variables: Any) -> str:
    """Return a text in the language of the moment."""
    return str(flask_babel.gettext(message, **variables))


def ngettext(singular: str, plural: str, number: int, **variables: Any) -> str:
    """Return a text for a number of things in the language of the moment; ``num`` is the number."""
    return str(flask_babel.ngettext(singular, plural, number, **variables))
