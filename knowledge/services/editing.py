"""Editing by people: two at once lose nothing, old versions come back as new ones, files come along."""

from typing import BinaryIO

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import undefer

from knowledge.comparing.merging import Merge, merged
from knowledge.content import ArticleContent
from knowledge.enums import Event, Permission
from knowledge.errors import EditConflict, NothingChanged
from knowledge.models import Article, ArticleFile, ArticleVersion, Section
from knowledge.permissions import can_publish
from knowledge.queries.drafts import find_draft
from knowledge.services.articles import create_article, newest_version, save_version
from knowledge.services.drafting import end_draft, take_file
from knowledge.services.live import apply_audience, queue_search_change
from portal.core.audit import services as audit
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.directory.api import User


def write_article(content: ArticleContent, *, section: Section, actor: User, reason: str) -> Article:
    """Make the article somebody wrote, with the pictures of their draft, which ends.

    Raises:
        NotAllowed: they may not write in this section.
        And as ``create_article``.
    """
    if not actor.can(Permission.ARTICLE_WRITE, team_id=section.owner_team_id):
        raise NotAllowed(
            gettext("You may not write in the section “%(section)s”. Choose another one.", section=section.name)
        )
    draft = find_draft(actor, None)
    files = [(item.file_id, item.reference) for item in draft.files] if draft else []
    article = create_article(content, section=section, actor=actor, owner=actor, reason=reason, files=files)
    end_draft(None, actor=actor)
    return article


def edit_article(
    article: Article,
    content: ArticleContent,
    *,
    section: Section,
    actor: User,
    reason: str,
    based_on: int,
) -> ArticleVersion | None:
    """Save what somebody wrote who began with version ``based_on``; returns None when only the section changed.

    The caller has locked the article. Moving it to another section takes effect at once, because a section says who
    answers for it and who may read it.

    Raises:
        EditConflict: somebody saved a newer version meanwhile; nothing was saved, the error holds their version.
        NothingChanged: neither words, fields nor section changed.
        NotAllowed: somebody who may not publish would move what readers have to other readers.
    """
    if based_on != article.latest_number:
        raise EditConflict(
            gettext("Somebody else saved version %(number)d while you were writing.", number=article.latest_number),
            version=newest_version(article),
        )
    moved = _move(article, section, actor=actor)
    try:
        version = save_version(article, content, actor=actor, reason=reason, based_on=based_on)
    except NothingChanged:
        if not moved:
            raise
        version = None
    end_draft(article, actor=actor)
    return version


def propose_merge(article: Article, *, based_on: int, theirs: ArticleVersion, mine: str) -> Merge:
    """Return the text with the changes of both since version ``based_on``; it is mine alone when they touch the same lines."""
    base = find_version(article, based_on)
    if base is None:
        return Merge(mine, is_clean=False)
    return merged(base.body_markdown, theirs.body_markdown, ArticleContent("", mine).tidied().body)


def restore_version(version: ArticleVersion, *, actor: Actor | None) -> ArticleVersion:
    """Make an old version the newest again, as a new version.

    Raises:
        NothingChanged: the newest version already says the same.
    """
    reason = gettext("Version %(number)d restored", number=version.number)
    return save_version(version.article, ArticleContent.of(version), actor=actor, reason=reason)


def attach_file(
    article: Article, stream: BinaryIO, name: str, *, alternative_text: str, actor: Actor | None
) -> tuple[ArticleFile, str]:
    """Add a picture or attachment to an article; returns it with the Markdown that shows it.

    Raises:
        As ``take_file``.
    """
    stored, reference, markdown = take_file(stream, name, alternative_text=alternative_text, actor=actor)
    for older in db.session.scalars(_current(article, reference)):
        older.is_current = False
    file = ArticleFile(article_id=article.id, file=stored, reference=reference)
    db.session.add(file)
    db.session.flush()
    audit.record(Event.FILE_ATTACHED, article, actor=actor, after={"name": stored.name, "digest": stored.digest})
    return file, markdown


def find_version(article: Article, number: int) -> ArticleVersion | None:
    query = sa.select(ArticleVersion).where(ArticleVersion.article_id == article.id, ArticleVersion.number == number)
    return db.session.scalars(query.options(undefer(ArticleVersion.body_markdown))).first()


def _move(article: Article, section: Section, *, actor: User) -> bool:
    if article.section_id == section.id:
        return False
    if article.is_readable and not can_publish(actor, article):
        raise NotAllowed(gettext("Moving a published article takes effect at once. Ask somebody who may publish it."))
    before = {"section_id": article.section_id}
    article.section = section
    apply_audience(article)
    audit.record(Event.ARTICLE_MOVED, article, actor=actor, before=before, after={"section_id": section.id})
    queue_search_change(article.id)
    return True


def _current(article: Article, reference: str) -> sa.Select[ArticleFile]:
    return sa.select(ArticleFile).where(
        ArticleFile.article_id == article.id, ArticleFile.reference == reference, ArticleFile.is_current
    )
