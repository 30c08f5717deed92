"""Where the current unit of work comes from: kept with each audit event and each log line."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The address a request came from and its id; for commands and jobs their name stands for the address."""

    address: str = "system"
    request_id: str = ""


_SYSTEM = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_SYSTEM)


def current_origin() -> Origin:
    return _origin.get()


def set_origin(origin: Origin) -> None:
    _origin.set(origin)


@contextmanager
def origin(address: str, request_id: str = "") -> Iterator[None]:
    """Name the origin of everything done inside."""
    token = _origin.set(Origin(address, request_id))
    try:
        yield
    finally:
        _origin.reset(token)
