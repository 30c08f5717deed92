"""The database: one session, typed columns, and the only place that configures an engine.

SQLite and PostgreSQL behave alike here: foreign keys hold, times are aware and in UTC, and a unit of work that
will write waits for its turn with its first writing statement instead of failing in the middle.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from inspect import iscoroutinefunction
from time import monotonic, sleep
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column

from portal.core import clock
from portal.core.settings import Settings

SQLITE_BUSY_MILLISECONDS = 15_000
SECONDS_BETWEEN_LOOKS = 0.001
_BEGINS_LATER = "portico.begins_later"
_HAS_WRITTEN = "portico.has_written"

# True while the current unit of work is going to write. On SQLite its transaction then begins with its first writing
# statement, as BEGIN IMMEDIATE: begun by a read, it would fail at once when another writer came in between. What it
# reads before that is what PostgreSQL gives as well (READ COMMITTED), and holds up nobody.
_writing: ContextVar[bool] = ContextVar("writing", default=False)

db = SQLAlchemy(session_options={"expire_on_commit": False})


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment, stored in UTC on every engine; a naive value is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone cannot be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[StrEnum], length: int = 40, *, constraint: str | None = None) -> sa.Enum:
    """Return a column type that stores the values of ``kind`` as text with a check constraint.

    ``constraint`` names the constraint where a table has two columns of one kind; by default it is named after it.
    """
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=length,
        name=constraint or f"{kind.__name__.lower()}_values",
        values_callable=lambda members: [member.value for member in members],
    )


class Model(DeclarativeBase):
    """Base of every table; ``id`` is the key unless a class says otherwise."""

    # Rows that come and go all day, as tickets, are no facts: what is remembered of others need not be read anew.
    is_fact: ClassVar[bool] = True

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime(),
        str: sa.Text(),
        dict[str, Any]: sa.JSON(),
        dict[str, dict[str, str]]: sa.JSON(),
        list[str]: sa.JSON(),
    }


class Identified:
    """Mixin: a numeric key."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


class Timestamped:
    """Mixin: when a row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=99)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now, sort_order=99)


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its engine."""
    # The connection used last is given out first: what it has read is still in its memory.
    options: dict[str, Any] = {"url": settings.database_url, "pool_use_lifo": True}
    # One for each thread, and some more for those that need a second one for a moment (``reading``, ``writing_apart``):
    # threads that all hold their first and wait for a second would wait for each other.
    options |= {"pool_size": max(settings.web_threads, settings.job_threads) + 1, "max_overflow": 5}
    if settings.uses_sqlite:
        options["connect_args"] = {"timeout": SQLITE_BUSY_MILLISECONDS / 1000}
    else:
        options["pool_pre_ping"] = True
    app.config["SQLALCHEMY_ENGINES"] = {"default": options}
    db.init_app(app)
    # The extension also closes asynchronous sessions, which we never open; Flask would start a thread for it at the
    # end of every request, which takes longer than many a page.
    app.teardown_appcontext_funcs = [
        function for function in app.teardown_appcontext_funcs if not iscoroutinefunction(function)
    ]
    if not event.contains(Session, "after_begin", _has_not_written):
        event.listen(Session, "after_begin", _has_not_written)
    with app.app_context():
        configure_engine(db.engine)


def _has_not_written(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        connection.info[_HAS_WRITTEN] = False


def configure_engine(engine: Engine) -> None:
    """Let an engine know which transactions have written, and set on it what SQLite needs."""
    if engine.dialect.name == "sqlite":
        _configure_sqlite(engine)

    @event.listens_for(engine, "before_cursor_execute")
    def notes_writing(connection: Connection, _c: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
        if not connection.info.get(_HAS_WRITTEN) and _writes(statement, context):
            connection.info[_HAS_WRITTEN] = True


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, record: Any) -> None:
        # The driver must not open transactions by itself: the listener below does, so that also DDL is in one.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {SQLITE_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "cache_size = -16000",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.info[_BEGINS_LATER] = _writing.get()
        if not _writing.get():
            connection.exec_driver_sql("BEGIN")

    @event.listens_for(engine, "before_cursor_execute")
    def before_statement(connection: Connection, _c: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
        if connection.info.get(_BEGINS_LATER) and _writes(statement, context):
            _begin_writing(connection)

    @event.listens_for(engine, "savepoint")
    def before_savepoint(connection: Connection, _name: str) -> None:
        if connection.info.get(_BEGINS_LATER):
            _begin_writing(connection)


def _writes(statement: str, context: Any) -> bool:
    """Whether a statement changes something, or reads what nobody else may change from now on."""
    asked = context.compiled.statement if context.compiled else None
    if isinstance(asked, sa.Select):
        # What asks for rows to be locked changes nothing, and on SQLite all rows are locked or none.
        return asked._for_update_arg is not None  # noqa: SLF001 (nothing else tells it)
    return not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "EXPLAIN"))


