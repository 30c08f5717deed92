"""Makes an index anew beside the live one: all of it, or the vectors of a changed model."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from dataclasses import replace

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import Progress, embed_passages, known_vectors, shifted
from knowledge.search.manifest import Entry, exclusive, sync_files, sync_folder
from knowledge.search.model import model_record
from knowledge.search.segment import Prepared, prepare_all, write_vectors
from knowledge.search.store import SEGMENT, Store

_BUILD = "build-"
"""What the folders of a rebuild are called, which other writers do not sweep away."""
_CHUNK = 4000
"""Documents that are held in memory at a time."""


def rebuild(
    store: Store,
    documents: Iterable[SearchDocument],
    embedder: Embedder | None,
    progress: Progress | None = None,
    threads: int = 1,
) -> int:
    """Builds the whole index anew beside the live one, then switches in one step.

    What others add, change or remove in the live index meanwhile is carried over.

    :returns: how many documents the new index was built from.
    """
    with exclusive(store.root, "rebuild"):
        for left in store.root.glob(f"{_BUILD}*"):
            shutil.rmtree(left, ignore_errors=True)
        before = store.readable(damaged_is_empty=True).digests()
        given = list({document.id: document for document in documents}.values())
        record = model_record(embedder) if embedder else {}
        built: list[str] = []
        done, total = 0, 0
        chunks = [given[n : n + _CHUNK] for n in range(0, len(given), _CHUNK)]
        for number, chunk in enumerate(chunks):
            prepared = prepare_all(chunk)
            here = sum(len(p.passages) for p in prepared)
            total = done + here * (len(chunks) - number)
            start = done
            vectors = None
            if embedder:
                vectors = embed_passages(prepared, embedder, {}, shifted(progress, start, total), threads)
            built.append(store.write(prepared, vectors, record, _BUILD))
            done += here
        _switch(store, built, before, embedder)
    return len(given)


def _switch(store: Store, built: list[str], before: dict[int, str], embedder: Embedder | None) -> None:
    """Puts built segments in the place of the live ones, and what changed meanwhile on top."""
    with exclusive(store.root, "writer"):
        current = store.readable(damaged_is_empty=True)
        now = current.digests()
        changed = [number for number in now if now[number] != before.get(number)]
        removed = [number for number in before if number not in now]
        names = []
        for name in built:
            names.append(name.replace(_BUILD, SEGMENT))
            (store.root / name).rename(store.root / names[-1])
        sync_folder(store.root)
        entries = [Entry(name) for name in names]
        if changed or removed:
            # One commit for both: the built state alone may show what was hidden or removed meanwhile.
            entries = store.without(
                store.open(replace(current.manifest, segments=tuple(entries))), {*changed, *removed}
            )
            places = [current.place(current.row_of[number]) for number in changed]
            prepared = [Prepared.of(segment.document(row)) for segment, row in places]
            if prepared:
                vectors = None
                if embedder:
                    vectors = embed_passages(prepared, embedder, known_vectors(prepared, embedder, current))
                entries.append(Entry(store.write(prepared, vectors, model_record(embedder) if embedder else {})))
        store.commit(current.manifest, entries)
        store.sweep()


def reembed(store: Store, embedder: Embedder, progress: Progress | None = None, threads: int = 1) -> int:
    """Gives vectors of the present model to all segments that have none or another model's.

    Search goes on meanwhile, by keyword for the segments that are not done yet.

    :returns: how many segments were done.
    """
    record = model_record(embedder)
    stale = [s for s in store.readable().segments if s.model != record]
    total = sum(int(segment.passage_starts[-1]) for segment in stale)
    done = count = 0
    for segment in stale:
        prepared = [Prepared.of(segment.document(row)) for row in range(len(segment))]
        start = done
        vectors = embed_passages(prepared, embedder, {}, shifted(progress, start, total), threads)
        done += len(vectors)
        with exclusive(store.root, "writer"):
            current = store.readable()
            if segment.name not in {entry.name for entry in current.manifest.segments}:
                continue  # Merged or replaced meanwhile; the next run sees to it.
            name = f"{SEGMENT}{uuid.uuid4().hex[:12]}"
            shutil.copytree(store.root / segment.name, store.root / name)
            write_vectors(store.root / name, vectors, record)
            sync_files(store.root / name)
            entries = [replace(e, name=name) if e.name == segment.name else e for e in current.manifest.segments]
            store.commit(current.manifest, entries)
            store.sweep()
            count += 1
    return count
