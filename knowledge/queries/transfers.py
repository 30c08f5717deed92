"""Transfers for the one who asked for them."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from flask import abort

from knowledge.enums import TransferKind
from knowledge.models import Transfer
from portal.core.db import db
from portal.directory.api import User

_SHOWN = 10


def get_transfer(transfer_id: int, user: User, *kinds: TransferKind, for_change: bool = False) -> Transfer:
    """Return a transfer somebody asked for, else answer 404: what it holds is what this person may read."""
    query = sa.select(Transfer).where(Transfer.id == transfer_id, Transfer.asked_by_id == user.id)
    if kinds:
        query = query.where(Transfer.kind.in_(kinds))
    if for_change:
        query = query.with_for_update().execution_options(populate_existing=True)
    transfer = db.session.scalars(query).first()
    if transfer is None:
        abort(404)
    return transfer


def list_transfers(user: User, kinds: Collection[TransferKind]) -> Sequence[Transfer]:
    """Return what somebody asked for lately, the newest first."""
    query = sa.select(Transfer).where(Transfer.asked_by_id == user.id, Transfer.kind.in_(kinds))
    return db.session.scalars(query.order_by(Transfer.id.desc()).limit(_SHOWN)).all()
