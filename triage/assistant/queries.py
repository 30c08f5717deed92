import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import selectinload

from portal.core.db import db
from triage.assistant.models import Conversation


def get_conversation(token: str, user_id: int | None) -> Conversation:
    """Return a conversation by its token, or answer 404.

    One begun without signing in belongs to whoever holds its address; one of a signed-in person to that person.
    """
    query = (
        sa.select(Conversation)
        .where(
            Conversation.token == token,
            sa.or_(Conversation.user_id.is_(None), Conversation.user_id == user_id),
        )
        .options(selectinload(Conversation.articles))
    )
    conversation = db.session.scalars(query).one_or_none()
    if conversation is None:
        abort(404)
    return conversation
