"""A zip of Markdown files with front matter, pictures and attachments: the reverse of the import."""

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
import yaml
from sqlalchemy.orm import contains_eager, joinedload, selectinload, undefer

from knowledge.enums import ArticleType
from knowledge.importing.mapping import AS_SECTION
from knowledge.models import Article, ArticleFile, ArticleSource, ArticleVersion, Section
from knowledge.permissions import Reader, visible_to
from portal.core.db import db
from portal.core.files.services import path_of
from portal.directory.api import Team

_BATCH = 100
_TYPES = {
    ArticleType.HOW_TO: "how-to",
    ArticleType.TROUBLESHOOTING: "troubleshooting",
    ArticleType.KNOWN_ERROR: "known-error",
    ArticleType.FAQ: "faq",
    ArticleType.PROCEDURE: "procedure",
}
# The same content gives the same bytes, whenever it is exported.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def export_markdown(
    stream: BinaryIO,
    reader: Reader | None,
    *,
    section_ids: set[int] | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[int]:
    """Write the published articles a reader may see (None: all) to a zip; returns their ids.

    An article keeps the path it was imported from, so that links between articles stay right; articles of several
    imports lie in a folder of each. Memory is bounded by a batch of articles and one file. ``progress`` is told after
    each batch how many are written; it may end the transaction.
    """
    trails, teams = _trails(), dict(db.session.execute(sa.select(Team.id, Team.key)).all())
    held: list[int] = []
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        written: set[str] = set()
        for version, source in _published(reader, section_ids, lambda: progress and progress(len(held))):
            article = version.article
            path = _path(article, source, trails)
            front = _front_matter(article, version, trails[article.section_id], teams)
            head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1_000_000)
            _add(archive, path, f"---\n{head}---\n{version.body_markdown}".encode())
            for file in _files(article.id):
                place = posixpath.normpath(posixpath.join(posixpath.dirname(path), file.reference))
                if not place.startswith("../") and place not in written:
                    written.add(place)
                    _add(archive, place, Path(path_of(file.file)).read_bytes())
            held.append(article.id)
    return held


def exported_paths() -> dict[int, str]:
    """Return where each published article would lie in an export of all of them, by its id."""
    trails = _trails()
    query = (
        sa.select(Article, ArticleSource)
        .outerjoin(ArticleSource, ArticleSource.article_id == Article.id)
        .where(Article.published_number.is_not(None), Article.state != "retired")
    )
    return {article.id: _path(article, source, trails) for article, source in db.session.execute(query)}


def _published(
    reader: Reader | None, section_ids: set[int] | None, after_batch: Callable[[], object]
) -> Iterator[tuple[ArticleVersion, ArticleSource | None]]:
    query = (
        sa.select(ArticleVersion, ArticleSource)
        .join(ArticleVersion.article)
        .outerjoin(ArticleSource, ArticleSource.article_id == Article.id)
        .where(ArticleVersion.number == Article.published_number, Article.state != "retired")
        .options(
            undefer(ArticleVersion.body_markdown),
            contains_eager(ArticleVersion.article).options(
                joinedload(Article.owner), joinedload(Article.owner_team), selectinload(Article.tags)
            ),
        )
        .order_by(Article.id)
        .limit(_BATCH)
    )
    if reader is not None:
        query = query.where(visible_to(reader))
    if section_ids is not None:
        query = query.where(Article.section_id.in_(sorted(section_ids)))
    last = 0
    while rows := db.session.execute(query.where(Article.id > last)).all():
        for version, source in rows:
            yield version, source
        last = rows[-1][0].article_id
        for version, _ in rows:
            db.session.expunge(version)
        after_batch()


def _front_matter(article: Article, version: ArticleVersion, trail: list[str], teams: dict[int, str]) -> dict[str, Any]:
    front = {
        "title": version.title,
        "summary": version.summary,
        "type": _TYPES[version.type],
        "section": trail,
        "tags": list(version.tags),
        "services": list(version.services),
        "audience": [_named(token, teams) for token in version.audience] or [AS_SECTION],
        "language": version.language,
        "owner_team": article.owner_team.key if article.owner_team else None,
        "owner": article.owner.username if article.owner else None,
        "review_months": article.review_months,
        "reviewed_at": article.reviewed_at.date() if article.reviewed_at else None,
        "error_state": article.error_state.value if article.error_state else None,
        "error_note": article.error_note,
    }
    return {name: value for name, value in front.items() if value not in (None, "", [])}


def _named(token: str, teams: dict[int, str]) -> str:
    """Return a token that another portal understands too: a team by its key."""
    kind, _, name = token.partition(":")
    return f"team:{teams[int(name)]}" if kind == "team" and int(name) in teams else token


def _path(article: Article, source: ArticleSource | None, trails: dict[int, list[str]]) -> str:
    if source is not None:
        return f"{_safe(source.collection)}/{source.path}"
    folder = "/".join(_safe(name) for name in trails[article.section_id])
    return f"articles/{folder}/{article.slug}-{article.id}.md"


def _safe(name: str) -> str:
    return name.replace("/", "-").replace("\\", "-").strip(". ") or "section"


def _trails() -> dict[int, list[str]]:
    rows = {row.id: row for row in db.session.execute(sa.select(Section.id, Section.parent_id, Section.name))}
    trails = {}
    for section_id in rows:
        names: list[str] = []
        current: int | None = section_id
        while current is not None and len(names) < 20:
            names.insert(0, rows[current].name)
            current = rows[current].parent_id
        trails[section_id] = names
    return trails


def _files(article_id: int) -> list[ArticleFile]:
    query = sa.select(ArticleFile).where(
        ArticleFile.article_id == article_id, ArticleFile.is_published, ArticleFile.is_current
    )
    return list(db.session.scalars(query.options(joinedload(ArticleFile.file)).order_by(ArticleFile.reference)))


def _add(archive: zipfile.ZipFile, path: str, content: bytes) -> None:
    info = zipfile.ZipInfo(path, _MOMENT)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)
