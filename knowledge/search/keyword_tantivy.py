"""An optional keyword engine for large corpora on one machine: tantivy ranks, compiled and fast.

It ranks by BM25 for each field and adds the fields up, with its own fixed saturation, so its order differs a
little from that of the default engine. How rare a word is held to be comes from the caller, as with every
engine; only the mean length of a field is that of all documents in the segment, hidden ones included.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from math import log1p
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from knowledge.search.keyword import (
    FIELDS,
    WEIGHTS,
    DocumentTerms,
    KeywordScores,
    Mask,
    QueryTerm,
    Rarity,
    TermQuery,
)

_FIELD_WEIGHTS = {"title": 1.0, "summary": 0.7, "headings": 0.5, "labels": 0.3, "body": 3.0}
"""A short field lifts the score of its words by itself here, because every field is saturated on its own; the
text needs the weight instead."""
_WRITER_BYTES = 128_000_000
_KEPT_ROWS = 4_000_000
"""Rows of recent terms held in memory for each segment, four bytes each: 16 MB at most."""
_LONGEST_TERM = 1000


class TantivyEngine:
    """Writes and opens segments with tantivy."""

    name = "tantivy"

    def write(self, folder: Path, documents: Iterable[DocumentTerms]) -> None:
        # One thread keeps the documents of a small segment in one piece.
        writer = tantivy.Index(_schema(), path=str(folder)).writer(_WRITER_BYTES, 1)
        for row, terms in enumerate(documents):
            document = tantivy.Document()
            document.add_unsigned("row", row)
            for name in FIELDS:
                document.add_text(name, " ".join(term for term in terms.fields[name] if len(term) <= _LONGEST_TERM))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path, lengths: NDArray[np.int32]) -> TantivySegment:
        try:
            index = tantivy.Index(_schema(), path=str(folder))
            index.reload()
            return TantivySegment(index, len(lengths))
        except ValueError as error:
            raise OSError(str(error)) from error


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=False, indexed=True, fast=True)
    for name in FIELDS:
        # The terms are cut before; only the spaces between them are left to see.
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


class TantivySegment:
    """One opened tantivy index."""

    def __init__(self, index: Any, rows: int) -> None:
        self._schema = index.schema
        self._searcher = index.searcher()
        if self._searcher.num_docs != rows:
            raise OSError("The keyword index holds another number of documents than its segment.")
        self._count = rows
        self._kept: OrderedDict[tuple[str, ...], NDArray[np.int32]] = OrderedDict()
        self._kept_size = 0
        self._lock = Lock()

    def frequencies(self, query: TermQuery, allowed: Mask) -> tuple[list[int], list[int]]:
        terms = [int(np.count_nonzero(allowed[self._rows_of(term)])) for term in query.terms]
        codes = [int(np.count_nonzero(allowed[self._rows_of_code(code)])) for code in query.codes]
        return terms, codes

    def score(self, query: TermQuery, rarity: Rarity, allowed: Mask) -> KeywordScores:
        words, found, codes = (np.zeros(self._count, dtype=np.float32) for _ in range(3))
        possible = 1e-9
        clauses = []
        for term, rare in zip(query.terms, rarity.terms, strict=True):
            possible += term.weight * rare
            found[self._rows_of(term)] += np.float32(term.weight * rare)
            clauses += self._clauses(term, rare)
        if clauses:
            rows, scores = self._ask(tantivy.Query.boolean_query(clauses))
            words[rows] = scores
        for code, rare in zip(query.codes, rarity.codes, strict=True):
            codes[self._rows_of_code(code)] += np.float32(rare)
        hidden = ~allowed
        for values in (words, found, codes):
            values[hidden] = 0.0
        return KeywordScores(words, codes, found / np.float32(possible))

    def _clauses(self, term: QueryTerm, rare: float) -> list[tuple[Any, Any]]:
        """What a term adds to a query: each form in each field, weighed by the rarity that the reader's view has."""
        clauses = []
        for form in term.forms:
            for name, weight in _FIELD_WEIGHTS.items():
                having = self._searcher.doc_freq(name, form)
                if having:
                    own = log1p((self._count - having + 0.5) / (having + 0.5))
                    part = tantivy.Query.term_query(self._schema, name, form, index_option="freq")
                    boosted = tantivy.Query.boost_query(part, term.weight * weight * rare / own)
                    clauses.append((tantivy.Occur.Should, boosted))
        return clauses

    def _rows_of(self, term: QueryTerm) -> NDArray[np.int32]:
        """The rows that have any form of a term in any weighted field."""
        return self._kept_rows(term.forms, tuple(WEIGHTS))

    def _rows_of_code(self, code: str) -> NDArray[np.int32]:
        return self._kept_rows((code,), ("codes",))

    def _kept_rows(self, forms: tuple[str, ...], fields: tuple[str, ...]) -> NDArray[np.int32]:
        key = (*forms, "", *fields)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        parts = [tantivy.Query.term_query(self._schema, name, form) for form in forms for name in fields]
        rows, _ = self._ask(tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts]))
        with self._lock:
            self._kept[key] = rows
            self._kept_size += len(rows) + 16
            while self._kept_size > _KEPT_ROWS:
                _, dropped = self._kept.popitem(last=False)
                self._kept_size -= len(dropped) + 16
        return rows

    def _ask(self, query: Any) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """All rows that match a query, with their scores."""
        if not self._count:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        try:
            hits = self._searcher.search(query, limit=self._count, count=False).hits
            rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        except (ValueError, RuntimeError) as error:
            raise OSError(f"The keyword index cannot be read: {error}") from error
        return np.array(rows, dtype=np.int32), np.array([score for score, _ in hits], dtype=np.float32)
