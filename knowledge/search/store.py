"""Keeps the segments: one writer at a time, any number of readers, never a half-made state.

A change writes a new segment beside the others and then replaces the manifest. Readers notice the new
manifest by its stamp and go on with what they hold until then. Whatever a crash leaves behind is a folder
that no manifest names, and the next writer sweeps it away.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import embed_passages, known_vectors
from knowledge.search.keyword import KeywordEngine
from knowledge.search.manifest import (
    Entry,
    IndexDamaged,
    Manifest,
    exclusive,
    manifest_stamp,
    read_manifest,
    sync_files,
    write_manifest,
)
from knowledge.search.model import model_record
from knowledge.search.segment import Prepared, Segment, Vectors, prepare_all, write_segment
from knowledge.search.snapshot import Snapshot

_log = logging.getLogger(__name__)
SEGMENT = "segment-"
_TIERS = (32, 256, 2048)
_MOST_IN_TIER = 8
"""So many segments of a size are merged into one: a search visits a few dozen at worst."""
_WORTH_IT = 8
"""Smaller segments are merged soon enough without being written anew by themselves."""


class Store:
    """The segments of one index in one folder."""

    def __init__(self, root: Path, engine: KeywordEngine) -> None:
        self.root = root
        self.engine = engine
        self.damage: str | None = None
        self._snapshot: Snapshot[Segment] = Snapshot(Manifest(engine.name), [])
        self._stamp: tuple[int, int] | None = None
        self._lock = Lock()

    def snapshot(self) -> Snapshot[Segment]:
        """The newest state that can be read; the last good one, or an empty one, when the newest is damaged."""
        if manifest_stamp(self.root) == self._stamp:
            return self._snapshot
        with self._lock:
            stamp = manifest_stamp(self.root)
            if stamp != self._stamp:
                try:
                    self._snapshot = self._read()
                    self.damage = None
                except IndexDamaged as error:
                    _log.error("the search index is damaged: %s", error)
                    self.damage = str(error)
                self._stamp = stamp
            return self._snapshot

    def _read(self) -> Snapshot[Segment]:
        # A merge may sweep a segment away between the reading of the manifest and its opening, never twice in a row.
        for attempt in range(5):
            manifest = read_manifest(self.root) or Manifest(self.engine.name)
            if manifest.engine != self.engine.name:
                raise IndexDamaged(f"The index was written by {manifest.engine}, not {self.engine.name}.")
            try:
                return self.open(manifest)
            except (OSError, IndexError) as error:
                if attempt == 4 or read_manifest(self.root) == manifest:
                    raise IndexDamaged(f"A segment of the search index cannot be read: {error}") from error
        raise AssertionError("unreachable")

    def open(self, manifest: Manifest) -> Snapshot[Segment]:
        """The state that a manifest describes; segments that are open already are shared.

        :raises OSError: when a segment is missing or damaged.
        """
        held = {segment.name: segment for segment in self._snapshot.segments}
        segments = [held.get(e.name) or Segment(self.root / e.name, self.engine) for e in manifest.segments]
        return Snapshot(manifest, segments)

    def mark_damaged(self, error: Exception) -> None:
        """Remembers that reading failed, for the state that administrators see."""
        self.damage = f"The search index could not be read: {error}"

    def apply(self, documents: Iterable[SearchDocument], removed: Collection[int], embedder: Embedder | None) -> int:
        """Adds or replaces documents and removes others, in one step.

        Documents that are indexed as they are already are passed over, so that a job may safely run again.

        :param embedder: None leaves them without vectors until ``reembed``.
        :returns: how many documents were changed.
        :raises IndexDamaged: when the present state cannot be read; rebuild it.
        """
        documents = list({document.id: document for document in documents}.values())
        current = self.readable()
        record = model_record(embedder) if embedder else {}
        fresh = [d for d in documents if not self._indexed(current, d, record)]
        prepared = prepare_all(fresh)
        vectors = None
        if embedder and prepared:
            vectors = embed_passages(prepared, embedder, known_vectors(prepared, embedder, current))
        with exclusive(self.root, "writer"):
            current = self.readable()
            gone = {d.id for d in fresh} | (set(removed) - {d.id for d in documents})
            entries = self.without(current, gone)
            if not fresh and entries == list(current.manifest.segments):
                return 0
            if prepared:
                entries.append(Entry(self.write(prepared, vectors, record)))
            self.commit(current.manifest, entries)
            self._compact()
        return len(gone)

    def write(
        self, prepared: Sequence[Prepared], vectors: Vectors | None, model: dict[str, str], kind: str = SEGMENT
    ) -> str:
        """Writes a new segment, complete on disk but not in use yet, and gives its name."""
        name = f"{kind}{uuid.uuid4().hex[:12]}"
        write_segment(self.root / name, prepared, vectors, model, self.engine)
        sync_files(self.root / name)
        return name

    def readable(self, *, damaged_is_empty: bool = False) -> Snapshot[Segment]:
        """The newest state, to be changed; a damaged one must not be, but may be begun anew.

        :raises IndexDamaged: when it cannot be read.
        """
        snapshot = self.snapshot()
        if self.damage is None:
            return snapshot
        if damaged_is_empty:
            return Snapshot(Manifest(self.engine.name, snapshot.manifest.generation), [])
        raise IndexDamaged(self.damage)

    @staticmethod
    def _indexed(current: Snapshot[Segment], document: SearchDocument, record: dict[str, str]) -> bool:
        row = current.row_of.get(document.id)
        if row is None or current.facts[row].digest != document.digest():
            return False
        return not record or current.place(row)[0].model == record

    @staticmethod
    def without(current: Snapshot[Segment], gone: Collection[int]) -> list[Entry]:
        """The entries of a state after some documents are gone; segments with nothing left are dropped."""
        rows = sorted(current.row_of[number] for number in gone if number in current.row_of)
        entries = []
        for entry, segment, first in zip(current.manifest.segments, current.segments, current.first_rows, strict=False):
            here = {row - first for row in rows if first <= row < first + len(segment)}
            deleted = tuple(sorted({*entry.deleted, *here}))
            if len(deleted) < len(segment):
                entries.append(replace(entry, deleted=deleted))
        return entries

    def commit(self, before: Manifest, entries: Sequence[Entry]) -> None:
        """Puts segments into use, in one step. The caller holds the writer's lock."""
        write_manifest(self.root, Manifest(self.engine.name, before.generation + 1, tuple(entries)))

    def _compact(self) -> None:
        """Merges what has become small or mostly old; then sweeps.

        Segments of about the same size are merged once there are too many of them, and one of which half is changed
        or removed is written anew without that, so that no text outlives its article for long. The work done is a
        small multiple of what changed.
        """
        for limit in _TIERS:
            current = self.readable()
            live = self._live(current)
            # Vectors of two models cannot stand in one segment, and those that are there are not thrown away.
            alike: dict[tuple[tuple[str, str], ...], set[str]] = {}
            for segment in current.segments:
                if live[segment.name] <= limit:
                    alike.setdefault(tuple(sorted(segment.model.items())), set()).add(segment.name)
            for small in alike.values():
                if len(small) >= _MOST_IN_TIER:
                    self._merge(self.readable(), small)
        current = self.readable()
        live = self._live(current)
        for segment in current.segments:
            if len(segment) >= _WORTH_IT and live[segment.name] <= len(segment) // 2:
                self._merge(self.readable(), {segment.name})
        self.sweep()

    @staticmethod
    def _live(current: Snapshot[Segment]) -> dict[str, int]:
        """How many documents of each segment are neither changed nor removed."""
        pairs = zip(current.manifest.segments, current.segments, strict=True)
        return {entry.name: len(segment) - len(entry.deleted) for entry, segment in pairs}

    def _merge(self, current: Snapshot[Segment], names: set[str]) -> None:
        """Writes the live documents of some segments of one model as one; vectors are copied, not made again."""
        prepared: list[Prepared] = []
        vectors: list[Vectors | None] = []
        record = next(segment.model for segment in current.segments if segment.name in names)
        for row in sorted(current.row_of.values()):
            segment, place = current.place(row)
            if segment.name in names:
                prepared.append(Prepared.of(segment.document(place)))
                vectors.append(segment.vectors_of(place))
        whole = [v for v in vectors if v is not None]
        same = len(whole) == len(vectors) and all(
            len(v) == len(p.passages) for v, p in zip(whole, prepared, strict=True)
        )
        joined = np.concatenate(whole) if same and whole else None
        name = self.write(prepared, joined, record if joined is not None else {})
        entries = [entry for entry in current.manifest.segments if entry.name not in names]
        self.commit(current.manifest, [*entries, Entry(name)])

    def sweep(self) -> None:
        """Removes the folders that no manifest names. Readers that still hold one keep its open files."""
        named = {entry.name for entry in self.readable().manifest.segments}
        for folder in self.root.glob(f"{SEGMENT}*"):
            if folder.name not in named:
                shutil.rmtree(folder, ignore_errors=True)
