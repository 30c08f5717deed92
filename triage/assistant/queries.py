from functools import cache

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from portal.core.db import db
from triage.assistant.models import Conversation


def get_conversation(token: str, user_id: int | None) -> Conversation:
    """Return a conversation by its token, or answer 404.

    One begun without signing in belongs to whoever holds its address; one of a signed-in person to that person.
    """
    asked = {"token": token, "user_id": user_id}
    conversation = db.session.scalars(_of_reader(), asked).unique().one_or_none()
    if conversation is None:
        abort(404)
    return conversation


@cache
def _of_reader() -> sa.Select[Conversation]:
    return (
        sa.select(Conversation)
        .where(
            Conversation.token == sa.bindparam("token"),
            sa.or_(Conversation.user_id.is_(None), Conversation.user_id == sa.bindparam("user_id")),
        )
        .options(joinedload(Conversation.articles))
    )
