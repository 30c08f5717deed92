"""Alembic's environment. It is run by ``portico upgrade`` and by the tests, which hand over a connection."""

from typing import Any, Literal

from alembic import context

from migrations.metadata import metadata
from portal.core.db import UTCDateTime


def render_item(kind: str, item: Any, autogenerate_context: Any) -> str | Literal[False]:
    """Write our own column types as what they are in the database: a migration imports nothing of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render_item,
    transactional_ddl=True,
    # All of them or none: the version before knows no state in between, and would refuse to run on it.
    transaction_per_migration=False,
    on_version_apply=context.config.attributes.get("on_step"),
)
with context.begin_transaction():
    context.run_migrations()
