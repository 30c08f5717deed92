"""The engines that keep an index, opened by name: all of them answer the same tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from knowledge.search.embedded import EmbeddedEngine
from knowledge.search.engine import SearchEngine
from knowledge.search.keyword_engines import keyword_engine
from knowledge.search.postgresql.engine import PostgresEngine
from tests.postgresql import postgresql_url

FOLDER_ENGINES = ("whoosh", "tantivy")
POSTGRES_ENGINES = ("postgresql", "postgresql-without-extension")


@dataclass(frozen=True)
class Place:
    """Where an index lies: a folder, or a schema of a database; other processes can open it by these words."""

    kind: str
    name: str
    url: str = ""

    def open(self) -> SearchEngine:
        """A new object for the same index, as another process would have it."""
        if self.kind in FOLDER_ENGINES:
            return EmbeddedEngine(Path(self.name), keyword_engine(self.kind))
        return PostgresEngine(_connect(self.url), self.name, extension=self.kind == "postgresql")


@cache
def _connect(url: str) -> sa.Engine:
    return sa.create_engine(url)


@cache
def _database() -> str:
    return postgresql_url("portico_search_test")


def new_place(kind: str, folder: Path) -> Place:
    """A place for an index, the same one for the same folder."""
    if kind in FOLDER_ENGINES:
        return Place(kind, str(folder))
    return Place(kind, "s" + str(folder).replace("/", "_")[-50:], _database())
