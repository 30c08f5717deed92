"""What readers see: one state of the index, and within it what one reader may see."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import EVERYONE
from knowledge.search.engine import SearchSegment
from knowledge.search.keyword import WEIGHTS, Mask, Rarity, TermQuery, inverse_document_frequency
from knowledge.search.manifest import Manifest
from knowledge.search.segment import Facts
from knowledge.search.spelling import Speller, Vocabulary
from knowledge.search.words import STOP_WORDS, words

SegmentT = TypeVar("SegmentT", bound=SearchSegment)

_KEPT_VIEWS = 32
"""Views held at a time: groups of readers who may see the same."""


class Snapshot(Generic[SegmentT]):
    """One generation of the index; it never changes while it is held."""

    def __init__(self, manifest: Manifest, segments: Sequence[SegmentT]) -> None:
        self.manifest = manifest
        self.segments = segments
        self.first_rows = [0, *accumulate(len(segment) for segment in segments)]
        self.facts: list[Facts] = [fact for segment in segments for fact in segment.facts]
        self.live: Mask = np.ones(len(self.facts), dtype=np.bool_)
        for entry, first in zip(manifest.segments, self.first_rows, strict=False):
            self.live[[first + row for row in entry.deleted]] = False
        self.row_of = {self.facts[row].id: int(row) for row in np.flatnonzero(self.live)}
        self._audiences: dict[frozenset[str], int] = {}
        self._audience_numbers = np.array(
            [self._audiences.setdefault(fact.audience, len(self._audiences)) for fact in self.facts], dtype=np.int32
        )
        self._views: OrderedDict[frozenset[int], View] = OrderedDict()
        self._lock = Lock()

    def place(self, row: int) -> tuple[SegmentT, int]:
        """The segment of a row of the whole index, and its row there."""
        number = bisect_right(self.first_rows, row) - 1
        return self.segments[number], row - self.first_rows[number]

    def model_of(self, row: int) -> dict[str, str]:
        """What made the vectors of a row of the whole index; empty when it has none."""
        segment, place = self.place(row)
        return segment.model_of(place)

    def digests(self) -> dict[int, str]:
        """The fingerprint of each live document by its id."""
        return {number: self.facts[row].digest for number, row in self.row_of.items()}

    def view(self, audience: Iterable[str], protected: frozenset[str], accepted: frozenset[str]) -> View:
        """What a reader with these audience tokens sees; readers who see the same share a view."""
        visible = self._visible(audience)
        with self._lock:
            if visible in self._views:
                self._views.move_to_end(visible)
                return self._views[visible]
        allowed = self._allowed(visible)
        view = View(self, allowed, protected, accepted)
        with self._lock:
            self._views[visible] = view
            while len(self._views) > _KEPT_VIEWS:
                self._views.popitem(last=False)
        return view

    def allowed(self, audience: Iterable[str]) -> Mask:
        """Which rows a reader with these audience tokens may see, [rows]."""
        return self._allowed(self._visible(audience))

    def _visible(self, audience: Iterable[str]) -> frozenset[int]:
        tokens = {*audience, EVERYONE}
        return frozenset(n for names, n in self._audiences.items() if not tokens.isdisjoint(names))

    def _allowed(self, visible: frozenset[int]) -> Mask:
        allowed: Mask = self.live & np.isin(self._audience_numbers, list(visible))
        return allowed

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """The mean of the vectors of each row's passages, of length one; zero where there are none, [rows, dimensions]."""
        parts = [segment.means() for segment in self.segments]
        means = np.zeros((len(self.facts), max((part.shape[1] for part in parts), default=0)), dtype=np.float32)
        for part, first in zip(parts, self.first_rows, strict=False):
            means[first : first + len(part), : part.shape[1]] = part
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        means /= np.maximum(lengths, np.float32(1e-9))
        return means

    @cached_property
    def _models(self) -> tuple[list[dict[str, str]], NDArray[np.int32]]:
        """The models in the index and the number of each row's model, [rows]."""
        numbers: dict[tuple[tuple[str, str], ...], int] = {}
        rows = range(len(self.facts))
        found = [numbers.setdefault(tuple(sorted(self.model_of(row).items())), len(numbers)) for row in rows]
        return [dict(record) for record in numbers], np.array(found, dtype=np.int32)

    def embedded_by(self, model: dict[str, str]) -> Mask:
        """Which live rows have vectors of a model, [rows]."""
        records, numbers = self._models
        same: Mask = numbers == records.index(model) if model in records else np.zeros(len(numbers), dtype=np.bool_)
        return same & self.live

    @cached_property
    def columns(self) -> dict[str, tuple[list[str], NDArray[np.int32]]]:
        """The values of each single-valued facet and the number of each row's value, [rows]."""
        encoded = {}
        for name in ("type", "section", "language"):
            values: dict[str, int] = {}
            numbers = [values.setdefault(getattr(fact, name), len(values)) for fact in self.facts]
            encoded[name] = (list(values), np.array(numbers, dtype=np.int32))
        return encoded

    @cached_property
    def services(self) -> tuple[list[str], NDArray[np.int32], NDArray[np.int32]]:
        """The names of the services, and the pairs of row and service number."""
        values: dict[str, int] = {}
        pairs = [(n, values.setdefault(s, len(values))) for n, fact in enumerate(self.facts) for s in fact.services]
        table = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        return list(values), table[:, 0], table[:, 1]

    @cached_property
    def updated(self) -> NDArray[np.float64]:
        """When each row was updated, in seconds since 1970, [rows]."""
        return np.array([fact.updated_at.timestamp() for fact in self.facts], dtype=np.float64)

    @cached_property
    def titles(self) -> tuple[str, NDArray[np.int64]]:
        """The folded titles, one a line with a space before each word, and where each row's line begins."""
        lines = ["\n " + " ".join(words(fact.title)) + " " for fact in self.facts]
        return "".join(lines), np.array([0, *accumulate(map(len, lines))], dtype=np.int64)


