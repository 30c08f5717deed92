"""Numbers that come from outside: what no row can have is no number of a row, and the database is not asked."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

# The largest value of a column of whole numbers; for a larger one the database answers with an error.
LARGEST_NUMBER = 2**31 - 1


class RowNumber(IntegerConverter):
    """The number of a row in an address: an address with a larger one leads nowhere."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": LARGEST_NUMBER, **options})


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = RowNumber


def row_number(text: str) -> int | None:
    """Return the number of a row that a query or a form names, None for what can be none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_NUMBER))
    return number if is_number and (number := int(text)) <= LARGEST_NUMBER else None
