"""Articles as files, made or taken in by the worker: asked for, watched, fetched, forgotten after some days."""

import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import sqlalchemy as sa
from flask import current_app

from knowledge.enums import TransferKind, TransferState
from knowledge.models import Transfer
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.jobs import stopping
from portal.directory.api import User

KEPT = timedelta(days=7)
# A worker at work says so every second or two; one silent for this long is gone.
SILENT_AFTER = timedelta(minutes=5)
MOST_ATTEMPTS = 3
_BEAT_SECONDS = 1.0


class Interrupted(Exception):
    """The worker is asked to stop; another one goes on."""


def ask_transfer(kind: TransferKind, *, label: str, options: dict[str, Any], actor: User) -> Transfer:
    """Put a transfer down for the worker, which begins when the current transaction has committed."""
    transfer = Transfer(kind=kind, asked_by_id=actor.id, label=label[:200], options=options)
    db.session.add(transfer)
    db.session.flush()
    # SQLite gives the number of a row that was rolled back again; what that one left behind is not this one's.
    shutil.rmtree(folder_of(transfer), ignore_errors=True)
    begin_after_commit(transfer)
    return transfer


def begin_after_commit(transfer: Transfer) -> None:
    # The job calls this module.
    from knowledge.tasks import run_transfer

    run_transfer.after_commit(transfer.id)


def claim_transfer(transfer_id: int) -> Transfer | None:
    """Take a transfer over when it waits or its worker has fallen silent; in the current transaction."""
    transfer = db.session.get(Transfer, transfer_id, with_for_update=True, populate_existing=True)
    if transfer is None or not (transfer.state is TransferState.WAITING or _is_abandoned(transfer)):
        return None
    transfer.state, transfer.beat_at, transfer.done = TransferState.RUNNING, clock.now(), 0
    transfer.attempts += 1
    return transfer


def give_back(transfer_id: int) -> None:
    """Let another worker go on with a transfer; stopping on purpose is no failed attempt."""
    _change(transfer_id, state=TransferState.WAITING, attempts=Transfer.attempts - 1)


def finish_transfer(transfer_id: int, result: dict[str, Any]) -> None:
    _change(transfer_id, state=TransferState.DONE, result=result, finished_at=clock.now())


def fail_transfer(transfer_id: int, sentence: str) -> None:
    _change(transfer_id, state=TransferState.FAILED, error=sentence, finished_at=clock.now())


def progress_of(transfer_id: int) -> Callable[[int, int], None]:
    """Return what tells those who watch how far it is, about once a second; it stops the work when the worker stops."""
    told = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if stopping.is_set():
            raise Interrupted
        if monotonic() - told >= _BEAT_SECONDS:
            told = monotonic()
            with unit_of_work():
                _change(transfer_id, done=done, total=total, beat_at=clock.now())

    return tell


def waiting_transfers() -> Sequence[int]:
    """Return the transfers no living worker is at."""
    silent = sa.and_(Transfer.state == TransferState.RUNNING, Transfer.beat_at < clock.now() - SILENT_AFTER)
    query = sa.select(Transfer.id).where(sa.or_(Transfer.state == TransferState.WAITING, silent))
    return db.session.scalars(query.order_by(Transfer.id)).all()


def forget_old_transfers() -> None:
    """Delete the transfers that are over and older than a week, with their files."""
    old = sa.select(Transfer).where(
        Transfer.created_at < clock.now() - KEPT, Transfer.state.in_((TransferState.DONE, TransferState.FAILED))
    )
    for transfer in db.session.scalars(old).all():
        shutil.rmtree(folder_of(transfer), ignore_errors=True)
        db.session.delete(transfer)
    named = {str(number) for number in db.session.scalars(sa.select(Transfer.id))}
    root = _root()
    for path in root.iterdir() if root.is_dir() else ():
        # Of a person who is gone, and of a request that was rolled back.
        if path.name not in named and path.stat().st_mtime < (clock.now() - timedelta(days=1)).timestamp():
            shutil.rmtree(path, ignore_errors=True)


def folder_of(transfer: Transfer) -> Path:
    """Return the folder of a transfer's files; it may not be there yet."""
    return _root() / str(transfer.id)


def _root() -> Path:
    root: Path = current_app.extensions["portico_settings"].data_dir
    return root / "transfers"


def _is_abandoned(transfer: Transfer) -> bool:
    return transfer.state is TransferState.RUNNING and transfer.beat_at < clock.now() - SILENT_AFTER


def _change(transfer_id: int, **values: Any) -> None:
    db.session.execute(sa.update(Transfer).where(Transfer.id == transfer_id).values(**values))
