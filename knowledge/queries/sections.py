"""The tree of sections with numbers that count what the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload

from knowledge.models import Article, Section
from knowledge.permissions import Reader, can_manage, section_visible_to, visible_to
from knowledge.queries.work import section_choices
from portal.core.db import db
from portal.core.web.remembering import remembered
from portal.directory.api import User


@dataclass
class Branch:
    """A section with what lies beneath it, and how many articles the reader finds there in all."""

    section: Section
    own: int = 0
    total: int = 0
    children: list["Branch"] = field(default_factory=list)


def section_tree(reader: Reader) -> list[Branch]:
    """Return the sections in which the reader finds at least one article; two queries for any number."""
    query = sa.select(Section).where(section_visible_to(reader)).order_by(Section.position, sa.func.lower(Section.name))
    branches = {section.id: Branch(section) for section in db.session.scalars(query)}
    counts = sa.select(Article.section_id, sa.func.count()).where(visible_to(reader)).group_by(Article.section_id)
    for section_id, number in db.session.execute(counts):
        if section_id in branches:
            branches[section_id].own = number
    roots: list[Branch] = []
    for branch in branches.values():
        above = branches.get(branch.section.parent_id or 0)
        (above.children if above else roots).append(branch)
    return [branch for branch in roots if _count(branch)]


def _count(branch: Branch) -> int:
    branch.children = [child for child in branch.children if _count(child)]
    branch.total = branch.own + sum(child.total for child in branch.children)
    return branch.total


def find_branch(tree: Sequence[Branch], slug: str) -> Branch | None:
    for branch in tree:
        if branch.section.slug == slug:
            return branch
        if found := find_branch(branch.children, slug):
            return found
    return None


def get_section(slug: str, reader: Reader) -> Section:
    """Return a section the reader may know of, else answer 404."""
    section = db.session.scalars(sa.select(Section).where(Section.slug == slug, section_visible_to(reader))).first()
    if section is None:
        abort(404)
    return section


def section_trail(section_id: int) -> tuple[tuple[str, str], ...]:
    """Return name and slug of a section and those above it, the top first; at most one query."""
    return remembered(lambda: _trail(section_id), "section trail", section_id)


def _trail(section_id: int) -> tuple[tuple[str, str], ...]:
    above = aliased(Section)
    path = (
        sa.select(Section.id, Section.parent_id, Section.name, Section.slug, sa.literal(0).label("depth"))
        .where(Section.id == section_id)
        .cte("path", recursive=True)
    )
    path = path.union_all(
        sa.select(above.id, above.parent_id, above.name, above.slug, path.c.depth + 1).where(
            above.id == path.c.parent_id, path.c.depth < 20
        )
    )
    rows = db.session.execute(sa.select(path.c.name, path.c.slug).order_by(path.c.depth.desc()))
    return tuple((name, slug) for name, slug in rows)


@dataclass
class Managed:
    """A section as those see it who manage sections, how deep it lies, and how many articles lie in it itself."""

    section: Section
    depth: int
    articles: int


def list_managed(user: User) -> list[Managed]:
    """Return the sections somebody may manage, in the order of the tree; two queries for any number."""
    query = (
        sa.select(Section)
        .options(joinedload(Section.owner_team), joinedload(Section.approver_team), joinedload(Section.publisher_team))
        .order_by(Section.position, sa.func.lower(Section.name), Section.id)
    )
    every = db.session.scalars(query).all()
    counts = dict(db.session.execute(sa.select(Article.section_id, sa.func.count()).group_by(Article.section_id)).all())
    children: dict[int | None, list[Section]] = {}
    for item in every:
        children.setdefault(item.parent_id, []).append(item)
    managed: list[Managed] = []

    def walk(parent: int | None, depth: int) -> None:
        for item in children.get(parent, []):
            if can_manage(user, item):
                managed.append(Managed(item, depth, counts.get(item.id, 0)))
            walk(item.id, depth + 1)

    walk(None, 0)
    return managed


def get_managed(section_id: int, user: User, *, for_change: bool = False) -> Section:
    """Return a section somebody may manage, else answer 404."""
    section = db.session.get(Section, section_id, with_for_update=for_change or None, populate_existing=for_change)
    if section is None or not can_manage(user, section):
        abort(404)
    return section


def places_for(section: Section | None) -> list[tuple[int, str]]:
    """Return every section another one may lie in, with its path: not itself and not what lies beneath it."""
    below = {section.id, *ids_below(section.id)} if section is not None and section.id else set()
    return [(number, path) for number, path in section_choices() if number not in below]


def ids_below(section_id: int) -> list[int]:
    """Return the ids of all sections beneath one; one query."""
    below = sa.select(Section.id).where(Section.parent_id == section_id).cte("below", recursive=True)
    below = below.union_all(sa.select(Section.id).where(Section.parent_id == below.c.id))
    return list(db.session.scalars(sa.select(below.c.id)))
