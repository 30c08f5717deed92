"""What must hold before the database is touched or served; each failure is a sentence with what to do."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from migrations.revisions import current_revision, known_revisions, newest_revision
from portal.core.db import configure_engine
from portal.core.errors import ConfigurationError
from portal.core.settings import Settings

LEAST_SQLITE = (3, 35)
LEAST_POSTGRESQL = (14, 0)
LEAST_FREE_BYTES = 100 * 1024 * 1024


class PreflightFailed(ConfigurationError):
    """The database cannot be upgraded or served as it is."""


@dataclass(frozen=True)
class DatabaseState:
    """Which revision the database has and which this program wants; ``current`` is None for an empty database."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        return self.current == self.head


def make_engine(settings: Settings) -> Engine:
    engine = sa.create_engine(settings.database_url, poolclass=sa.NullPool)
    configure_engine(engine)
    return engine


def check_database(settings: Settings, engine: Engine) -> DatabaseState:
    """Make sure the database can be upgraded and return its state; changes nothing.

    Raises:
        PreflightFailed: unreachable, too old an engine, not writable, too little space, or tables of unknown origin.
    """
    _check_disk(settings)
    try:
        with engine.connect() as connection:
            _check_engine(connection)
            _check_writable(connection)
            return _state(connection)
    except DBAPIError as error:
        raise PreflightFailed(
            f"The database {engine.url.render_as_string()} cannot be used: {_first_line(error)}. "
            "Check PORTICO_DATABASE_URL and that the database server runs and lets this user in."
        ) from error


def refuse_unless_current(settings: Settings) -> None:
    """Raise when the database is not exactly at this program's revision: nothing may be served from it."""
    engine = make_engine(settings)
    state = check_database(settings, engine)
    engine.dispose()
    if not state.is_current:
        has = "is empty" if state.current is None else f"has revision {state.current}"
        raise PreflightFailed(
            f"The database {has}, this version needs revision {state.head}. Run “portico upgrade” and start again."
        )


def _check_disk(settings: Settings) -> None:
    free = shutil.disk_usage(settings.data_dir).free
    if free < LEAST_FREE_BYTES:
        raise PreflightFailed(
            f"Only {free // 1024**2} MiB are free for the data folder {settings.data_dir}; "
            f"Portico needs {LEAST_FREE_BYTES // 1024**2} MiB. Make room and try again."
        )


def _check_engine(connection: Connection) -> None:
    name, found = connection.dialect.name, connection.dialect.server_version_info or (0,)
    words, least = ("SQLite", LEAST_SQLITE) if name == "sqlite" else ("PostgreSQL", LEAST_POSTGRESQL)
    if found < least:
        raise PreflightFailed(
            f"{words} {'.'.join(map(str, found))} is too old; Portico needs {words} {'.'.join(map(str, least))} or newer."
        )


def _check_writable(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        path = Path(connection.engine.url.database or "")
        if not (os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))):
            raise PreflightFailed(
                f"The database file {path} cannot be written. Give this user the right to write there."
            )
        return
    read_only, may_create, may_search = connection.execute(
        sa.text(
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',"
            " current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE'),"
            # The search index lies in a schema of its own.
            " CASE WHEN to_regnamespace('portico_search') IS NULL"
            " THEN has_database_privilege(current_database(), 'CREATE')"
            " ELSE has_schema_privilege('portico_search', 'CREATE') END"
        )
    ).one()
    if read_only:
        raise PreflightFailed(
            "The database is read-only (a replica?). Point PORTICO_DATABASE_URL at the primary server."
        )
    if not may_create:
        raise PreflightFailed(
            "The database user may not make tables. Grant it CREATE on the schema, "
            "for example by making it the owner of the database."
        )
    if not may_search:
        raise PreflightFailed(
            "The database user may not make the schema “portico_search” for the search index. Grant it CREATE on the "
            "database, for example by making it the owner of the database."
        )


def _state(connection: Connection) -> DatabaseState:
    current = current_revision(connection)
    tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    if current is None and tables:
        some = ", ".join(sorted(tables)[:3])
        raise PreflightFailed(
            f"The database holds tables ({some}) but no revision of Portico: it belongs to something else, or an "
            "upgrade was cut off by hand. Use an empty database, or restore the last backup."
        )
    if current is not None and current not in known_revisions():
        raise PreflightFailed(
            f"The database was made by a newer version of Portico (revision {current}; this version knows up to "
            f"{newest_revision()}). Install that version, or restore a backup from before its upgrade."
        )
    return DatabaseState(current, newest_revision())


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0].strip() if str(error.orig).strip() else type(error.orig).__name__
