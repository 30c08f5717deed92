"""Which revisions there are, without Alembic: every process asks this, and few migrate."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

FOLDER = Path(__file__).parent / "versions"


@cache
def known_revisions() -> frozenset[str]:
    """Return every revision of this program: the numbers its migration files begin with."""
    return frozenset(path.name.partition("_")[0] for path in FOLDER.glob("[0-9]*_*.py"))


def newest_revision() -> str:
    return max(known_revisions())


def current_revision(connection: Connection) -> str | None:
    """Return the revision a database has, None when it has none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision
