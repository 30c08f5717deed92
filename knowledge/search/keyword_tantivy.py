"""An optional keyword engine for large corpora on one machine: tantivy keeps the postings, compiled and fast.

The ranking is ``postings``', as with every engine, so that a score says the same everywhere. tantivy's own adds up
fields that are saturated one by one, which lifts short fields above all sense and cannot be weighed against meaning as
the others can; and it counts hidden documents in the mean lengths.

tantivy does not tell how often a term stands in a document, only scores. So how often belongs to the term that is
written: a document that says "vpn" three times has the term "vpn" with a 3 behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from knowledge.search.keyword import FIELDS, DocumentTerms
from knowledge.search.postings import NOTHING, Postings, PostingsSegment

_WRITER_BYTES = 128_000_000
_LONGEST_TERM = 1000
_TIMES = "\x1f"
"""Stands between a term and how often it occurs; no term holds it, for it is a space to whatever cuts words."""


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
                counted = Counter(term for term in terms.fields[name] if len(term) <= _LONGEST_TERM)
                document.add_text(name, " ".join(f"{term}{_TIMES}{times}" for term, times in counted.items()))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path, lengths: NDArray[np.int32]) -> TantivySegment:
        try:
            index = tantivy.Index(_schema(), path=str(folder))
            index.reload()
            return TantivySegment(index, lengths)
        except ValueError as error:
            # Its fields are others: nothing is broken, and what tantivy says of it tells nobody what to do.
            other = "schema does not match" in str(error)
            raise OSError("another version of Portico made it" if other else str(error)) from error


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=False, indexed=True, fast=True)
    for name in FIELDS:
        # The terms are cut before; only the spaces between them are left to see.
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="basic")
    return builder.build()


class TantivySegment(PostingsSegment):
    """One opened tantivy index."""

    def __init__(self, index: Any, lengths: NDArray[np.int32]) -> None:
        super().__init__(lengths)
        self._schema = index.schema
        self._searcher = index.searcher()
        if self._searcher.num_docs != len(lengths):
            raise OSError("The keyword index holds another number of documents than its segment.")

    def read(self, name: str, term: str) -> Postings:
        try:
            written = self._searcher.terms_with_prefix(name, f"{term}{_TIMES}")
            if not written:
                return NOTHING
            hits = self._searcher.search(self._having(name, written), limit=len(self._lengths), count=False).hits
            rows = np.array(self._searcher.fast_field_values("row", [address for _, address in hits]), dtype=np.int32)
        except (ValueError, RuntimeError, OverflowError) as error:
            raise OSError(f"The keyword index cannot be read: {error}") from error
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self._lengths):
            raise OSError("The keyword index names documents that are not there.")
        return rows, np.array([times for times, _ in hits], dtype=np.float32)

    def _having(self, name: str, written: list[tuple[str, int]]) -> Any:
        """Finds the documents with any of the written terms; the score of each is how often its term occurs."""
        clauses = []
        for term, _ in written:
            times = float(term.rpartition(_TIMES)[2])
            query = tantivy.Query.term_query(self._schema, name, term, index_option="basic")
            clauses.append((tantivy.Occur.Should, tantivy.Query.const_score_query(query, times)))
        return tantivy.Query.boolean_query(clauses)
