"""What was read once and stays true.

Every change of state moves the audit trail on. Something read from the database is therefore kept together with the
position of the trail at which it was read, and given out only while the trail still stands there: nothing outlives a
change, on any node, and checking costs one small query a request. Daily work moves the trail all the time; facts go by
the position of the last event that was about one.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from flask import current_app, has_request_context, request

from portal.core.audit.services import Position, chain_position
from portal.core.db import has_written

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
MEMORIES = "portico_memories"
POSITION = "portico.trail_position"
MOST_KEPT = 2048
# Of single things that lists are made of, as the addresses of articles.
MOST_PIECES = 16_384
# What depends on the hour, as "two minutes ago" or the end of a planned time, must not grow old.
LONGEST_SECONDS = 60.0


class Memory:
    """A small least-recently-used store, one for each process."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[int, float, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, position: int) -> Any:
        """Return what is kept, None when there is nothing or the trail has moved on."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != position or monotonic() - kept[1] > LONGEST_SECONDS:
                return None
            self._kept.move_to_end(key)
            return kept[2]

    def put(self, key: Hashable, position: int, value: Any) -> None:
        with self._lock:
            self._kept[key] = (position, monotonic(), value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def remembered(read: Callable[[], Value], *key: Hashable, with_daily_work: bool = False) -> Value:
    """Return what ``read`` gives, from memory while nothing has changed since it was read for the same key.

    The value must be plain: no rows of the session, nothing that somebody may change. The key holds all it depends
    on besides stored data, as the reader's audience and the language. ``with_daily_work`` is for what depends on rows
    that are no facts (``Model.is_fact``), as tickets. A request that has changed something reads anew and adds nothing:
    what it has in hand may yet be rolled back.
    """
    if not has_request_context() or has_written():
        return read()
    memory, position = memory_of("facts", MOST_KEPT), position_of_request()
    stands = position.last if with_daily_work else position.facts
    value = memory.get(key, stands)
    if value is None:
        value = read()
        memory.put(key, stands, value)
    kept: Value = value
    return kept


def remembered_each(
    read: Callable[[Collection[Key]], Mapping[Key, Value]], wanted: Collection[Key], *key: Hashable
) -> dict[Key, Value]:
    """Return what ``read`` gives for those of the wanted things that it knows, in their order.

    As ``remembered``, for each by itself: only what is not in memory is read, all of it at once.
    """
    if not has_request_context() or has_written():
        found = read(wanted) if wanted else {}
        return {one: found[one] for one in wanted if one in found}
    memory, position = memory_of("pieces", MOST_PIECES), position_of_request().facts
    # Packed, because that there is nothing is worth remembering too.
    kept: dict[Key, tuple[Value, ...] | None] = {one: memory.get((*key, one), position) for one in wanted}
    if missing := [one for one, packed in kept.items() if packed is None]:
        found = read(missing)
        for one in missing:
            kept[one] = (found[one],) if one in found else ()
            memory.put((*key, one), position, kept[one])
    return {one: packed[0] for one, packed in kept.items() if packed}


def memory_of(name: str, most: int) -> Memory:
    """Return one of this application's stores."""
    memories: dict[str, Memory] = current_app.extensions.setdefault(MEMORIES, {})
    return memories.setdefault(name, Memory(most))


def note_position(position: Position) -> None:
    """Take over where the trail stands from whoever has just asked the database something else."""
    request.environ[POSITION] = position


def position_of_request() -> Position:
    """Return where the trail stood when this request first asked."""
    if POSITION not in request.environ:
        request.environ[POSITION] = chain_position()
    position: Position = request.environ[POSITION]
    return position