def _begin_writing(connection: Connection) -> None:
    """Wait for the turn to write on SQLite.

    SQLite's own waiting looks ever more rarely, up to ten times a second, so whoever has waited longest loses against
    whoever has just come. Looking evenly gives everybody the same chance. The driver is asked itself, because each
    look that fails would otherwise cost more than the statement that is waiting.
    """
    until = monotonic() + SQLITE_BUSY_MILLISECONDS / 1000
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    connection.info[_BEGINS_LATER] = False
    driver.execute("PRAGMA busy_timeout = 0").close()
    try:
        while not _has_begun(driver, give_up=monotonic() > until):
            sleep(SECONDS_BETWEEN_LOOKS)
    except BaseException:
        # Without its transaction nothing may be written.
        connection.info[_BEGINS_LATER] = True
        raise
    finally:
        driver.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MILLISECONDS}").close()


def _has_begun(driver: sqlite3.Connection, *, give_up: bool) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE").close()
    except sqlite3.OperationalError as error:
        # While a result on this connection is read half-way, what it sees is fixed (SQLITE_BUSY_SNAPSHOT): no waiting
        # helps once somebody else has written.
        if give_up or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, error) from error
        return False
    return True


def set_writing(will_write: bool) -> None:
    """Declare for the current request whether transactions begun from now on will write."""
    _writing.set(will_write)


@contextmanager
def writing() -> Iterator[None]:
    """Declare that transactions begun inside will write."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


def has_written() -> bool:
    """Whether what the current transaction reads may be something that it has changed itself."""
    session = db.session
    if session.new or session.dirty or session.deleted:
        return True
    return session.in_transaction() and bool(session.connection().info.get(_HAS_WRITTEN))


@cache
def plain_insert(kind: type[Model]) -> sa.Insert:
    """Return the statement that adds rows nobody has in hand: it takes a fraction of the time of adding objects."""
    return sa.insert(kind.metadata.tables[kind.__tablename__])


def lock_rows(query: sa.Select[Any]) -> None:
    """Keep others from changing the rows a query finds, until the end of the transaction.

    The answer is read to its end: one left half-read would fix what its connection sees for as long as it lies about,
    and SQLite then lets nobody write there.
    """
    db.session.execute(query.with_for_update()).all()


@contextmanager
def reading() -> Iterator[Connection]:
    """Give a connection of its own for reading, also within a request that writes later.

    For what has to be known before slow work outside any transaction, as the hash before a password is compared.
    """
    token = _writing.set(False)
    try:
        with db.sessionmaker() as session:
            # Without what a session knows of rows, a plain statement takes half the time.
            yield session.connection()
    finally:
        _writing.reset(token)


@contextmanager
def writing_apart() -> Iterator[Connection]:
    """Give a connection whose transaction is committed at the end, for what others must not wait long for.

    It is the current one, which others wait for already, once that has written or when it began by reading: on SQLite
    the two would wait for each other.
    """
    if has_written() or not _writing.get():
        yield db.session.connection()
        return
    with db.sessionmaker() as session:
        yield session.connection()
        session.commit()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Commit at the end, roll back on any error: the edge for commands and jobs, as ``@commits`` is for requests."""
    with writing():
        # A transaction begun for reading must not be carried into the one that writes.
        db.session.rollback()
        try:
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
