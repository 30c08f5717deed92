"""Bringing the index up to date. Every function commits nothing but the changes it has taken up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from knowledge.indexing.documents import all_documents, documents_of, expected_digests
from knowledge.indexing.opening import index_of_words, search_index
from knowledge.queries.changes import forget_changes, list_changes
from knowledge.search.document import SearchDocument
from knowledge.search.manifest import IndexDamaged
from portal.core.db import db, unit_of_work

if TYPE_CHECKING:
    from knowledge.search.index import Drift

BATCH = 200
# Up to so many changed articles are embedded at once. After an import words come first, so that all of it can be found
# within seconds, and the meaning follows.
FEW = 20
Progress = Callable[[int, int], None]


def take_up_changes() -> int:
    """Index what changed since the last time, oldest first, and return how many articles that were.

    A change is forgotten only after the index has stored it, so a worker killed in between finds it again.
    """
    taken = 0
    while changes := list_changes(BATCH):
        ids = {change.article_id for change in changes}
        change_ids = [change.id for change in changes]
        documents = list(documents_of(ids))
        # What is read is read; indexing takes seconds and must not hold a transaction open.
        db.session.rollback()
        _store(ids - {document.id for document in documents}, documents)
        with unit_of_work():
            forget_changes(change_ids)
        taken += len(ids)
    if taken > FEW:
        search_index().reembed()
    return taken


def index_waiting_words() -> None:
    """Make the words of all waiting changes searchable at once; the job takes the changes up with their meaning."""
    ids = {change.article_id for change in list_changes(None)}
    index_of_words().add(list(documents_of(ids)))


def _store(gone: set[int], documents: list[SearchDocument]) -> None:
    index = search_index() if len(documents) <= FEW else index_of_words()
    try:
        index.add(documents)
        index.remove(gone)
    except IndexDamaged:
        index.rebuild(all_documents())


def rebuild_index(progress: Progress | None = None, *, threads: int = 1) -> int:
    """Build the index anew beside the live one and switch; returns how many articles it holds."""
    return search_index().rebuild(all_documents(), progress=progress, threads=threads)


def heal_index() -> Drift:
    """Compare the index with the articles and mend what differs; returns what was found."""
    return search_index().heal(expected_digests(), documents_of)


def check_index() -> Drift:
    """Compare the index with the articles and change nothing."""
    return search_index().check(expected_digests())
