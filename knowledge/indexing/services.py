"""Bringing the index up to date. Every function commits nothing but the changes it has taken up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flask import current_app

from knowledge.indexing.documents import all_documents, documents_of, expected_digests
from knowledge.indexing.opening import index_of_words, search_index
from knowledge.models import SearchChange
from knowledge.queries.changes import forget_changes, list_changes, mark_words_stored, queue_meaning
from knowledge.search.document import SearchDocument
from knowledge.search.manifest import IndexDamaged
from portal.core.db import db, unit_of_work
from portal.core.jobs import stopping

if TYPE_CHECKING:
    from knowledge.search.index import Drift

BATCH = 200
# Up to so many changed articles are embedded at once. After an import words come first, so that all of it can be found
# within seconds, and the meaning follows.
FEW = 20
# Embedding so many takes seconds: a change that somebody makes meanwhile waits no longer, nor does a worker that stops.
MEANT_AT_ONCE = 50
Progress = Callable[[int, int], None]


def take_up_changes() -> int:
    """Index what changed since the last time, oldest first, and return how many articles that were.

    Of many, the words come first and the meaning follows, some at a time. A change is forgotten only after the index
    has stored both, so a worker killed in between goes on where it was.
    """
    taken = 0
    while not stopping.is_set():
        if changes := list_changes(BATCH):
            taken += _take_up(changes)
        elif changes := list_changes(MEANT_AT_ONCE, has_words=True):
            taken += _add_meaning(changes)
        else:
            break
    return taken


def index_waiting_words() -> None:
    """Make the words of all waiting changes searchable at once; the job takes the changes up with their meaning."""
    ids = {change.article_id for change in list_changes(None)}
    index_of_words().add(list(documents_of(ids)))


def _take_up(changes: Sequence[SearchChange]) -> int:
    ids = {change.article_id for change in changes}
    of_change = {change.id: change.article_id for change in changes}
    documents = list(documents_of(ids))
    # What is read is read; indexing takes seconds and must not hold a transaction open.
    db.session.rollback()
    there = {document.id for document in documents}
    words_first = len(documents) > FEW and _has_meaning()
    whole = _store(ids - there, documents, words_first=words_first)
    later = [number for number, article_id in of_change.items() if words_first and article_id in there]
    with unit_of_work():
        mark_words_stored(later)
        forget_changes([number for number in of_change if number not in set(later)])
        if not whole:
            queue_meaning(expected_digests())
    return len(ids) - len(there) if words_first else len(ids)


def _add_meaning(changes: Sequence[SearchChange]) -> int:
    ids, change_ids = {change.article_id for change in changes}, [change.id for change in changes]
    documents = list(documents_of(ids))
    db.session.rollback()
    whole = _store(set(), documents, words_first=False)
    with unit_of_work():
        forget_changes(change_ids)
        if not whole:
            queue_meaning(expected_digests())
    return len(ids)


def _store(gone: set[int], documents: list[SearchDocument], *, words_first: bool) -> bool:
    """Store documents and return True; False when the index was damaged and now holds the words of all articles."""
    index = index_of_words() if words_first else search_index()
    try:
        index.add(documents)
        index.remove(gone)
    except IndexDamaged:
        index_of_words().rebuild(all_documents())
        return False
    return True


def _has_meaning() -> bool:
    return bool(current_app.extensions["portico_settings"].semantic_search)


def rebuild_index(progress: Progress | None = None, *, threads: int = 1) -> int:
    """Build the index anew beside the live one and switch; returns how many articles it holds.

    What waited before is in it then, and the worker need not take it up once more; unless something is missing, as
    the meaning while the model cannot be used.
    """
    waited = [change.id for has_words in (False, True) for change in list_changes(None, has_words=has_words)]
    db.session.rollback()
    count = search_index().rebuild(all_documents(), progress=progress, threads=threads)
    if waited and not check_index():
        with unit_of_work():
            for begin in range(0, len(waited), 1_000):
                forget_changes(waited[begin : begin + 1_000])
    return count


def heal_index() -> Drift:
    """Compare the index with the articles and mend what differs, words first; returns what was found."""
    expected = expected_digests()
    drift = search_index().check(expected)
    if drift:
        index_of_words().heal(expected, documents_of)
        if _has_meaning():
            with unit_of_work():
                queue_meaning(expected if drift.damage else {*drift.missing, *drift.outdated, *drift.unembedded})
            take_up_changes()
    return drift


def check_index() -> Drift:
    """Compare the index with the articles and change nothing."""
    return search_index().check(expected_digests())
