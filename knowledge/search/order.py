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
_MOST_PAIRS = 40


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
    usable = [
        (n, rarities[n] + rarities[n + 1]) for n in range(len(order) - 1) if rarities[n] > 0 and rarities[n + 1] > 0
    ][:_MOST_PAIRS]
    total = sum(weight for _, weight in usable)
    if not usable or not len(rows):
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
        position = _positions(order, segment, text)
        for n, weight in usable:
            pair = np.zeros(len(text), dtype=np.bool_)
            np.logical_and(position[n][:-1], position[n + 1][1:], out=pair[:-1])
            # The last term of a document and the first of the next are no neighbours.
            pair[starts[1:] - 1] = False
            result[places] += np.float32(weight / total) * np.logical_or.reduceat(pair, starts)
    return result


def _positions(order: Sequence[QueryTerm], segment: SearchSegment, text: NDArray[np.int32]) -> list[NDArray[np.bool_]]:
    """Where each term of the query stands in a text, [terms][text]."""
    known: dict[tuple[str, ...], NDArray[np.bool_]] = {}
    for term in order:
        if term.forms not in known:
            stands = np.zeros(len(text), dtype=np.bool_)
            for form in term.forms:
                number = segment.term_number(form)
                if number is not None:
                    stands |= text == number
            known[term.forms] = stands
    return [known[term.forms] for term in order]
