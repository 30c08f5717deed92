"""What an author types is kept on the server until it is saved as a version or thrown away."""

from typing import Any, BinaryIO

from flask_babel import gettext

from knowledge.enums import Event
from knowledge.errors import AlternativeTextMissing
from knowledge.models import Article, ArticleDraft, DraftFile
from knowledge.queries.drafts import find_draft
from knowledge.rendering.document import refuse_too_large
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.files.models import StoredFile
from portal.core.files.services import store_file
from portal.directory.api import User


def keep_draft(article: Article | None, typed: dict[str, Any], *, actor: User, based_on: int | None) -> ArticleDraft:
    """Keep what somebody typed in place of what was kept before.

    Only the first time is an event: a line for every pause in typing would bury what matters in the trail, and saving
    the version is recorded anyway.

    Raises:
        BodyRefused: the text is larger than an article may be.
    """
    refuse_too_large(str(typed.get("body") or ""))
    draft = find_draft(actor, article)
    if draft is None:
        draft = ArticleDraft(author_id=actor.id, article_id=article.id if article else None)
        draft.typed = typed
        db.session.add(draft)
        audit.record(Event.DRAFT_BEGUN, draft, actor=actor, after={"article_id": draft.article_id})
    draft.typed, draft.based_on, draft.saved_at = typed, based_on, clock.now()
    db.session.flush()
    return draft


def discard_draft(draft: ArticleDraft, *, actor: User) -> None:
    """Throw away what was typed, with its pictures."""
    audit.record(Event.DRAFT_DISCARDED, draft, actor=actor, before={"article_id": draft.article_id})
    files = [item.file for item in draft.files]
    db.session.delete(draft)
    db.session.flush()
    for file in files:
        db.session.delete(file)
    db.session.flush()


def end_draft(article: Article | None, *, actor: User) -> None:
    """Forget what was typed for an article, because it was saved; the version is the record of it."""
    draft = find_draft(actor, article)
    if draft is not None:
        db.session.delete(draft)
        db.session.flush()


def attach_to_draft(
    draft: ArticleDraft, stream: BinaryIO, name: str, *, alternative_text: str, actor: User
) -> tuple[StoredFile, str]:
    """Add a picture or attachment to the draft of a new article; returns it with the Markdown that shows it.

    Raises:
        As ``take_file``.
    """
    stored, reference, markdown = take_file(stream, name, alternative_text=alternative_text, actor=actor)
    for older in [item for item in draft.files if item.reference == reference]:
        draft.files.remove(older)
    draft.files.append(DraftFile(file=stored, reference=reference))
    db.session.flush()
    audit.record(Event.FILE_ATTACHED, draft, actor=actor, after={"name": stored.name, "digest": stored.digest})
    return stored, markdown


def take_file(
    stream: BinaryIO, name: str, *, alternative_text: str, actor: Actor | None
) -> tuple[StoredFile, str, str]:
    """Store an upload; returns it with the name the text knows it by and the Markdown that shows it.

    Raises:
        FileRefused: it is empty, too large or of a kind that is not accepted.
        AlternativeTextMissing: a picture comes without words for those who cannot see it.
    """
    stored = store_file(stream, name, actor=actor)
    words = " ".join(alternative_text.split()).replace("[", "(").replace("]", ")")
    if stored.is_picture and not words:
        raise AlternativeTextMissing(gettext("Say in a few words what the picture shows."), field="alternative_text")
    reference = f"files/{stored.name}"
    address = reference.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    label = words or stored.name
    return stored, reference, f"![{label}]({address})" if stored.is_picture else f"[{label}]({address})"
