"""Writing, publishing and retiring articles."""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.content import ArticleContent
from knowledge.enums import ArticleState, Event, WorkState
from knowledge.errors import NothingChanged, TitleMissing, WrongState
from knowledge.extending import tell_observers
from knowledge.models import Article, ArticleFile, ArticleVersion, Section
from knowledge.rendering.document import Rendered, render
from knowledge.services.addresses import ArticleAddresses, addresses_of, bind_and_note
from knowledge.services.checking import recheck_articles
from knowledge.services.live import queue_search_change, refuse_wrong_audience, show_version
from knowledge.services.review_periods import next_review, review_months
from knowledge.services.subscribing import queue_news
from knowledge.services.withdrawing import carry_into_request
from knowledge.tasks import check_unchecked, compare_draft
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor, changes
from portal.core.db import db
from portal.directory.api import Team, User


def create_article(
    content: ArticleContent,
    *,
    section: Section,
    actor: Actor | None,
    owner_team: Team | None = None,
    owner: User | None = None,
    review_months: int | None = None,
    reason: str = "",
    files: Sequence[tuple[int, str]] = (),
) -> Article:
    """Make an article with its first version, as a draft; by default the section's team owns it.

    ``files`` are those that its text shows already: id and name in the text.

    Raises:
        TitleMissing, BodyRefused, NobodyMayRead, UnknownAudience: with a sentence for the author.
    """
    content = content.tidied()
    _refuse_without_title(content)
    article = Article(
        section=section,
        type=content.type,
        slug="",
        title=content.title,
        owner_team=owner_team or section.owner_team,
        owner=owner,
        created_by_id=actor.id if actor else None,
        review_months=review_months,
        is_restricted=section.is_restricted,
    )
    db.session.add(article)
    if files:
        db.session.flush()
        db.session.add_all(
            ArticleFile(article_id=article.id, file_id=file_id, reference=name) for file_id, name in files
        )
    add_version(article, content, actor=actor, reason=reason)
    audit.record(
        Event.ARTICLE_CREATED,
        article,
        actor=actor,
        after={"title": article.title, "section_id": section.id, "audience": list(content.audience)},
        reason=reason,
    )
    return article


def save_version(
    article: Article, content: ArticleContent, *, actor: Actor | None, reason: str = "", based_on: int | None = None
) -> ArticleVersion:
    """Add a version to an article; readers keep what is published until the new one is published.

    Raises:
        NothingChanged: it says the same as the newest version.
        WrongState: the article is retired.
    """
    content = content.tidied()
    _refuse_without_title(content)
    if article.state is ArticleState.RETIRED:
        raise WrongState(gettext("This article is retired. Bring it back before you change it."))
    newest = newest_version(article)
    if newest.digest == content.digest():
        raise NothingChanged(gettext("Nothing was changed, so no new version was made."))
    version = add_version(article, content, actor=actor, reason=reason, based_on=based_on)
    audit.record(
        Event.ARTICLE_CHANGED,
        article,
        actor=actor,
        before={"version": newest.number, "digest": newest.digest},
        after={"version": version.number, "digest": version.digest},
        reason=reason,
    )
    carry_into_request(version, actor=actor)
    db.session.flush()
    return version


def publish_version(
    version: ArticleVersion, *, actor: Actor | None, reason: str = "", reviewed_at: datetime | None = None
) -> None:
    """Let readers see a version from now on. Publishing counts as a review and starts the next review period.

    Raises:
        WrongState: a newer version is already published, or the article is retired.
    """
    article = version.article
    if article.state is ArticleState.RETIRED:
        raise WrongState(gettext("This article is retired. Bring it back before you publish it."))
    if article.published_number is not None and version.number <= article.published_number:
        raise WrongState(gettext("Version %(number)d or a newer one is already published.", number=version.number))
    make_live(version, reviewed_at=reviewed_at, actor=actor)
    before, after = changes(article)
    audit.record(
        Event.ARTICLE_PUBLISHED,
        article,
        actor=actor,
        before={name: before[name] for name in before if name in _TOLD},
        after={name: after[name] for name in after if name in _TOLD},
        reason=reason,
    )
    queue_news(version, actor=actor)
    db.session.flush()
    tell_observers(article, actor)


def retire_article(article: Article, *, actor: Actor | None, reason: str, successor: Article | None = None) -> None:
    """Take an article from readers for good; its address leads to the successor, if it has one.

    Raises:
        WrongState: it is retired already, or the successors would lead in a circle.
    """
    if article.state is ArticleState.RETIRED:
        raise WrongState(gettext("This article is already retired."))
    _refuse_circle(article, successor)
    article.state, article.retired_at, article.successor = ArticleState.RETIRED, clock.now(), successor
    article.successor_id = successor.id if successor else None
    article.work_state = WorkState.NONE
    before, after = changes(article)
    audit.record(Event.ARTICLE_RETIRED, article, actor=actor, before=before, after=after, reason=reason)
    queue_search_change(article.id)
    db.session.flush()
    tell_observers(article, actor)


