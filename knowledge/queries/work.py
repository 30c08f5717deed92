"""Articles and versions for those who work on them."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload, undefer

from knowledge.enums import OPEN_REQUESTS, READABLE_STATES, ArticleState
from knowledge.models import (
    Article,
    ArticleFile,
    ArticleLink,
    ArticleService,
    ArticleVersion,
    ChangeRequest,
    ChangeRequestItem,
    Section,
)
from knowledge.permissions import workable_by
from portal.core.db import db, lock_rows
from portal.core.web.paging import Page, paginate
from portal.directory.api import Service, Team, User, list_roles


def get_for_work(article_id: int, user: User, *, for_change: bool = False) -> Article:
    """Return an article somebody works on, published or not, else answer 404.

    ``for_change`` locks it until the end of the transaction, so that of two who save at once the second sees the
    first one's version.
    """
    if for_change:
        return list_for_work([article_id], user)[0]
    article = db.session.scalars(_for_work(user).where(Article.id == article_id)).first()
    if article is None:
        abort(404)
    return article


def list_for_work(article_ids: Collection[int], user: User) -> list[Article]:
    """Return several articles somebody works on, locked and in the order asked for, else answer 404."""
    lock_articles(article_ids)
    query = _for_work(user).where(Article.id.in_(article_ids)).with_for_update(of=Article)
    found = {item.id: item for item in db.session.scalars(query.execution_options(populate_existing=True))}
    if found.keys() != set(article_ids):
        abort(404)
    return [found[number] for number in article_ids]


def lock_articles(article_ids: Collection[int]) -> None:
    """Lock articles, with those in the same open change request, until the end of the transaction.

    Everybody locks them in one order, so that two people never wait for each other.
    """
    own, other = aliased(ChangeRequestItem), aliased(ChangeRequestItem)
    together = (
        sa.select(other.article_id)
        .join(ChangeRequest, ChangeRequest.id == other.change_request_id)
        .join(own, own.change_request_id == ChangeRequest.id)
        .where(own.article_id.in_(article_ids), ChangeRequest.state.in_(OPEN_REQUESTS))
    )
    wanted = sa.or_(Article.id.in_(article_ids), Article.id.in_(together))
    lock_rows(sa.select(Article.id).where(wanted).order_by(Article.id))


def _for_work(user: User) -> sa.Select[Article]:
    return (
        sa.select(Article)
        .where(workable_by(user))
        .options(
            joinedload(Article.section),
            joinedload(Article.owner_team),
            joinedload(Article.owner),
            joinedload(Article.quality),
        )
    )


def get_version(article: Article, number: int) -> ArticleVersion:
    """Return a version with its text and page, or answer 404."""
    query = (
        sa.select(ArticleVersion)
        .where(ArticleVersion.article_id == article.id, ArticleVersion.number == number)
        .options(
            undefer(ArticleVersion.body_markdown),
            undefer(ArticleVersion.body_html),
            joinedload(ArticleVersion.author),
        )
    )
    version = db.session.scalars(query).first()
    if version is None:
        abort(404)
    return version


def page_of_versions(article: Article) -> Page[ArticleVersion]:
    """Return the versions, the newest first, without their texts."""
    query = sa.select(ArticleVersion).where(ArticleVersion.article_id == article.id)
    return paginate(query.options(joinedload(ArticleVersion.author)).order_by(ArticleVersion.number.desc()))


def list_files(article: Article) -> Sequence[ArticleFile]:
    query = (
        sa.select(ArticleFile)
        .where(ArticleFile.article_id == article.id, ArticleFile.is_current)
        .options(joinedload(ArticleFile.file))
        .order_by(ArticleFile.reference)
    )
    return db.session.scalars(query).all()


def section_choices() -> list[tuple[int, str]]:
    """Return every section with its path, in the order of the tree; one query."""
    rows = db.session.execute(
        sa.select(Section.id, Section.parent_id, Section.name).order_by(Section.position, Section.name)
    )
    children: dict[int | None, list[tuple[int, str]]] = {}
    for section_id, parent_id, name in rows:
        children.setdefault(parent_id, []).append((section_id, name))
    return list(_paths(children, None, ""))


def _paths(children: dict[int | None, list[tuple[int, str]]], parent: int | None, above: str) -> list[tuple[int, str]]:
    found = []
    for section_id, name in children.get(parent, []):
        path = f"{above} / {name}" if above else name
        found.append((section_id, path))
        found += _paths(children, section_id, path)
    return found


def service_choices() -> list[tuple[str, str]]:
    query = sa.select(Service.key, Service.name).where(~Service.is_retired).order_by(Service.name)
    return [(key, name) for key, name in db.session.execute(query)]


def audience_choices() -> list[tuple[str, str]]:
    """Return the tokens of roles and teams with their names."""
    roles = [(role.key, role.shown_name) for role in list_roles() if not role.is_default]
    teams = db.session.execute(sa.select(Team.id, Team.name).where(Team.is_active).order_by(Team.name))
    return [(f"role:{key}", name) for key, name in roles] + [(f"team:{number}", name) for number, name in teams]


def list_linking(article: Article) -> Sequence[Article]:
    """Return the articles that link to this one, so that nobody retires what others need unawares."""
    query = (
        sa.select(Article)
        .where(Article.id.in_(sa.select(ArticleLink.article_id).where(ArticleLink.target_article_id == article.id)))
        .where(Article.id != article.id, Article.state != ArticleState.RETIRED)
        .order_by(Article.title)
        .limit(50)
    )
    return db.session.scalars(query).all()


def team_choices() -> list[tuple[int, str]]:
    query = sa.select(Team.id, Team.name).where(Team.is_active).order_by(Team.name)
    return [(number, name) for number, name in db.session.execute(query)]


def articles_by_service() -> dict[str, int]:
    """Return for the key of each service how many published articles are about it; one query."""
    query = (
        sa.select(Service.key, sa.func.count(Article.id))
        .join(ArticleService, ArticleService.service_id == Service.id)
        .join(Article, Article.id == ArticleService.article_id)
        .where(Article.state.in_(READABLE_STATES))
        .group_by(Service.key)
    )
    return dict(db.session.execute(query).all())
