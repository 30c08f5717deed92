"""The engine that keeps the index in a folder of this machine: a keyword engine and memory-mapped vectors."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import Progress
from knowledge.search.keyword import KeywordEngine
from knowledge.search.keyword_whoosh import WhooshEngine
from knowledge.search.rebuild import rebuild, reembed
from knowledge.search.store import Store


class EmbeddedEngine(Store):
    """An index in a folder; see ``knowledge.search.engine.SearchEngine``."""

    notice: str | None = None

    def __init__(self, root: Path, keyword: KeywordEngine | None = None) -> None:
        """Opens nothing yet: nothing is read or written before it is needed."""
        super().__init__(root, keyword or WhooshEngine())
        self.name = self.engine.name

    def reading(self) -> AbstractContextManager[None]:
        # What is read is a snapshot that holds its files open.
        return nullcontext()

    def verify(self) -> None:
        """Opening a segment has looked at all its files."""

    def rebuild(
        self,
        documents: Iterable[SearchDocument],
        embedder: Embedder | None,
        progress: Progress | None = None,
        threads: int = 1,
    ) -> int:
        return rebuild(self, documents, embedder, progress, threads)

    def reembed(self, embedder: Embedder, progress: Progress | None = None, threads: int = 1) -> int:
        return reembed(self, embedder, progress, threads)
