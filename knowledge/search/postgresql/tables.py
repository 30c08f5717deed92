"""The tables of the index. They are not of the application's own schema: everything in them can be made again.

``state`` is one row that says which build counts. Each build has tables of its own, so that a rebuild stands
beside the live one and a switch is the change of one number. Within a build each version of a document has a
number of its own that is never used again. Rows are written once; a document that changes gets a new number,
and postings of numbers that are gone mean nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from knowledge.search.postgresql.database import Database, Row

FORMAT = 1
"""Raised whenever tables written by an older version can no longer be read."""

_STATE = """
CREATE TABLE IF NOT EXISTS {state} (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    format integer NOT NULL,
    build integer NOT NULL,
    generation bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS {builds} (
    build integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    last_number integer NOT NULL DEFAULT 0,
    changes integer NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS {model} (
    build integer,
    number integer,
    record text NOT NULL,
    indexed boolean NOT NULL,
    PRIMARY KEY (build, number)
);
INSERT INTO {state} (format, build, generation) VALUES (%s, 0, 0) ON CONFLICT DO NOTHING;
"""

_BUILD = """
CREATE TABLE {document} (
    number integer PRIMARY KEY,
    id bigint NOT NULL UNIQUE,
    digest text NOT NULL,
    facts bytea NOT NULL,
    model integer,
    passages integer NOT NULL,
    lengths bytea NOT NULL,
    signature bytea NOT NULL,
    spoken bytea NOT NULL,
    sequence bytea NOT NULL,
    source bytea NOT NULL
);
CREATE TABLE {passage} (
    number integer,
    ordinal integer,
    content bytea NOT NULL,
    PRIMARY KEY (number, ordinal)
);
CREATE TABLE {posting} (term text COLLATE "C" NOT NULL, rows bytea NOT NULL);
"""
# Postings and vectors are indexed once a build is filled.
_POSTING_INDEX = "CREATE INDEX IF NOT EXISTS {index} ON {posting} (term)"
_VECTOR = """
CREATE TABLE {vector} (
    number integer,
    ordinal integer,
    audience bigint NOT NULL,
    embedding {type} NOT NULL,
    PRIMARY KEY (number, ordinal)
)
"""
_VECTOR_INDEX = "CREATE INDEX IF NOT EXISTS {index} ON {vector} USING hnsw (embedding vector_ip_ops)"
_VECTOR_INDEX_MEMORY = "1GB"
"""What the server may use to build the index of the vectors; one that does not fit is built far more slowly."""
_SCHEMA_EXISTS = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)"
_EXTENSION = """
SELECT (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
       (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')
"""
_OLDEST_EXTENSION = (0, 8)
"""The first pgvector whose index goes on searching when too few of what it found may be seen."""
_TABLES_OF_BUILDS = """
SELECT tablename, split_part(tablename, '_', 2) FROM pg_tables
WHERE schemaname = %s AND tablename ~ '^(document|passage|posting|vector)_[0-9]+(_[0-9]+)?$'
"""


@dataclass(frozen=True)
class Build:
    """The names of the tables of one build."""

    database: Database
    number: int

    def table(self, kind: str) -> sql.Identifier:
        """``document``, ``passage`` or ``posting``."""
        return self.database.name(f"{kind}_{self.number}")

    def vectors(self, model: int) -> sql.Identifier:
        """The vectors that one model made."""
        return self.database.name(f"vector_{self.number}_{model}")

    def format(self, statement: str, **names: sql.Composable) -> sql.Composed:
        """A statement with the names of the tables put in."""
        tables: dict[str, sql.Composable] = {
            kind: self.table(kind) for kind in ("document", "passage", "posting") if f"{{{kind}}}" in statement
        }
        return sql.SQL(statement).format(**(tables | names))


def make_state(connection: psycopg.Connection[Row], database: Database) -> None:
    """Makes the schema and its first tables when they are not there."""
    present: Any = connection.execute(_SCHEMA_EXISTS, [database.schema]).fetchone()
    if not present[0]:
        # Asked for first: whoever may not make schemas may still work in one that was made for them.
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(database.schema)))
    names = {name: database.name(name) for name in ("state", "builds", "model")}
    for statement in filter(str.strip, _STATE.split(";")):
        made = sql.SQL(statement).format(**names)
        connection.execute(made, [FORMAT] if "%s" in statement else None)


def make_build(connection: psycopg.Connection[Row], database: Database) -> Build:
    """Makes the empty tables of a new build, which nothing refers to yet."""
    begin = sql.SQL("INSERT INTO {} DEFAULT VALUES RETURNING build").format(database.name("builds"))
    row: Any = connection.execute(begin).fetchone()
    build = Build(database, row[0])
    for statement in filter(str.strip, _BUILD.split(";")):
        connection.execute(build.format(statement))
    return build


def make_vectors(connection: psycopg.Connection[Row], build: Build, model: int, dimensions: int | None) -> None:
    """Makes the table for the vectors of a model: for pgvector, or as plain bytes when ``dimensions`` is None."""
    kind = sql.SQL("bytea") if dimensions is None else sql.SQL(f"vector({int(dimensions)})")
    connection.execute(sql.SQL(_VECTOR).format(vector=build.vectors(model), type=kind))


def index_postings(connection: psycopg.Connection[Row], build: Build) -> None:
    """Indexes the postings of a build."""
    index = sql.Identifier(f"posting_{build.number}_term")
    connection.execute(build.format(_POSTING_INDEX, index=index))


def index_vectors(connection: psycopg.Connection[Row], build: Build, model: int) -> None:
    """Indexes the vectors of a model for pgvector."""
    connection.execute(f"SET LOCAL maintenance_work_mem = '{_VECTOR_INDEX_MEMORY}'")
    # Parallel building needs shared memory that containers seldom have.
    connection.execute("SET LOCAL max_parallel_maintenance_workers = 0")
    index = sql.Identifier(f"vector_{build.number}_{model}_near")
    connection.execute(sql.SQL(_VECTOR_INDEX).format(index=index, vector=build.vectors(model)))


def take_numbers(connection: psycopg.Connection[Row], build: Build, count: int) -> int:
    """Takes numbers for new documents of a build, and gives the first of them."""
    take = sql.SQL("UPDATE {} SET last_number = last_number + %s WHERE build = %s RETURNING last_number")
    row: Any = connection.execute(take.format(build.database.name("builds")), [count, build.number]).fetchone()
    return int(row[0]) - count + 1


def count_changes(connection: psycopg.Connection[Row], build: Build, change: str) -> int:
    """Changes the count of changes since the postings were packed, by an SQL expression, and gives it."""
    count = sql.SQL("UPDATE {} SET changes = {} WHERE build = %s RETURNING changes")  # A constant of our own.
    statement = count.format(build.database.name("builds"), sql.SQL(change))
    row: Any = connection.execute(statement, [build.number]).fetchone()
    return int(row[0])


def forget_builds(connection: psycopg.Connection[Row], database: Database, live: int) -> list[sql.Identifier]:
    """Forgets all builds but one, and gives the tables that are left of them."""
    for table in ("model", "builds"):
        forget = sql.SQL("DELETE FROM {} WHERE build <> %s").format(database.name(table))
        connection.execute(forget, [live])
    rows = connection.execute(_TABLES_OF_BUILDS, [database.schema]).fetchall()
    return [database.name(name) for name, number in rows if int(number) != live]


def begin_anew_when_foreign(connection: psycopg.Connection[Row], database: Database) -> None:
    """Drops everything that another version of the program wrote and this one cannot read."""
    try:
        with connection.transaction():
            row = connection.execute(sql.SQL("SELECT format FROM {}").format(database.name("state"))).fetchone()
            foreign = row is not None and row[0] != FORMAT
    except psycopg.ProgrammingError:
        foreign = True
    if foreign:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(database.schema)))


def extension_ready(connection: psycopg.Connection[Row]) -> bool:
    """Whether pgvector can be used; it is switched on when it is installed and this user may do that."""
    installed, available = connection.execute(_EXTENSION).fetchone() or (None, None)
    if installed or not _is_new_enough(available):
        return _is_new_enough(installed)
    try:
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.Error:
        return False
    return True


def extension_in_use(database: Database) -> bool:
    """Whether pgvector is switched on, in a version that can be used."""
    return _is_new_enough(database.fetch(_EXTENSION)[0][0])


def _is_new_enough(version: str | None) -> bool:
    numbers = tuple(int(part) for part in (version or "0").split(".") if part.isdigit())
    return numbers >= _OLDEST_EXTENSION
