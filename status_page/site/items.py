"""One finished file: where it lies, what it is made of, and how to make it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True)
class Item:
    """A file of the site. Two builds with the same ``source`` have the same bytes; an empty one is always made."""

    path: str
    source: str
    render: Callable[[], bytes]


def digest(*parts: object) -> str:
    """Return a short name for values that a file is made of."""
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()
