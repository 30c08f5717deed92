"""The register of known errors, and how to get by with one: the passage of the article that says so."""

import re
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy.orm import contains_eager, joinedload, selectinload, undefer
from sqlalchemy.sql.elements import ColumnElement

from knowledge.enums import ArticleType, ErrorState
from knowledge.models import Article, ArticleService, ArticleVersion
from knowledge.permissions import Reader, visible_to
from portal.core.db import db
from portal.core.settings import LOCALES
from portal.core.texts import gettext
from portal.core.web.paging import Page, paginate
from portal.directory.api import Service

# What the register can be narrowed to; the first is what a person with trouble looks for.
VIEWS: dict[str, tuple[ErrorState, ...]] = {
    "current": (ErrorState.OPEN, ErrorState.WORKAROUND),
    "open": (ErrorState.OPEN,),
    "workaround": (ErrorState.WORKAROUND,),
    "resolved": (ErrorState.RESOLVED,),
}
_NEXT_HEADING = re.compile(r"<h[12][ >]")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_ADDRESS = re.compile(r'(<h[1-6]) id="[^"]*"')


def page_of_known_errors(reader: Reader, *, view: str, service: str = "") -> Page[Article]:
    """Return the known errors a reader may see with the services they concern, what changed last first."""
    query = (
        sa.select(Article)
        .where(_in_register(reader, service), Article.error_state.in_(VIEWS[view]))
        .options(selectinload(Article.services), joinedload(Article.owner_team))
        .order_by(Article.error_state_at.desc(), Article.id.desc())
    )
    return paginate(query)


def count_known_errors(reader: Reader, *, service: str = "") -> dict[str, int]:
    """Count each view of the register for a reader; one query."""
    query = (
        sa.select(Article.error_state, sa.func.count())
        .where(_in_register(reader, service))
        .group_by(Article.error_state)
    )
    counts = dict(db.session.execute(query).all())
    return {name: sum(counts.get(state, 0) for state in states) for name, states in VIEWS.items()}


def list_affected_services(reader: Reader) -> Sequence[Service]:
    """Return the services with a known error that a reader may see; one query."""
    ids = (
        sa.select(ArticleService.service_id)
        .join(Article, Article.id == ArticleService.article_id)
        .where(_in_register(reader, ""))
    )
    return db.session.scalars(sa.select(Service).where(Service.id.in_(ids)).order_by(Service.name)).all()


def list_workarounds(article_ids: Iterable[int], reader: Reader) -> dict[int, Markup]:
    """Return the workaround of each known error that a reader may read, as safe HTML; empty where none is named."""
    ids = sorted(set(article_ids))
    query = (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(Article.id.in_(ids), _in_register(reader, ""), ArticleVersion.number == Article.published_number)
        .options(contains_eager(ArticleVersion.article), undefer(ArticleVersion.body_html))
    )
    return {version.article_id: _workaround(version) for version in db.session.scalars(query)} if ids else {}


def has_workaround(body: str) -> bool:
    """Whether a text says something under the heading that new known errors are begun with."""
    names = _names()
    headings = list(_HEADING.finditer(body))
    for place, heading in enumerate(headings):
        if heading[2].strip().casefold() in names:
            deeper = (next_one for next_one in headings[place + 1 :] if len(next_one[1]) <= len(heading[1]))
            end = next((next_one.start() for next_one in deeper), len(body))
            return bool(body[heading.end() : end].strip())
    return False


def _in_register(reader: Reader, service: str) -> ColumnElement[bool]:
    condition = sa.and_(Article.type == ArticleType.KNOWN_ERROR, visible_to(reader))
    if service:
        about = (
            sa.select(ArticleService.article_id)
            .join(Service, Service.id == ArticleService.service_id)
            .where(Service.key == service)
        )
        condition = sa.and_(condition, Article.id.in_(about))
    return condition


def _names() -> set[str]:
    """Return the heading in any of our languages."""
    names = {"workaround"}
    for locale in LOCALES:
        with force_locale(locale):
            names.add(gettext("Workaround").casefold())
    return names


def _workaround(version: ArticleVersion) -> Markup:
    names = _names()
    entry = next((item for item in version.toc if item["text"].strip().casefold() in names), None)
    if entry is None:
        return Markup("")
    found = re.search(rf'<h[1-6] id="{re.escape(entry["id"])}".*?</h[1-6]>', version.body_html, re.DOTALL)
    if found is None:
        return Markup("")
    rest = version.body_html[found.end() :]
    end = _NEXT_HEADING.search(rest)
    passage = (rest[: end.start()] if end else rest).strip()
    # Several passages stand on one page, and an address there is nobody's goal.
    return Markup(_ADDRESS.sub(r"\1", passage))  # noqa: S704 (made by our renderer, sanitised)
