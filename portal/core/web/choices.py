"""What a field offers to choose from."""

import zoneinfo
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from flask_babel import LazyString
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs

__all__ = ["SelectChoice", "choices_from", "time_zone_choices", "words_as_choices"]


def choices_from(pairs: Iterable[tuple[Any, str | LazyString]]) -> list[SelectChoice]:
    """Return values with their words, in this order, as a field wants them."""
    return [SelectChoice(value, words) for value, words in pairs]


def words_as_choices(words: Mapping[Any, str | LazyString]) -> list[SelectChoice]:
    """Return the members of an enumeration with their words, as a field wants them."""
    return choices_from((str(value), label) for value, label in words.items())


@cache
def time_zone_choices() -> list[SelectChoice]:
    """Return every place on earth that has a time zone, and UTC; not the old aliases of single countries."""
    names = (
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    )
    return [SelectChoice("UTC"), *(SelectChoice(name, name.replace("_", " ")) for name in sorted(names))]
