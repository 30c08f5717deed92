"""Alembic's commands on a connection of ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

FOLDER = Path(__file__).parent


def config_for(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """Return the newest revision this program knows."""
    head = ScriptDirectory.from_config(config_for()).get_current_head()
    if head is None:
        raise RuntimeError("There is no migration.")
    return head


def known_revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config_for()).walk_revisions()}


def upgrade(connection: Connection, revision: str = "head", *, on_step: Callable[..., Any] | None = None) -> None:
    """Run the missing migrations: in the connection's transaction if it has one, else all of them in one.

    ``on_step`` is called at the end of each migration, inside the transaction.
    """
    config = config_for(connection)
    config.attributes["on_step"] = on_step
    command.upgrade(config, revision)
