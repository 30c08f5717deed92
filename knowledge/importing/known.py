"""What the portal already knows of a collection, looked up once for a whole import."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from knowledge.models import Article, ArticleSource, Section
from knowledge.services.addresses import article_path
from knowledge.services.sections import ensure_section
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.directory.api import Service, Team, User

if TYPE_CHECKING:
    from knowledge.importing.writing import Draft


@dataclass(frozen=True)
class Source:
    """An imported file as the last run left it."""

    path: str
    article_id: int
    digest: str
    content_digest: str
    version_number: int
    latest_number: int
    is_retired: bool


@dataclass
class Known:
    """Sources, addresses and names. Ids, not rows, so that a batch can forget its rows."""

    collection: str
    # All files of this run.
    present: set[str]
    sources: dict[str, Source]
    # Digest of title and text -> path that has it.
    texts: dict[str, str]
    # Path -> address of its article.
    addresses: dict[str, str]
    teams: dict[str, int]
    people: dict[str, int]
    services: dict[str, str]
    _sections: dict[tuple[str, ...], int] = field(default_factory=dict)
    _section_rows: dict[tuple[str, ...], Section] = field(default_factory=dict)

    @classmethod
    def of(cls, collection: str, present: set[str]) -> "Known":
        rows = db.session.execute(
            sa.select(ArticleSource, Article.slug, Article.latest_number, Article.state)
            .join(Article, Article.id == ArticleSource.article_id)
            .where(ArticleSource.collection == collection)
        ).all()
        sources = {
            row.path: Source(
                row.path, row.article_id, row.digest, row.content_digest, row.version_number, latest, state == "retired"
            )
            for row, _, latest, state in rows
        }
        services = {}
        for key, name in db.session.execute(sa.select(Service.key, Service.name)):
            services[key.lower()] = services[name.lower()] = key
        known = cls(
            collection=collection,
            present=present,
            sources=sources,
            texts={source.content_digest: path for path, source in sources.items()},
            addresses={row.path: article_path(row.article_id, slug) for row, slug, _, _ in rows},
            teams=_ids(Team.key, Team.id),
            people=_ids(User.username, User.id),
            services=services,
        )
        db.session.rollback()
        db.session.expunge_all()
        return known

    def gone(self) -> set[str]:
        return self.sources.keys() - self.present

    def remember_text(self, draft: "Draft") -> None:
        self.texts[draft.content_digest] = draft.file.path

    def section(self, path: tuple[str, ...], *, actor: Actor | None) -> Section:
        """Return the section of a path, made when it is missing; to be called while writing."""
        if path in self._section_rows:
            return self._section_rows[path]
        section = db.session.get(Section, self._sections[path]) if path in self._sections else None
        if section is None:
            section = ensure_section(path, actor=actor)
        self._sections[path] = section.id
        self._section_rows[path] = section
        return section

    def forget_rows(self) -> None:
        self._section_rows.clear()


def _ids(name: sa.orm.InstrumentedAttribute[str], number: sa.orm.InstrumentedAttribute[int]) -> dict[str, int]:
    return dict(db.session.execute(sa.select(name, number)).all())
