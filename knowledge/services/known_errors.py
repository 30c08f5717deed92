"""How far a known error is: begun from its text, moved on by whoever answers for it."""

from flask_babel import gettext

from knowledge.enums import ArticleType, ErrorState, Event
from knowledge.errors import WrongState
from knowledge.extending import tell_observers
from knowledge.models import Article
from knowledge.queries.known_errors import has_workaround
from knowledge.services.subscribing import queue_resolved
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor, changes
from portal.core.db import db


def set_error_state(article: Article, *, actor: Actor | None, state: ErrorState, note: str) -> None:
    """Say how far a known error is; readers see it at once, and those who work on its tickets hear of it.

    Those who follow the article hear that it is resolved.

    Raises:
        WrongState: the article is no known error, or readers do not have it.
    """
    if article.type is not ArticleType.KNOWN_ERROR or not article.is_readable:
        raise WrongState(gettext("Only a published known error has a state to change."))
    note = " ".join(note.split())
    if (article.error_state, article.error_note) == (state, note):
        return
    resolved = state is ErrorState.RESOLVED and article.error_state is not state
    put_error_state(article, state, note)
    before, after = changes(article)
    audit.record(Event.ERROR_STATE_SET, article, actor=actor, before=before, after=after)
    db.session.flush()
    if resolved:
        queue_resolved(article, actor=actor)
    tell_observers(article, actor)


def put_error_state(article: Article, state: ErrorState | None, note: str = "") -> None:
    """Write the state without asking and without an event."""
    if article.error_state is not state:
        article.error_state_at = clock.now() if state else None
    article.error_state, article.error_note = state, note


def follow_text(article: Article, body: str) -> None:
    """Keep the state in step with what readers get: a new known error has one, and a workaround in the text shows.

    What somebody called mended stays so, and a workaround that was once there is not taken back by an edit.
    """
    if article.type is not ArticleType.KNOWN_ERROR:
        put_error_state(article, None)
    elif article.error_state in (None, ErrorState.OPEN):
        state = ErrorState.WORKAROUND if has_workaround(body) else ErrorState.OPEN
        put_error_state(article, state, article.error_note or "")
