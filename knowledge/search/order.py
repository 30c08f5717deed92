"""Looks at the order of words in documents: which neighbours of the query are neighbours there too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.search.engine import SearchSegment
from knowledge.search.keyword import QueryTerm, Scores
from knowledge.search.snapshot import View

_LONGEST = 4000
"""Terms that are read of a document; what stands later hardly ever decides."""
_MOST_TERMS = 64
"""Terms of a query whose order is looked at: one bit each of a number."""


def order_features(
    view: View, rows: NDArray[np.int64], order: Sequence[QueryTerm], rarities: Sequence[float]
) -> Scores:
    """The share of the query's neighbouring pairs that stand together in each document, 0 to 1, [rows].

    A pair weighs as much as its two terms are rare, so that "error message" counts less than a product's name.

    :param rows: rows of the whole index.
    :param order: the terms of the query as they follow one another.
    :param rarities: the rarity of each of these terms, [order]; 0 for one that no document has.
    """
    result = np.zeros(len(rows), dtype=np.float32)
    order, rarities = order[:_MOST_TERMS], rarities[:_MOST_TERMS]
    weights = [rarities[n] + rarities[n + 1] if min(rarities[n : n + 2]) > 0 else 0.0 for n in range(len(order) - 1)]
    total = sum(weights)
    if not total or not len(rows):
        return result
    snapshot = view.snapshot
    numbers = np.searchsorted(snapshot.first_rows, rows, side="right") - 1
    for number in np.unique(numbers):
        segment = snapshot.segments[number]
        places = np.flatnonzero(numbers == number)
        here = (rows[places] - snapshot.first_rows[number]).tolist()
        runs = [run[:_LONGEST] for run in segment.runs(here)]
        starts = np.cumsum([0, *(len(run) for run in runs)])[:-1]
        text = np.concatenate(runs)
        if len(text) < 2 or min(len(run) for run in runs) == 0:
            continue
        stands = _positions(order, segment, text)
        # Bit n: term n stands here and term n + 1 at the next place.
        pairs = np.zeros_like(stands)
        np.bitwise_and(stands[:-1], stands[1:] >> np.uint64(1), out=pairs[:-1])
        # The last term of a document and the first of the next are no neighbours.
        pairs[starts[1:] - 1] = 0
        found = np.bitwise_or.reduceat(pairs, starts)
        for n, weight in enumerate(weights):
            if weight:
                result[places] += np.float32(weight / total) * ((found >> np.uint64(n)) & np.uint64(1)).astype(np.float32)
    return result


def _positions(order: Sequence[QueryTerm], segment: SearchSegment, text: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Which terms of the query stand at each place of a text, one bit for each term, [text]."""
    bits: dict[int, int] = {}
    for n, term in enumerate(order):
        for form in term.forms:
            number = segment.term_number(form)
            if number is not None:
                bits[number] = bits.get(number, 0) | 1 << n
    stands = np.zeros(len(text), dtype=np.uint64)
    for number, held in bits.items():
        stands[np.flatnonzero(text == number)] = held
    return stands
