"""The default keyword engine: Whoosh keeps the postings, the ranking is BM25F over all fields at once.

Whoosh's own scorer weighs each field by itself and walks the postings one by one in Python, which takes
tens of milliseconds for a sentence. Reading a term's postings once, keeping the recent ones and scoring
whole arrays gives the sum over fields before saturation that BM25F asks for, in about a millisecond.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import index
from whoosh.analysis.acore import Composable, Token
from whoosh.fields import TEXT, Schema
from whoosh.reading import TermNotFound

from knowledge.search.keyword import (
    FIELDS,
    LABEL_LENGTH_NORM,
    LENGTH_NORM,
    SATURATION,
    WEIGHTS,
    DocumentTerms,
    KeywordScores,
    Mask,
    Rarity,
    Scores,
    TermQuery,
)

_KEPT_POSTINGS = 2_000_000
"""Postings held in memory for each segment, eight bytes each: 16 MB at most."""
_WRITER_MEMORY_MB = 64

Postings = tuple[NDArray[np.int32], NDArray[np.float32]]
_NOTHING: Postings = (np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))


class _Given(Composable):
    """An analyser for terms that are already cut: documents and queries are read by the same code before."""

    def __call__(self, value: list[str], **_: Any) -> Iterator[Token]:
        token = Token(positions=False, chars=False, boost=1.0)
        for text in value:
            token.text = text
            yield token


class WhooshEngine:
    """Writes and opens segments with Whoosh."""

    name = "whoosh"

    def write(self, folder: Path, documents: Iterable[DocumentTerms]) -> None:
        schema = Schema(**{name: TEXT(analyzer=_Given(), phrase=False) for name in FIELDS})
        writer = index.create_in(str(folder), schema).writer(limitmb=_WRITER_MEMORY_MB)
        for document in documents:
            writer.add_document(**document.fields)
        writer.commit(optimize=True)

    def open(self, folder: Path, lengths: NDArray[np.int32]) -> WhooshSegment:
        try:
            opened: Any = index.open_dir(str(folder), readonly=True)
            return WhooshSegment(opened.reader(), lengths)
        except Exception as error:
            # Damaged files end in whatever error their misread bytes lead to.
            raise OSError(f"The keyword index cannot be opened: {error}") from error


class WhooshSegment:
    """One opened Whoosh index whose document numbers are the rows of the segment."""

    def __init__(self, reader: Any, lengths: NDArray[np.int32]) -> None:
        if reader.doc_count_all() != len(lengths):
            raise OSError("The keyword index holds another number of documents than its segment.")
        self._reader = reader
        self._lengths = lengths.astype(np.float32)
        self._kept: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._kept_size = 0
        self._lock = Lock()

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
        # Whoosh's readers share a file position, so only one thread may read; the kept ones need the lock as well.
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            read = self._read(name, term)
            self._kept[key] = read
            self._kept_size += len(read[0]) + 16
            while self._kept_size > _KEPT_POSTINGS:
                _, dropped = self._kept.popitem(last=False)
                self._kept_size -= len(dropped[0]) + 16
            return read

    def _read(self, name: str, term: str) -> Postings:
        rows, weights = [], []
        try:
            matcher = self._reader.postings(name, term)
            while matcher.is_active():
                rows.append(matcher.id())
                weights.append(matcher.weight())
                matcher.next()
        except TermNotFound:
            return _NOTHING
        except Exception as error:
            raise OSError(f"The keyword index cannot be read: {error}") from error
        if rows and not 0 <= min(rows) <= max(rows) < len(self._lengths):
            raise OSError("The keyword index names documents that are not there.")
        return np.array(rows, dtype=np.int32), np.array(weights, dtype=np.float32)
