"""Whose message it is: taking, keeping, giving back, and taking away from the dead."""

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Row

from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import DeliveryAttempt, OutboxMessage

BATCH = 100
CLAIM = timedelta(seconds=90)
# The server may take its time to answer the end of a message; nobody may call that message uncertain meanwhile.
HANDED_OVER_CLAIM = timedelta(minutes=15)

messages = cast(sa.Table, OutboxMessage.__table__)
_INSERT_ATTEMPT = sa.insert(cast(sa.Table, DeliveryAttempt.__table__))


def claim_batch(token: str) -> Sequence[Row[Any]]:
    """Take the next due messages for the holder of ``token`` and commit; returns their rows, the oldest due first."""
    now = clock.now()
    due = (
        sa.select(messages.c.id)
        .where(messages.c.state == MessageState.QUEUED, messages.c.next_attempt_at <= now)
        .order_by(messages.c.next_attempt_at, messages.c.id)
        .limit(BATCH)
    )
    # Most nudges find nothing; they must not make other writers wait.
    if not _any(due):
        return []
    with unit_of_work():
        ids = db.session.scalars(due.with_for_update(skip_locked=True)).all()
        taken = sa.update(messages).where(messages.c.id.in_(ids))
        db.session.execute(taken.values(state=MessageState.SENDING, claim_token=token, claimed_until=now + CLAIM))
        mine = sa.select(messages).where(messages.c.id.in_(ids))
        return db.session.execute(mine.order_by(messages.c.next_attempt_at, messages.c.id)).all()


def move(message_id: int, token: str, *, since: tuple[MessageState, ...], **values: Any) -> bool:
    """Change a message in the current transaction if the holder of ``token`` still has it; returns whether it did."""
    values = {"updated_at": clock.now(), **values}
    arguments = {"held_id": message_id, "held_token": token, **values}
    return _changed(_move_statement(since, tuple(values)), arguments) == 1


def note_attempt(message_id: int, outcome: str, detail: str = "") -> None:
    """Add an attempt to the message's history, in the current transaction."""
    row = {"message_id": message_id, "at": clock.now(), "outcome": outcome, "detail": detail[:2_000]}
    db.session.connection().execute(_INSERT_ATTEMPT, row)


@cache
def _move_statement(since: tuple[MessageState, ...], names: tuple[str, ...]) -> sa.Update:
    """Return the statement once for each shape: building it anew for every message would cost more than running it."""
    held = sa.and_(
        messages.c.id == sa.bindparam("held_id"),
        messages.c.claim_token == sa.bindparam("held_token"),
        sa.or_(*(messages.c.state == state for state in since)),
    )
    return sa.update(messages).where(held).values({name: sa.bindparam(name) for name in names})


def give_back(token: str, *, not_before: datetime | None = None) -> None:
    """Put what was claimed and not begun back into the queue and commit."""
    values: dict[str, Any] = {"state": MessageState.QUEUED, "claim_token": None, "claimed_until": None}
    if not_before is not None:
        values["next_attempt_at"] = not_before
    held = sa.and_(messages.c.claim_token == token, messages.c.state == MessageState.SENDING)
    with unit_of_work():
        db.session.execute(sa.update(messages).where(held).values(**values))


def extend(token: str) -> datetime:
    """Keep what is still claimed for longer and commit; returns until when."""
    until = clock.now() + CLAIM
    held = sa.and_(messages.c.claim_token == token, messages.c.state == MessageState.SENDING)
    with unit_of_work():
        db.session.execute(sa.update(messages).where(held).values(claimed_until=until))
    return until


def recover_abandoned() -> int:
    """Take back the messages of workers that are gone and commit; returns how many.

    Gone is a worker whose claim has ended, or a process of this machine that no longer exists.
    """
    open_states = (MessageState.SENDING, MessageState.HANDED_OVER)
    held = sa.select(messages.c.id, messages.c.state, messages.c.claim_token, messages.c.claimed_until).where(
        messages.c.state.in_(open_states)
    )
    if not _any(held):
        return 0
    with unit_of_work():
        rows = db.session.execute(held.with_for_update(skip_locked=True)).all()
        now = clock.now()
        gone = [
            row for row in rows if row.claimed_until is None or row.claimed_until < now or _is_dead(row.claim_token)
        ]
        unsent = [row.id for row in gone if row.state == MessageState.SENDING]
        unknown = [row.id for row in gone if row.state == MessageState.HANDED_OVER]
        back = {"state": MessageState.QUEUED, "claim_token": None, "claimed_until": None}
        db.session.execute(sa.update(messages).where(messages.c.id.in_(unsent)).values(**back))
        # The token stays: should the holder live after all, its answer still counts.
        db.session.execute(sa.update(messages).where(messages.c.id.in_(unknown)).values(state=MessageState.UNCERTAIN))
        for message_id in unknown:
            note_attempt(message_id, "uncertain", "The worker ended while the mail server was taking the message.")
    return len(gone)


def _any(query: sa.Select[Any]) -> bool:
    """Whether a query finds anything, asked without the place in the queue of writers."""
    found = db.session.execute(query.limit(1)).first()
    db.session.rollback()
    return found is not None


def new_token() -> str:
    """Return a name for a claim that tells which process of which machine holds it."""
    return f"{_machine()}.{os.getpid()}.{secrets.token_hex(5)}"


def _is_dead(token: str | None) -> bool:
    machine, _, rest = (token or "").partition(".")
    number = rest.partition(".")[0]
    return machine == _machine() and number.isdigit() and not Path(f"/proc/{number}").exists()


@cache
def _machine() -> str:
    """Return a short name of this machine, its boot and its space of process ids: containers have spaces of their own."""
    marks = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        place = Path(path)
        if place.exists():
            marks.append(str(place.readlink()) if place.is_symlink() else place.read_text())
    return blake2b("\n".join(marks).encode(), digest_size=5).hexdigest()


def _changed(statement: sa.Update, arguments: dict[str, Any]) -> int:
    return db.session.connection().execute(statement, arguments).rowcount
