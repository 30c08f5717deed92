"""Bringing the database to this version: one node at a time, all migrations in one transaction."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from portal.core.db import unit_of_work, writing
from portal.core.errors import ConfigurationError
from portal.core.settings import Settings
from portal.operations.preflight import DatabaseState, check_database, make_engine

# Any number, the same on every node: it names the lock among those of the database.
ADVISORY_LOCK = 7_316_045_218


class UpgradeFailed(ConfigurationError):
    """A migration failed; the database is as it was before the upgrade."""


def upgrade_database(settings: Settings, *, say: Callable[[str], object]) -> DatabaseState:
    """Check the database, run what is missing, and give the built-in roles what this version adds.

    Another node that upgrades at the same time is waited for. Returns the state that was found.

    Raises:
        PreflightFailed: the database cannot be upgraded; nothing was touched.
        UpgradeFailed: a migration failed and all were rolled back; the text names it.
    """
    engine = make_engine(settings)
    try:
        with _only_one(settings, engine):
            state = check_database(settings, engine)
            if not state.is_current:
                say(f"Upgrading the database from {state.current or 'nothing'} to {state.head}")
                migrate(engine)
            _apply_roles(settings)
    finally:
        engine.dispose()
    return state


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run the missing migrations in one transaction, so that the version before still runs when one of them fails.

    SQLite changes a table by copying it, which must not fire the foreign keys of others; they are off meanwhile and
    checked as a whole after each migration.
    """
    # Only this command needs Alembic; the processes that merely look at the state stay without it.
    from migrations.commands import upgrade

    running = ""

    def note(*, step: Any, ctx: Any, **_: Any) -> None:
        nonlocal running
        running = step.up_revision_id
        _refuse_dangling(ctx.connection)

    with engine.connect() as connection, writing():
        if engine.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        try:
            upgrade(connection, revision, on_step=note)
        except Exception as error:
            after = f"after revision {running}" if running else "at its first step"
            raise UpgradeFailed(
                f"The upgrade failed {after}: {str(error).strip().splitlines()[0]}. Everything was rolled back: the "
                "database is as it was, and the version before still runs on it. Report this with the words above."
            ) from error


def _refuse_dangling(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if dangling is not None:
            raise RuntimeError(f"a row of {dangling[0]} would name a missing row of {dangling[2]}")


def _apply_roles(settings: Settings) -> None:
    # Building the application takes a moment that --check and the pre-flight need not spend.
    from portal.app import FEATURES, create_app
    from portal.directory.roles import apply_builtin_roles

    with create_app(settings).app_context(), unit_of_work():
        apply_builtin_roles(FEATURES)


@contextmanager
def _only_one(settings: Settings, engine: Engine) -> Iterator[None]:
    """Hold the lock of upgrades: in the database for PostgreSQL, a file in the data folder for SQLite."""
    if engine.dialect.name != "sqlite":
        # A server that does not answer gets its sentence here, before anything is asked of it.
        check_database(settings, engine)
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(sa.select(sa.func.pg_advisory_lock(ADVISORY_LOCK)))
            # The lock belongs to the connection and ends with it, also when this process is killed.
            yield
        return
    with (settings.data_dir / "upgrade.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
