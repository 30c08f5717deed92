"""The engine on PostgreSQL; see ``knowledge.search.engine.SearchEngine``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from knowledge.search.document import SearchDocument
from knowledge.search.embedder import Embedder
from knowledge.search.embedding import Progress
from knowledge.search.postgresql.database import Database
from knowledge.search.postgresql.reader import NAME, Reader
from knowledge.search.postgresql.rebuild import rebuild, reembed
from knowledge.search.postgresql.segment import PostgresSegment
from knowledge.search.postgresql.writer import Writer
from knowledge.search.snapshot import Snapshot

SCHEMA = "portico_search"


class PostgresEngine:
    """An index in a schema of a database, searched by any number of nodes."""

    name = NAME

    def __init__(self, engine: sa.Engine, schema: str = SCHEMA, *, extension: bool = True) -> None:
        """Opens nothing yet.

        :param engine: of psycopg 3.
        :param extension: False goes without pgvector even where it is there.
        """
        self.database = Database(engine, schema)
        self._reader = Reader(self.database)
        self._writer = Writer(self.database, self._reader, extension=extension)

    @property
    def damage(self) -> str | None:
        """Why the index cannot be read and must be rebuilt, in words."""
        return self._reader.damage

    @property
    def notice(self) -> str | None:
        """What administrators should know although search works, in words."""
        return self._reader.notice

    def reading(self) -> AbstractContextManager[None]:
        return self.database.reading()

    def snapshot(self) -> Snapshot[PostgresSegment]:
        return self._reader.snapshot()

    def mark_damaged(self, error: Exception) -> None:
        self._reader.mark_damaged(error)

    def verify(self) -> None:
        self._reader.verify()

    def apply(self, documents: Iterable[SearchDocument], removed: Collection[int], embedder: Embedder | None) -> int:
        return self._writer.apply(documents, removed, embedder)

    def rebuild(
        self,
        documents: Iterable[SearchDocument],
        embedder: Embedder | None,
        progress: Progress | None = None,
        threads: int = 1,
    ) -> int:
        return rebuild(self._writer, documents, embedder, progress, threads)

    def reembed(self, embedder: Embedder, progress: Progress | None = None, threads: int = 1) -> int:
        return reembed(self._writer, embedder, progress, threads)
