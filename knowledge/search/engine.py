"""What keeps an index: the one interface behind which the embedded engine and PostgreSQL stand.

An engine stores documents, gives the scores of the keyword half and the cosines of the meaning half, and
hands out the words, passages and facts of documents. Understanding, spelling, fusion, folding, quoting and
counting are the same for every engine and know nothing of where the index lies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import Passage, SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.keyword import KeywordSegment, Mask, Scores
from knowledge.search.segment import Facts

if TYPE_CHECKING:
    from knowledge.search.embedding import Progress
    from knowledge.search.snapshot import Snapshot

Rows = NDArray[np.int64]


class Words(Protocol):
    """The distinct words of each document: numbers into a lexicon, one document after the other."""

    lexicon: list[str]
    values: NDArray[np.int32]
    starts: NDArray[np.int64]


class SearchSegment(Protocol):
    """Some documents of an index, in rows from 0. It never changes while it is held, but for what it has cached."""

    name: str
    facts: list[Facts]
    passage_starts: NDArray[np.int64]
    """Where the passages of each row begin among all passages of the segment, [rows + 1]."""
    signatures: NDArray[np.uint32]
    lengths: NDArray[np.int32]
    """How many terms each row has by weighted field, [rows, fields]."""

    @property
    def spoken(self) -> Words: ...
    @property
    def keyword(self) -> KeywordSegment: ...

    def __len__(self) -> int: ...

    def model_of(self, row: int) -> dict[str, str]:
        """What made the vectors of a row; empty when it has none."""

    def similarities(
        self, query: NDArray[np.float32], model: dict[str, str], allowed: Mask, wanted: Rows
    ) -> Scores | None:
        """The cosine of a query to the passages, [passages]; None when the segment has no vectors of that model.

        An engine may leave passages at 0 that are not among the nearest; those of the wanted rows are always exact.

        :param query: a vector of length one, [dimensions].
        :param allowed: the rows that the reader may see, [rows].
        """

    def means(self) -> NDArray[np.float32]:
        """The mean of the vectors of each row's passages; zero for rows without any, [rows, dimensions]."""

    def runs(self, rows: Sequence[int]) -> list[NDArray[np.int32]]:
        """The order of the words of some rows, as term numbers."""

    def term_number(self, term: str) -> int | None:
        """The number of a term in ``runs``; None when no document has it."""

    def passages_at(self, places: Sequence[tuple[int, int]]) -> list[Passage]:
        """Some passages, each given by its row and its number within the row."""


class SearchEngine(Protocol):
    """Keeps one index. One object serves all threads of a process; many processes may use one index."""

    name: str

    @property
    def damage(self) -> str | None:
        """Why the index cannot be read and must be rebuilt, in words."""

    @property
    def notice(self) -> str | None:
        """What administrators should know although search works, in words."""

    def reading(self) -> AbstractContextManager[None]:
        """Lets everything that is read inside be of one state.

        :raises OSError: when the index cannot be reached.
        """

    def snapshot(self) -> Snapshot[Any]:
        """The newest state that can be read; the last good one, or an empty one, when the newest is damaged."""

    def mark_damaged(self, error: Exception) -> None:
        """Remembers that reading failed, for the state that administrators see."""

    def verify(self) -> None:
        """Looks for damage that no query has met yet, and sets ``damage``."""

    def apply(self, documents: Iterable[SearchDocument], removed: Collection[int], embedder: Embedder | None) -> int:
        """Adds or replaces documents and removes others, in one step.

        Documents that are indexed as they are already are passed over, so that a job may safely run again.

        :param embedder: None leaves them without vectors until ``reembed``.
        :returns: how many documents were changed.
        :raises IndexDamaged: when the present state cannot be read; rebuild it.
        """

    def rebuild(
        self,
        documents: Iterable[SearchDocument],
        embedder: Embedder | None,
        progress: Progress | None = None,
        threads: int = 1,
    ) -> int:
        """Builds the whole index anew beside the live one, then switches in one step.

        What others add, change or remove in the live index meanwhile is carried over.

        :returns: how many documents the new index was built from.
        """

    def reembed(self, embedder: Embedder, progress: Progress | None = None, threads: int = 1) -> int:
        """Gives vectors of the present model to all documents that have none or another model's.

        Search goes on meanwhile, by keyword for the documents that are not done yet.

        :returns: 0 when there was nothing to do.
        """
