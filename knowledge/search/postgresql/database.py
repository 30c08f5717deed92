"""Connections for the index: one consistent reading, and writing in one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import IsolationLevel, sql

from knowledge.search.manifest import IndexDamaged

Row = tuple[Any, ...]


class Database:
    """Where one index lies: a schema of a database."""

    def __init__(self, engine: sa.Engine, schema: str) -> None:
        self._engine = engine
        self.schema = schema
        self._current = local()

    def name(self, table: str) -> sql.Identifier:
        """A table of the index, for a statement."""
        return sql.Identifier(self.schema, table)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Row]]:
        """A connection from the pool; what is not committed is undone at the end."""
        try:
            held = self._engine.raw_connection()
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            raise OSError(f"The database does not answer: {error}") from error
        driver: Any = held.driver_connection
        try:
            yield driver
        except psycopg.OperationalError:
            # The server may be gone; the pool must not hand this connection out again.
            held.invalidate()
            raise
        finally:
            if not driver.closed:
                driver.rollback()
            held.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Lets everything that this thread reads inside be of one state of the index."""
        if getattr(self._current, "connection", None) is not None:
            yield
            return
        with self.connection() as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            self._current.connection = connection
            try:
                yield
            finally:
                self._current.connection = None
                if not connection.closed:
                    connection.rollback()
                    connection.isolation_level = None
                    connection.read_only = None

    def fetch(self, statement: sql.Composable | str, values: Sequence[Any] = ()) -> list[Row]:
        """Reads rows, in the state of ``reading`` where that is open.

        :raises OSError: when they cannot be read.
        """
        with self.reading():
            connection: psycopg.Connection[Row] = self._current.connection
            try:
                with connection.cursor(binary=True) as cursor:
                    return cursor.execute(statement, values or None).fetchall()  # type: ignore[arg-type]
            except psycopg.Error as error:
                raise Unreadable(error) from error

    @contextmanager
    def writing(self) -> Iterator[psycopg.Connection[Row]]:
        """A transaction for the one writer; others wait until it ends, however it ends.

        :raises IndexDamaged: when a table is missing or is not what it should be.
        """
        with self.connection() as connection:
            try:
                key = self._key("writer")
                connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
                yield connection
                connection.commit()
            except psycopg.ProgrammingError as error:
                raise IndexDamaged(f"The search index cannot be written: {error}") from error

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[None]:
        """Holds a lock among all nodes for longer than a transaction; the server gives it back when its holder dies."""
        key = self._key(purpose)
        with self.connection() as connection:
            # Not in a transaction, which servers may be set up to end when nothing happens in it for a while.
            connection.autocommit = True
            try:
                connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
                yield
            finally:
                if not connection.closed:
                    connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
                    connection.autocommit = False

    def _key(self, purpose: str) -> str:
        return f"portico search {self.schema} {purpose}"


class Unreadable(OSError):
    """A statement failed; ``missing`` when a table or an extension that it needs is not there."""

    def __init__(self, cause: psycopg.Error) -> None:
        super().__init__(f"The search index cannot be read: {cause}")
        self.missing = isinstance(cause, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName)
