"""The meaning half: how close the passages of each document are to a query."""

from __future__ import annotations

import numpy as np

from knowledge.search.engine import SearchSegment
from knowledge.search.keyword import Mask, Scores


def best_by_document(similarities: Scores, segment: SearchSegment, allowed: Mask) -> Scores:
    """The best passage of each document, [rows]; 0 for documents that are not allowed or point away."""
    if not len(segment):
        return np.zeros(0, dtype=np.float32)
    best = np.maximum.reduceat(similarities, segment.passage_starts[:-1])
    return np.where(allowed, np.maximum(best, 0.0), np.float32(0.0)).astype(np.float32)
