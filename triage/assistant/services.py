"""The steps of a conversation. None commits."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.api import Outcome as ArticleOutcome
from knowledge.api import record_outcome, take_outcomes_over
from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.files.models import StoredFile
from portal.directory.api import Service, User
from triage.assistant.answers import Answer
from triage.assistant.enums import Event, Outcome
from triage.assistant.models import Conversation, ConversationArticle
from triage.classify.api import Suggestion
from triage.tickets.api import ArticleUse, Category, Impact, Ticket, TicketKind, Urgency, open_ticket

PACKET_VERSION = 1
SILENT_AFTER = timedelta(hours=24)
_TITLE_LENGTH = 90
_OUTCOMES = {ArticleUse.HELPED: ArticleOutcome.SOLVED, ArticleUse.REJECTED: ArticleOutcome.NOT_SOLVED}


class NothingAsked(Refused):
    """The text is empty."""


class NotOffered(Refused):
    """The article is not one of those offered in this conversation."""


def begin_conversation(text: str, answers: Sequence[Answer], *, user: User | None) -> Conversation:
    """Keep what somebody asks and what they are shown for it, so that nothing typed is lost on the way."""
    conversation = Conversation(token=secrets.token_urlsafe(24), user_id=user.id if user else None, text="")
    db.session.add(conversation)
    ask_again(conversation, text, answers)
    return conversation


def ask_again(conversation: Conversation, text: str, answers: Sequence[Answer]) -> None:
    """Replace the question; what was said about articles shown before stays."""
    text = text.strip()
    if not text:
        raise NothingAsked(gettext("Describe in a few words what happens."))
    if conversation.outcome is Outcome.HANDED_OVER:
        raise Refused(gettext("This has become a ticket. Write on the ticket instead."))
    conversation.text, conversation.outcome = text, Outcome.OPEN
    note_shown(conversation, answers)
    db.session.flush()


def note_shown(conversation: Conversation, answers: Sequence[Answer]) -> None:
    """Remember which articles were shown, and at which place."""
    known = {row.article_id for row in conversation.articles}
    for rank, answer in enumerate(answers, start=1):
        if answer.article_id not in known:
            conversation.articles.append(
                ConversationArticle(article_id=answer.article_id, rank=rank, use=ArticleUse.SHOWN)
            )


def judge_article(conversation: Conversation, article_id: int, use: ArticleUse, *, user: User | None) -> None:
    """Note what the person did with an article; that it helped is taken as solved, and only that.

    Raises:
        NotOffered: the article was not shown in this conversation.
    """
    row = next((row for row in conversation.articles if row.article_id == article_id), None)
    if row is None:
        raise NotOffered(gettext("This article is not one of the answers shown. Look at the current ones."))
    if use is ArticleUse.OPENED and row.use is not ArticleUse.SHOWN:
        return
    row.use = use
    if use in _OUTCOMES:
        record_outcome(article_id, _OUTCOMES[use], user=user, subject=conversation)
    if use is ArticleUse.HELPED and conversation.outcome is not Outcome.HANDED_OVER:
        conversation.outcome = Outcome.SOLVED
        record(Event.SOLVED, conversation, actor=user, after={"article_id": article_id}, label="")
    elif use is ArticleUse.REJECTED and conversation.outcome is Outcome.SOLVED:
        conversation.outcome = Outcome.OPEN
    db.session.flush()


def hand_over(
    conversation: Conversation,
    *,
    actor: User,
    title: str,
    description: str,
    kind: TicketKind,
    impact: Impact,
    urgency: Urgency,
    service: Service | None,
    category: Category | None,
    suggestion: Suggestion,
    answers: Iterable[Answer],
    requester: User | None = None,
    files: Iterable[StoredFile] = (),
) -> Ticket:
    """Make a ticket of a conversation, with everything that is known; a second call returns the first one's ticket.

    ``answers`` are the articles that were shown, as far as ``actor`` may still read them.
    """
    if any(row.use in _OUTCOMES for row in conversation.articles):
        take_outcomes_over(conversation, user=requester or actor)
    ticket = open_ticket(
        actor=actor,
        requester=requester,
        title=title,
        description=description,
        kind=kind,
        impact=impact,
        urgency=urgency,
        service=service,
        category=category,
        files=files,
        articles={row.article_id: row.use for row in conversation.articles},
        packet=_packet(conversation, suggestion, answers),
        form_token=conversation.token,
    )
    if conversation.ticket_id != ticket.id:
        conversation.user_id = actor.id
        conversation.ticket, conversation.outcome = ticket, Outcome.HANDED_OVER
        record(Event.HANDED_OVER, conversation, actor=actor, after={"ticket": ticket.number}, label="")
    db.session.flush()
    return ticket


def mark_abandoned() -> int:
    """Mark conversations nobody went on with as abandoned; returns how many."""
    statement = (
        sa.update(Conversation)
        .where(Conversation.outcome == Outcome.OPEN, Conversation.updated_at < clock.now() - SILENT_AFTER)
        .values(outcome=Outcome.ABANDONED)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]


def title_from(text: str) -> str:
    """Return the first sentence of a text, short enough for a title."""
    line = " ".join(text.strip().splitlines()[0].split()) if text.strip() else ""
    for stop in (". ", "? ", "! "):
        line = line.split(stop)[0]
    if len(line) <= _TITLE_LENGTH:
        return line.rstrip(".")
    return line[: _TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _packet(conversation: Conversation, suggestion: Suggestion, answers: Iterable[Answer]) -> dict[str, Any]:
    known = {answer.article_id: answer for answer in answers}
    return {
        "version": PACKET_VERSION,
        "text": conversation.text,
        "suggestion": suggestion.as_data() if suggestion.service or suggestion.category else None,
        "articles": [
            {"id": row.article_id, "use": row.use.value, "title": answer.title, "url": answer.url}
            for row in conversation.articles
            if (answer := known.get(row.article_id))
        ],
    }
