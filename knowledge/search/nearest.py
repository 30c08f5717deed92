"""Which documents are closest in meaning to one, for several audiences at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import embed_passages
from knowledge.search.keyword import Mask
from knowledge.search.model import model_record
from knowledge.search.segment import Prepared
from knowledge.search.snapshot import Snapshot

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbour:
    """A document, and the cosine between the means of its passages and of those asked about, -1 to 1."""

    document_id: int
    similarity: float


def nearest_to_indexed(
    snapshot: Snapshot[Any], document_id: int, audiences: Collection[str], limit: int
) -> tuple[Neighbour, ...] | None:
    """The neighbours of a document of the index; None when it is not there or has no vectors yet."""
    row = snapshot.row_of.get(document_id)
    if row is None or not snapshot.means[row].any():
        return None
    model = snapshot.model_of(row)
    return _nearest(snapshot, snapshot.means[row], _comparable(snapshot, document_id, row, model), audiences, limit)


def nearest_to_text(
    snapshot: Snapshot[Any], document: SearchDocument, embedder: Embedder, audiences: Collection[str], limit: int
) -> tuple[Neighbour, ...]:
    """The neighbours of a document that need not be in the index, such as a draft; itself is left out."""
    vectors = embed_passages([Prepared.of(document)], embedder, {})
    if not len(vectors):
        return ()
    mean: Vector = vectors.mean(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-9)
    comparable = _comparable(snapshot, document.id, None, model_record(embedder), document.language)
    return _nearest(snapshot, mean, comparable, audiences, limit)


def _comparable(
    snapshot: Snapshot[Any], document_id: int, row: int | None, model: dict[str, str], language: str = ""
) -> Mask:
    """Rows in the same language whose vectors the same model made, without the document itself, [rows]."""
    names, numbers = snapshot.columns["language"]
    language = language or (snapshot.facts[row].language if row is not None else "")
    same: Mask = numbers == names.index(language) if language in names else np.zeros(len(numbers), dtype=np.bool_)
    same = same & snapshot.embedded_by(model)
    if document_id in snapshot.row_of:
        same[snapshot.row_of[document_id]] = False
    return same


def _nearest(
    snapshot: Snapshot[Any], mean: Vector, comparable: Mask, audiences: Collection[str], limit: int
) -> tuple[Neighbour, ...]:
    rows = np.flatnonzero(comparable)
    if not len(rows):
        return ()
    similarities = snapshot.means[rows] @ mean
    order = np.argsort(-similarities, kind="stable")
    chosen: set[int] = set()
    for token in audiences:
        # Best first among those the holders of this token see; a hidden document takes nobody's place.
        seen = order[snapshot.allowed((token,))[rows[order]]]
        chosen.update(int(n) for n in seen[:limit])
    best = sorted(chosen, key=lambda n: (-similarities[n], rows[n]))
    return tuple(Neighbour(snapshot.facts[rows[n]].id, round(float(similarities[n]), 4)) for n in best)
