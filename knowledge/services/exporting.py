"""Exports are privileged reads, so each is recorded."""

from typing import BinaryIO

import sqlalchemy as sa

from knowledge.enums import Event
from knowledge.exporting.markdown import export_markdown
from knowledge.models import Article, Section
from portal.core.audit import services as audit
from portal.core.db import db
from portal.directory.api import User


def export_articles(stream: BinaryIO, *, actor: User | None, section: Section | None = None) -> int:
    """Write the published articles that the actor may read to a zip, of one section with those below or of all.

    Without an actor, as from the command line, it holds every article. Returns how many; the export is recorded.
    """
    ids = sections_below(section.id) if section else None
    number = export_markdown(stream, actor, section_ids=ids)
    audit.record(
        Event.ARTICLES_EXPORTED,
        section or Article(title="all"),
        actor=actor,
        after={"articles": number, "format": "markdown"},
        label=section.name if section else "all articles",
    )
    return number


def sections_below(section_id: int) -> set[int]:
    """Return a section and all beneath it."""
    children: dict[int | None, list[int]] = {}
    for number, parent in db.session.execute(sa.select(Section.id, Section.parent_id)):
        children.setdefault(parent, []).append(number)
    found, waiting = set(), [section_id]
    while waiting:
        found.add(current := waiting.pop())
        waiting += [child for child in children.get(current, []) if child not in found]
    return found
