"""Who may: the rules for one article, and the same as a condition for queries."""

from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from knowledge.enums import READABLE_STATES, ArticleState, Permission
from knowledge.models import Article, ArticleAudience, ArticleVersion, SectionAudience
from knowledge.models.section import Section
from portal.directory.api import User


class Reader(Protocol):
    """Whoever reads, signed in or not."""

    @property
    def audience_tokens(self) -> frozenset[str]: ...


def opens(tokens: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that an article's audience has one of the tokens."""
    return (
        sa.select(sa.literal(1))
        .where(ArticleAudience.article_id == Article.id, ArticleAudience.token.in_(sorted(tokens)))
        .exists()
    )


def visible_to(reader: Reader) -> ColumnElement[bool]:
    """Return the condition that a reader gets the article: it is published and meant for them."""
    return sa.and_(Article.state.in_(READABLE_STATES), opens(reader.audience_tokens))


def section_visible_to(reader: Reader) -> ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .where(SectionAudience.section_id == Section.id, SectionAudience.token.in_(sorted(reader.audience_tokens)))
        .exists()
    )


def workable_by(user: User) -> ColumnElement[bool]:
    """Return the condition that somebody sees the article at work: drafts, versions, reviews.

    Whoever writes or reviews for the owner team does when the article is also meant for them; its owner, whoever
    wrote in it, and those who may publish for the team always do.
    """
    if user.teams_where(Permission.ARTICLE_PUBLISH) is None:
        # Spares the database a look at the versions of every article.
        return sa.true()
    mine = sa.or_(
        _is(Article.owner_id, user.id),
        _is(Article.created_by_id, user.id),
        sa.select(sa.literal(1))
        .where(ArticleVersion.article_id == Article.id, ArticleVersion.author_id == user.id)
        .exists(),
    )
    helping = (Permission.ARTICLE_WRITE, Permission.ARTICLE_REVIEW, Permission.ARTICLE_PUBLISH_EMERGENCY)
    helps = sa.or_(*(_held_for(user, permission) for permission in helping))
    return sa.or_(
        sa.and_(mine, _held_anywhere(user)),
        _held_for(user, Permission.ARTICLE_PUBLISH),
        sa.and_(helps, opens(user.audience_tokens)),
    )


def works_on_knowledge(user: User) -> bool:
    return any(
        user.can(item) for item in (Permission.ARTICLE_WRITE, Permission.ARTICLE_REVIEW, Permission.ARTICLE_PUBLISH)
    )


def can_edit(user: User, article: Article) -> bool:
    """Whether somebody may write a new version; a restricted article is for those who may publish it."""
    if article.state is ArticleState.RETIRED:
        return False
    if can_publish(user, article):
        return True
    return not article.is_restricted and user.can(Permission.ARTICLE_WRITE, team_id=article.owner_team_id)


def can_publish(user: User, article: Article) -> bool:
    return user.can(Permission.ARTICLE_PUBLISH, team_id=article.owner_team_id)


def can_tell_apart(user: User, one: Article, other: Article) -> bool:
    """Whether somebody may say that two articles are not the same: they answer for one of the two."""
    return can_publish(user, one) or can_publish(user, other)


def can_manage(user: User, section: Section) -> bool:
    """Whether somebody may change a section and its policy: they hold the right for its owner team."""
    return user.can(Permission.SECTION_MANAGE, team_id=section.owner_team_id)


def _is(column: InstrumentedAttribute[int | None], value: int) -> ColumnElement[bool]:
    """Return a comparison that is false, and not unknown, for NULL: "not unknown" would open what should be hidden."""
    return sa.and_(column.is_not(None), column == value)


def _held_anywhere(user: User) -> ColumnElement[bool]:
    return sa.true() if works_on_knowledge(user) else sa.false()


def _held_for(user: User, permission: Permission) -> ColumnElement[bool]:
    teams = user.teams_where(permission)
    if teams is None:
        return sa.true()
    return (
        sa.and_(Article.owner_team_id.is_not(None), Article.owner_team_id.in_(sorted(teams))) if teams else sa.false()
    )
