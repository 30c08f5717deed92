"""Exports are privileged reads, so each is recorded."""

from collections.abc import Callable
from typing import Any, BinaryIO

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.enums import Event, TransferKind
from knowledge.exporting.markdown import export_markdown
from knowledge.models import Article, Section, Transfer
from knowledge.queries import printing
from knowledge.services.transfers import ask_transfer, folder_of
from portal.core.audit import services as audit
from portal.core.db import db
from portal.core.errors import Refused
from portal.directory.api import User

FILE = "articles.zip"


def export_articles(stream: BinaryIO) -> int:
    """Write every published article to a zip, as from the command line; returns how many. The export is recorded."""
    number = len(export_markdown(stream, None))
    _record(None, number, actor=None, label="all articles")
    return number


def ask_export(*, actor: User, section: Section | None = None) -> Transfer:
    """Put down a zip of the published articles that the actor may read, of one section with those below or of all.

    Raises:
        Refused: there is nothing in it.
    """
    ids = sections_below(section.id) if section else None
    number = printing.count_readable(actor, section_ids=ids)
    if not number:
        raise Refused(gettext("There is no published article in it, so there is nothing to export."))
    label = section.name if section else gettext("All articles")
    options = {"section_ids": sorted(ids) if ids is not None else None}
    transfer = ask_transfer(TransferKind.MARKDOWN, label=label, options=options, actor=actor)
    _record(section, number, actor=actor, label=label)
    return transfer


def run_export(transfer: Transfer, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Write the zip of a transfer; returns how many articles it holds. What its asker may read decides now."""
    asker, ids, target = transfer.asked_by, transfer.options["section_ids"], folder_of(transfer) / FILE
    within = set(ids) if ids is not None else None
    total = printing.count_readable(asker, section_ids=within)
    reader = Holder(asker.audience_tokens)
    target.parent.mkdir(parents=True, exist_ok=True)

    def tell(done: int) -> None:
        # What is read is read: writing thousands takes a while and must not hold a transaction open.
        db.session.rollback()
        progress(done, total)

    with target.open("wb") as stream:
        tell(0)
        held = export_markdown(stream, reader, section_ids=within, progress=tell)
    if not held:
        raise Refused(gettext("There is nothing in it that you may read any more."))
    return {"articles": len(held), "held": held, "size": target.stat().st_size}


class Holder:
    """Whoever reads, as a value: a transaction that ends forgets the row."""

    def __init__(self, audience_tokens: frozenset[str]) -> None:
        self.audience_tokens = audience_tokens


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


def _record(section: Section | None, number: int, *, actor: User | None, label: str) -> None:
    audit.record(
        Event.ARTICLES_EXPORTED,
        section or Article(title="all"),
        actor=actor,
        after={"articles": number, "format": "markdown"},
        label=label,
    )
