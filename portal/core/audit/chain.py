"""The hash chain: how a row's hash is made, and how a change of history is found."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

FIRST_HASH = "0" * 64
_HASHED = (
    "id",
    "actor_id",
    "actor_name",
    "action",
    "subject_type",
    "subject_id",
    "subject_label",
    "reason",
    "before",
    "after",
    "address",
    "request_id",
    "previous_hash",
)


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold."""

    event_id: int
    kind: str
    sentence: str


def event_hash(event: "Link", key: bytes) -> str:
    """Return the HMAC-SHA-256 of an event over its fields and the hash before it, as 64 hexadecimal digits."""
    content = {name: getattr(event, name) for name in _HASHED}
    content["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


class Link(Protocol):
    """An event as a row of the table or as an object; both have the same names."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def previous_hash(self) -> str: ...
    @property
    def hash(self) -> str: ...


def inserted(event_id: int) -> Break:
    return Break(event_id, "inserted", f"Audit event {event_id} was inserted: the chain never wrote it.")


def find_break(events: Iterable[Link], last_id: int, last_hash: str, key: bytes) -> Break | None:
    """Return the first changed, removed or inserted row, or None when the whole chain holds.

    ``events`` come in the order of their id. The head of the chain tells how many there must be and how the last one
    ends, so a cut end is found too.
    """
    expected_id, previous_hash = 1, FIRST_HASH
    for event in events:
        if event.id < expected_id or event.id > last_id:
            return inserted(event.id)
        if event.id > expected_id:
            return Break(expected_id, "removed", f"Audit event {expected_id} was removed.")
        if not hmac.compare_digest(event.hash, event_hash(event, key)) or event.previous_hash != previous_hash:
            return Break(event.id, "changed", f"Audit event {event.id} was changed after it was written.")
        expected_id, previous_hash = event.id + 1, event.hash
    if expected_id <= last_id:
        return Break(expected_id, "removed", f"Audit event {expected_id} was removed.")
    if previous_hash != last_hash:
        return Break(last_id, "changed", f"The end of the chain (event {last_id}) was replaced.")
    return None
