"""BM25F over postings: the scoring that all engines share that can give a term's postings as arrays.

Reading a term's postings once, keeping the recent ones and scoring whole arrays gives the sum over fields
before saturation that BM25F asks for, in about a millisecond.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from knowledge.search.keyword import (
    LABEL_LENGTH_NORM,
    LENGTH_NORM,
    SATURATION,
    WEIGHTS,
    KeywordScores,
    Mask,
    Rarity,
    Scores,
    TermQuery,
)

_KEPT_POSTINGS = 2_000_000
"""Postings held in memory for each segment, eight bytes each: 16 MB at most."""

Postings = tuple[NDArray[np.int32], NDArray[np.float32]]
NOTHING: Postings = (np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))


class PostingsSegment(ABC):
    """Scores queries against the postings that a subclass reads."""

    def __init__(self, lengths: NDArray[np.int32]) -> None:
        self._lengths = lengths.astype(np.float32)
        self._kept: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._kept_size = 0
        self._lock = Lock()

    @abstractmethod
    def read(self, name: str, term: str) -> Postings:
        """Reads the rows that have a term in a field, and how often; called by one thread at a time.

        :raises OSError: when the index is damaged.
        """

    def frequencies(self, query: TermQuery, allowed: Mask) -> tuple[list[int], list[int]]:
        counted = []
        for term in query.terms:
            having = np.zeros(len(allowed), dtype=np.bool_)
            for form in term.forms:
                for name in WEIGHTS:
                    having[self._postings(name, form)[0]] = True
            counted.append(int(np.count_nonzero(having & allowed)))
        codes = [int(np.count_nonzero(allowed[self._postings("codes", code)[0]])) for code in query.codes]
        return counted, codes

    def score(self, query: TermQuery, rarity: Rarity, allowed: Mask) -> KeywordScores:
        rows = len(allowed)
        words, found, codes = (np.zeros(rows, dtype=np.float32) for _ in range(3))
        norms = self._norms(rarity.mean_lengths)
        possible = 1e-9
        for term, rare in zip(query.terms, rarity.terms, strict=True):
            counted = np.zeros(rows, dtype=np.float32)
            for form in term.forms:
                for name, weight in WEIGHTS.items():
                    places, occurrences = self._postings(name, form)
                    if len(places):
                        counted[places] += weight * occurrences / norms[name][places]
            words += term.weight * rare * counted / (counted + SATURATION)
            found += term.weight * rare * (counted > 0)
            possible += term.weight * rare
        for code, rare in zip(query.codes, rarity.codes, strict=True):
            codes[self._postings("codes", code)[0]] += rare
        hidden = ~allowed
        for scores in (words, found, codes):
            scores[hidden] = 0.0
        return KeywordScores(words, codes, found / np.float32(possible))

    def _norms(self, means: dict[str, float]) -> dict[str, Scores]:
        """The length normalisation of BM25 for each field, [rows]: above 1 for fields longer than the mean."""
        norms = {}
        for column, name in enumerate(WEIGHTS):
            b = LABEL_LENGTH_NORM if name == "labels" else LENGTH_NORM
            norms[name] = (1 - b) + b * self._lengths[:, column] / np.float32(max(means[name], 1.0))
        return norms

    def _postings(self, name: str, term: str) -> Postings:
        """The rows that have a term in a field and how often, kept for the next query."""
        key = (name, term)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            found = self.read(name, term)
            self.keep(key, found)
            return found

    def keep(self, key: tuple[str, str], found: Postings) -> None:
        """Keeps the postings of a field and a term; the caller holds the lock."""
        self._kept[key] = found
        self._kept_size += len(found[0]) + 16
        while self._kept_size > _KEPT_POSTINGS:
            _, dropped = self._kept.popitem(last=False)
            self._kept_size -= len(dropped[0]) + 16
