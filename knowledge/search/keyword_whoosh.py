"""The default keyword engine: Whoosh keeps the postings, the ranking is BM25F over all fields at once.

Whoosh's own scorer weighs each field by itself and walks the postings one by one in Python, which takes
tens of milliseconds for a sentence; ``postings`` scores whole arrays instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import index
from whoosh.analysis.acore import Composable, Token
from whoosh.fields import TEXT, Schema
from whoosh.reading import TermNotFound

from knowledge.search.keyword import FIELDS, DocumentTerms
from knowledge.search.postings import NOTHING, Postings, PostingsSegment

_WRITER_MEMORY_MB = 64


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


class WhooshSegment(PostingsSegment):
    """One opened Whoosh index whose document numbers are the rows of the segment."""

    def __init__(self, reader: Any, lengths: NDArray[np.int32]) -> None:
        if reader.doc_count_all() != len(lengths):
            raise OSError("The keyword index holds another number of documents than its segment.")
        super().__init__(lengths)
        self._reader = reader

    def read(self, name: str, term: str) -> Postings:
        # Whoosh's readers share a file position, so it matters that only one thread reads at a time.
        rows, weights = [], []
        try:
            matcher = self._reader.postings(name, term)
            while matcher.is_active():
                rows.append(matcher.id())
                weights.append(matcher.weight())
                matcher.next()
        except TermNotFound:
            return NOTHING
        except Exception as error:
            raise OSError(f"The keyword index cannot be read: {error}") from error
        if rows and not 0 <= min(rows) <= max(rows) < len(self._lengths):
            raise OSError("The keyword index names documents that are not there.")
        return np.array(rows, dtype=np.int32), np.array(weights, dtype=np.float32)