def revive_article(article: Article, *, actor: Actor | None, reason: str) -> None:
    """Bring a retired article back as it was: published when it had been, else a draft.

    Raises:
        WrongState: it is not retired.
    """
    if article.state is not ArticleState.RETIRED:
        raise WrongState(gettext("This article is not retired."))
    article.state = ArticleState.PUBLISHED if article.published_number else ArticleState.DRAFT
    article.work_state = WorkState.NONE if article.published_number == article.latest_number else WorkState.DRAFT
    article.retired_at, article.successor, article.successor_id = None, None, None
    before, after = changes(article)
    audit.record(Event.ARTICLE_REVIVED, article, actor=actor, before=before, after=after, reason=reason)
    queue_search_change(article.id)
    db.session.flush()


def add_version(
    article: Article,
    content: ArticleContent,
    *,
    actor: Actor | None,
    reason: str = "",
    based_on: int | None = None,
    rendered: Rendered | None = None,
    addresses_for: Callable[[Article], ArticleAddresses] = addresses_of,
    is_checked_now: bool = True,
) -> ArticleVersion:
    """Append a version without asking whether it may be; renders it unless the caller has done so.

    Whoever saves thousands leaves the automatic checks to the worker (``is_checked_now``). ``content`` is tidied. An article that was never published shows the fields of its newest version.
    """
    refuse_wrong_audience(content.audience)
    rendered = rendered or render(content.body, title=content.title, language=content.language)
    article.latest_number = (article.latest_number or 0) + 1
    article.work_state = WorkState.DRAFT
    version = ArticleVersion(
        article=article,
        number=article.latest_number,
        title=content.title,
        summary=content.summary,
        body_markdown=content.body,
        toc=rendered.toc,
        type=content.type,
        language=content.language,
        tags=list(content.tags),
        services=list(content.services),
        audience=list(content.audience),
        author_id=actor.id if actor else None,
        reason=reason,
        digest=content.digest(),
        based_on=based_on,
        body_html="",
    )
    if article.published_number is None:
        show_version(article, version)
    db.session.add(version)
    # The addresses of pictures contain the article's number.
    db.session.flush()
    version.body_html = bind_and_note(rendered, addresses_for(article), is_new=version.number == 1)
    db.session.flush()
    if is_checked_now:
        recheck_articles([version.article_id])
        compare_draft.after_commit(article.id)
    else:
        check_unchecked.after_commit()
    return version


def make_live(version: ArticleVersion, *, actor: Actor | None, reviewed_at: datetime | None = None) -> None:
    """Make a version the published one, without asking and without an event."""
    article, now = version.article, clock.now()
    if article.published_number is not None or version.number != article.latest_number:
        show_version(article, version)
    article.published_number = version.number
    article.published_at = version.published_at = article.content_updated_at = now
    article.state, article.expired_at, article.review_stage = ArticleState.PUBLISHED, None, 0
    article.work_state = WorkState.NONE if version.number == article.latest_number else WorkState.DRAFT
    article.reviewed_at, article.reviewed_by_id = reviewed_at or now, actor.id if actor else None
    article.review_due_at = next_review(article.reviewed_at, review_months(article))
    db.session.execute(
        sa.update(ArticleFile)
        .where(ArticleFile.article_id == article.id)
        .values(is_published=ArticleFile.is_current)
        .execution_options(synchronize_session=False)
    )
    queue_search_change(article.id)


def newest_version(article: Article) -> ArticleVersion:
    query = sa.select(ArticleVersion).where(
        ArticleVersion.article_id == article.id, ArticleVersion.number == article.latest_number
    )
    return db.session.scalars(query).one()


_TOLD = {"state", "published_number", "title", "audience", "review_due_at"}


def _refuse_without_title(content: ArticleContent) -> None:
    if not content.title:
        raise TitleMissing(gettext("The article has no title. Give it one that says what it solves."))


def _hold(successor: Article) -> None:
    """Keep the successor as it is until the end: of two articles that are retired into each other at once, one stays.

    Waiting for whoever changes it could mean that both wait for each other.
    """
    query = sa.select(Article.id).where(Article.id == successor.id).with_for_update(skip_locked=True)
    if db.session.scalar(query) is None:
        raise WrongState(
            gettext("Somebody is changing the successor at this moment. Send it again in a moment."), field="successor"
        )
    db.session.refresh(successor, ["state", "successor_id"])


def _refuse_circle(article: Article, successor: Article | None) -> None:
    if successor is not None and successor.id != article.id:
        _hold(successor)
    seen = {article.id}
    while successor is not None:
        if successor.id in seen:
            raise WrongState(gettext("The successor leads back to this article. Choose another one."))
        seen.add(successor.id)
        successor = successor.successor
