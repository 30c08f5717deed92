"""Writing and verifying the trail.

``record`` only remembers the event; the row is chained and inserted as the last act before the commit. The lock on
the end of the chain is therefore held for the shortest time, and no change can be committed without its event.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from time import perf_counter
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import InstanceState, Session, SessionTransaction
from sqlalchemy.orm.base import NO_VALUE

from portal.core import clock
from portal.core.audit.chain import FIRST_HASH, Break, event_hash, find_break, inserted
from portal.core.audit.models import AuditEvent, AuditHead, AuditVerification
from portal.core.db import db, plain_insert
from portal.core.feature import reactions_to
from portal.core.origin import current_origin
from portal.core.settings import Settings

_PENDING = "audit_pending"
_VERIFY_BATCH = 2_000


class Actor(Protocol):
    """Whoever does something; the system itself is None."""

    @property
    def id(self) -> int: ...
    @property
    def username(self) -> str: ...


@dataclass
class _Pending:
    transaction: SessionTransaction | None
    action: str
    actor: Actor | None
    subject: Any
    label: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    is_fact: bool
    at: Any = field(default_factory=clock.now)


def record(
    action: StrEnum,
    subject: Any,
    *,
    actor: Actor | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    label: str | None = None,
    daily_work: bool | None = None,
) -> None:
    """Add an event about ``subject`` (a row of ours) to the trail, in the current transaction.

    ``before`` and ``after`` hold the fields that changed, as ``changes`` gives them. ``label`` names the subject for
    people; by default its ``str``. ``daily_work`` says that no fact has changed (``Model.is_fact``), by default what
    the subject's table says. Nothing is written when the transaction is rolled back. Features that react to the
    event do so at once, in the same transaction.
    """
    session = db.session
    if not session.in_transaction():
        # A transaction must exist for its rollback to take the event along.
        session.begin()
    pending = _Pending(
        transaction=session.get_nested_transaction() or session.get_transaction(),
        action=str(action),
        actor=actor,
        subject=subject,
        label=str(subject) if label is None else label,
        reason=reason,
        before=_plain(before),
        after=_plain(after),
        is_fact=getattr(subject, "is_fact", True) if daily_work is None else not daily_work,
    )
    session.info.setdefault(_PENDING, []).append(pending)
    for react in reactions_to(current_app, str(action)):
        react(subject, actor, after or {})


def changes(row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of ``row`` changed since it was loaded, as they were and as they are; call before a flush.

    What was set without having been loaded, as on an expired row, is asked of the database.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    state = sa.inspect(row)
    # Loading what is expired must not write the change first: it would then be no change any more.
    with db.session.no_autoflush:
        for column in state.mapper.column_attrs:
            history = state.attrs[column.key].load_history()
            if history.has_changes():
                before[column.key] = history.deleted[0] if history.deleted else NO_VALUE
                after[column.key] = history.added[0] if history.added else None
        stored = _stored(state, [key for key, value in before.items() if value is NO_VALUE])
    before |= stored
    for key in [key for key in stored if stored[key] == after[key]]:
        del before[key], after[key]
    return before, after


def _stored(state: InstanceState[Any], names: list[str]) -> dict[str, Any]:
    """Return what the database holds in these columns of a row; None for each where it has no such row yet."""
    mapper = state.mapper
    if not names or not state.persistent:
        return dict.fromkeys(names)
    key = zip(mapper.primary_key, state.identity or (), strict=True)
    query = sa.select(*(mapper.columns[name] for name in names)).where(*(column == value for column, value in key))
    return dict(zip(names, db.session.execute(query).one(), strict=True))


def verify(progress: Callable[[int, int], None] | None = None) -> tuple[int, Break | None]:
    """Check the whole chain. Returns how many events it has and the first break, or None when it holds.

    Others may go on writing meanwhile. ``progress`` is called now and then with the events checked and their number.
    """
    # One statement, so that head and end of the trail are seen at the same moment on every engine.
    head = db.session.execute(
        sa.select(
            AuditHead.last_id,
            AuditHead.last_hash,
            sa.select(sa.func.min(AuditEvent.id)).where(AuditEvent.id > AuditHead.last_id).scalar_subquery(),
        )
    ).one()
    query = (
        sa.select(AuditEvent.__table__)
        .where(AuditEvent.id <= head.last_id)
        .order_by(AuditEvent.id)
        .execution_options(yield_per=_VERIFY_BATCH)
    )
    rows = _counted(db.session.execute(query), head.last_id, progress)
    found = find_break(rows, head.last_id, head.last_hash, _key())
    if found is None and head[2] is not None:
        found = inserted(head[2])
    return head.last_id, found


def verify_and_remember(progress: Callable[[int, int], None] | None = None) -> AuditVerification:
    """Check the whole chain and keep what came of it, in the current transaction.

    The check itself runs before anything is written, so that nobody waits for it.
    """
    begin = perf_counter()
    events, found = verify(progress)
    result = AuditVerification(
        events=events,
        seconds=round(perf_counter() - begin, 3),
        broken_event_id=found.event_id if found else None,
        finding=found.sentence if found else "",
    )
    db.session.rollback()
    db.session.add(result)
    return result


class Position(NamedTuple):
    """Where the trail stands: ids of events, which move with the changes they tell of."""

    last: int
    """The last event: moves with every change of state anywhere."""
    facts: int
    """The last event about a fact: stands still while people only do their daily work."""


def chain_position() -> Position:
    # Asked by every page that is kept for visitors: the plain statement takes a third of the time of a built one.
    asked = "SELECT last_id, facts_id FROM audit_head WHERE id = 1"
    return Position(*db.session.connection().exec_driver_sql(asked).one())


def position_columns() -> tuple[sa.ScalarSelect[int], sa.ScalarSelect[int]]:
    """Return ``chain_position`` as columns for a statement that asks for something else."""
    last, facts = (sa.select(column).where(AuditHead.id == 1) for column in (AuditHead.last_id, AuditHead.facts_id))
    return last.scalar_subquery(), facts.scalar_subquery()


def init_session_events() -> None:
    """Chain pending events at each commit of a session; forget them on a rollback. Safe to call again."""
    for name, listener in (("before_commit", _append_pending), ("after_soft_rollback", _forget)):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def _counted(rows: Iterable[Any], total: int, progress: Callable[[int, int], None] | None) -> Iterator[Any]:
    for number, row in enumerate(rows, 1):
        if progress is not None and (number % _VERIFY_BATCH == 0 or number == total):
            progress(number, total)
        yield row


def _append_pending(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get(_PENDING):
        return
    session.flush()
    pending: list[_Pending] = session.info.pop(_PENDING)
    # Plain statements: the rows are final, nobody has them in hand, and every change of state passes here.
    last_id, last_hash, facts_id = session.execute(_head_locked()).one()
    links = []
    for item in pending:
        link = _link(item, last_id + 1, last_hash or FIRST_HASH)
        last_id, last_hash = link.id, link.hash
        facts_id = link.id if item.is_fact else facts_id
        links.append(vars(link))
    session.execute(plain_insert(AuditEvent), links)
    session.execute(_head_moved(), {"id_now": last_id, "hash_now": last_hash, "facts_now": facts_id})


@cache
def _head_locked() -> sa.Select[int, str, int]:
    return sa.select(AuditHead.last_id, AuditHead.last_hash, AuditHead.facts_id).with_for_update()


@cache
def _head_moved() -> sa.Update:
    table = AuditHead.metadata.tables[AuditHead.__tablename__]
    now = {"last_id": "id_now", "last_hash": "hash_now", "facts_id": "facts_now"}
    return sa.update(table).values({column: sa.bindparam(name) for column, name in now.items()})


def _link(item: _Pending, number: int, previous_hash: str) -> SimpleNamespace:
    """The columns of an event as the next link of the chain."""
    origin = current_origin()
    link = SimpleNamespace(
        id=number,
        at=item.at,
        actor_id=item.actor.id if item.actor else None,
        actor_name=item.actor.username if item.actor else "system",
        action=item.action,
        subject_type=getattr(item.subject, "__tablename__", type(item.subject).__name__),
        subject_id=str(getattr(item.subject, "id", "")),
        subject_label=item.label,
        reason=item.reason,
        before=item.before,
        after=item.after,
        address=origin.address,
        request_id=origin.request_id,
        previous_hash=previous_hash,
    )
    link.hash = event_hash(link, _key())
    return link


def _forget(session: Session, transaction: SessionTransaction) -> None:
    pending: list[_Pending] = session.info.get(_PENDING, [])
    if transaction.nested:
        session.info[_PENDING] = [item for item in pending if item.transaction is not transaction]
    else:
        session.info.pop(_PENDING, None)


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    """Return what JSON keeps exactly, so that the hash is the same when the row is read again."""
    match value:
        case None | bool() | int():
            return value
        case StrEnum():
            return value.value
        case str():
            return value
        case list() | tuple() | set() | frozenset():
            items = [_plain_value(item) for item in value]
            return sorted(items, key=str) if isinstance(value, set | frozenset) else items
        case dict():
            return {str(name): _plain_value(item) for name, item in value.items()}
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _key() -> bytes:
    settings: Settings = current_app.extensions["portico_settings"]
    return settings.audit_key.get_secret_value().encode()
