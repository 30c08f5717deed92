"""What readers, lists and the index get of an article, kept in step with its published version."""

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.audience import is_token, narrowed
from knowledge.content import slugified
from knowledge.errors import NobodyMayRead, UnknownAudience
from knowledge.models import Article, ArticleAudience, ArticleVersion, SearchChange, Tag
from knowledge.services.known_errors import follow_text
from knowledge.tasks import index_changes
from portal.core.db import db
from portal.directory.api import Service


def show_version(article: Article, version: ArticleVersion) -> None:
    """Make the fields of a version those that lists, filters and rights see."""
    article.title, article.summary = version.title, version.summary
    article.type, article.language = version.type, version.language
    follow_text(article, version.body_markdown)
    article.slug = slugified(version.title)
    article.audience = list(version.audience)
    article.tags = _tags(version.tags)
    article.services = _services(version.services)
    apply_audience(article)


def apply_audience(article: Article) -> None:
    """Write the tokens that open the article: its own within those of the section.

    Raises:
        UnknownAudience, NobodyMayRead: with a sentence that says what to choose.
    """
    refuse_wrong_audience(article.audience)
    within = article.section.tokens
    tokens = narrowed(article.audience, within) if article.audience else within
    if not tokens:
        raise NobodyMayRead(
            gettext(
                "Nobody could read “%(title)s”: the section “%(section)s” is for others. Choose an audience within it.",
                title=article.title,
                section=article.section.name,
            )
        )
    held = {item.token: item for item in article.audiences}
    for token in held.keys() - tokens:
        article.audiences.remove(held[token])
    for token in sorted(tokens - held.keys()):
        article.audiences.append(ArticleAudience(token=token))


def refuse_wrong_audience(audience: list[str] | tuple[str, ...]) -> None:
    for token in audience:
        if not is_token(token):
            raise UnknownAudience(gettext("“%(token)s” names no audience.", token=token))


def queue_search_change(article_id: int) -> None:
    """Tell the index, with the current transaction, to look at an article again."""
    db.session.add(SearchChange(article_id=article_id))
    index_changes.after_commit()


def _tags(names: list[str]) -> list[Tag]:
    wanted = {slugified(name)[:80]: name for name in names}
    known = {tag.slug: tag for tag in db.session.scalars(sa.select(Tag).where(Tag.slug.in_(wanted)))} if wanted else {}
    for slug in wanted.keys() - known.keys():
        known[slug] = Tag(slug=slug, name=wanted[slug])
        db.session.add(known[slug])
    return [known[slug] for slug in wanted]


def _services(keys: list[str]) -> list[Service]:
    return list(db.session.scalars(sa.select(Service).where(Service.key.in_(keys)))) if keys else []
