"""How to get by with a known error until it is mended: the passage of the article that says so."""

import re
from collections.abc import Iterable

import sqlalchemy as sa
from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy.orm import contains_eager, undefer

from knowledge.enums import ArticleType
from knowledge.models import Article, ArticleVersion
from knowledge.permissions import Reader, visible_to
from portal.core.db import db
from portal.core.settings import LOCALES
from portal.core.texts import gettext

_NEXT_HEADING = re.compile(r"<h[12][ >]")


def list_workarounds(article_ids: Iterable[int], reader: Reader) -> dict[int, Markup]:
    """Return the workaround of each known error that a reader may read, as safe HTML; empty where none is named."""
    ids = sorted(set(article_ids))
    query = (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(
            Article.id.in_(ids),
            Article.type == ArticleType.KNOWN_ERROR,
            ArticleVersion.number == Article.published_number,
            visible_to(reader),
        )
        .options(contains_eager(ArticleVersion.article), undefer(ArticleVersion.body_html))
    )
    return {version.article_id: _workaround(version) for version in db.session.scalars(query)} if ids else {}


def _workaround(version: ArticleVersion) -> Markup:
    """Return what stands under the heading that new known errors are begun with, in any of our languages."""
    names = {"workaround"}
    for locale in LOCALES:
        with force_locale(locale):
            names.add(gettext("Workaround").casefold())
    entry = next((item for item in version.toc if item["text"].strip().casefold() in names), None)
    if entry is None:
        return Markup("")
    found = re.search(rf'<h[1-6] id="{re.escape(entry["id"])}".*?</h[1-6]>', version.body_html, re.DOTALL)
    if found is None:
        return Markup("")
    rest = version.body_html[found.end() :]
    end = _NEXT_HEADING.search(rest)
    return Markup((rest[: end.start()] if end else rest).strip())  # noqa: S704 (made by our renderer, sanitised)
