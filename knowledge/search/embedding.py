"""Embeds the passages of documents that are about to be indexed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from knowledge.search.embedder import Embedder
from knowledge.search.model import model_record
from knowledge.search.passages import embedding_text
from knowledge.search.segment import Prepared, Segment, Vectors
from knowledge.search.snapshot import Snapshot

Progress = Callable[[int, int], None]
"""Called with how many passages are done and how many there are."""

_CHUNK = 64
"""Passages between two reports of progress."""


def embed_passages(
    prepared: Sequence[Prepared],
    embedder: Embedder,
    known: Mapping[str, Vectors],
    progress: Callable[[int], None] | None = None,
    threads: int = 1,
) -> Vectors:
    """The vectors of all passages in order.

    :param known: vectors of the same model by the text that was embedded, which need not be made again.
    """
    texts = [embedding_text(one.document, passage) for one in prepared for passage in one.passages]
    rows = np.zeros((len(texts), embedder.dimensions), dtype=np.float32)
    new = []
    for n, text in enumerate(texts):
        if text in known:
            rows[n] = known[text]
        else:
            new.append(n)
    for n in range(0, len(new), _CHUNK):
        chunk = new[n : n + _CHUNK]
        rows[chunk] = embedder.embed([texts[m] for m in chunk], threads)
        if progress:
            progress(len(texts) - len(new) + n + len(chunk))
    return rows


def known_vectors(prepared: Sequence[Prepared], embedder: Embedder, current: Snapshot[Segment]) -> dict[str, Vectors]:
    """The vectors that the former versions of some documents have, by the text that was embedded."""
    record = model_record(embedder)
    known: dict[str, Vectors] = {}
    for one in prepared:
        row = current.row_of.get(one.document.id)
        if row is None:
            continue
        segment, place = current.place(row)
        vectors = segment.vectors_of(place)
        if vectors is None or segment.model != record:
            continue
        document = segment.document(place)
        known.update({embedding_text(document, p): vectors[p.ordinal] for p in segment.passages(place)})
    return known


def shifted(progress: Progress | None, before: int, total: int) -> Callable[[int], None] | None:
    """Progress within one chunk as progress of the whole."""
    return (lambda done: progress(before + done, total)) if progress else None