class View:
    """A snapshot as one group of readers may see it: nothing in here knows of any other document."""

    def __init__(
        self, snapshot: Snapshot[Any], allowed: Mask, protected: frozenset[str], accepted: frozenset[str]
    ) -> None:
        self.snapshot = snapshot
        self.allowed = allowed
        self.count = int(np.count_nonzero(allowed))
        self.by_segment = [
            allowed[first : first + len(segment)]
            for segment, first in zip(snapshot.segments, snapshot.first_rows, strict=False)
        ]
        present, numbers = snapshot.columns["language"]
        self.languages = [name for n, name in enumerate(present) if bool(np.any(allowed & (numbers == n)))]
        # Languages without word forms of their own all leave a word as it is, so one of them is enough.
        plain = [name for name in self.languages if name not in STOP_WORDS]
        self.languages = [name for name in self.languages if name in STOP_WORDS] + plain[:1]
        self._protected, self._accepted = protected, accepted
        self._by_language: dict[str, Vocabulary] = {}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the documents in view."""
        return self._words_of(self.allowed)

    @cached_property
    def speller(self) -> Speller:
        """Mends spelling by the words in view alone, so that no correction tells of a hidden document."""
        return Speller(self.vocabulary, self._protected, self._accepted, self._words_in)

    def _words_in(self, language: str) -> Vocabulary:
        """The words of the documents in view that are in a language."""
        if language not in self._by_language:
            present, numbers = self.snapshot.columns["language"]
            spoken = numbers == present.index(language) if language in present else np.zeros_like(self.allowed)
            only = bool(np.array_equal(self.allowed & spoken, self.allowed))
            self._by_language[language] = self.vocabulary if only else self._words_of(self.allowed & spoken)
        return self._by_language[language]

    def _words_of(self, rows: Mask) -> Vocabulary:
        counts: Counter[str] = Counter()
        for segment, first in zip(self.snapshot.segments, self.snapshot.first_rows, strict=False):
            here = rows[first : first + len(segment)]
            spoken = segment.spoken
            if not here.any():
                continue
            kept = spoken.values if here.all() else spoken.values[np.repeat(here, np.diff(spoken.starts))]
            numbers = np.bincount(kept, minlength=len(spoken.lexicon))
            counts.update({spoken.lexicon[n]: int(numbers[n]) for n in np.flatnonzero(numbers)})
        return Vocabulary(counts, int(np.count_nonzero(rows)))

    @cached_property
    def mean_lengths(self) -> dict[str, float]:
        """The mean number of terms by field over the documents in view."""
        lengths = [s.lengths[allowed] for s, allowed in zip(self.snapshot.segments, self.by_segment, strict=True)]
        means = np.concatenate(lengths).mean(axis=0) if self.count else np.ones(len(WEIGHTS))
        return {name: float(mean) for name, mean in zip(WEIGHTS, means, strict=True)}

    def rarity(self, query: TermQuery) -> Rarity:
        """How rare the terms of a query are among the documents in view."""
        terms, codes = [0] * len(query.terms), [0] * len(query.codes)
        for segment, allowed in zip(self.snapshot.segments, self.by_segment, strict=True):
            if not allowed.any():
                continue
            for totals, counted in zip((terms, codes), segment.keyword.frequencies(query, allowed), strict=True):
                for n, count in enumerate(counted):
                    totals[n] += count
        return Rarity(
            tuple(inverse_document_frequency(self.count, n) for n in terms),
            tuple(inverse_document_frequency(self.count, n) for n in codes),
            self.mean_lengths,
        )


def visible_ids(view: View, ids: Collection[int]) -> list[int]:
    """Those of some ids that a view holds, in the given order."""
    rows = view.snapshot.row_of
    return [number for number in ids if number in rows and view.allowed[rows[number]]]
