"""Let the worker make exports in Markdown, too."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

TABLE = "article_transfer"
KINDS = ("ck_article_transfer_transferkind_values", "kind IN ('pdf', 'markdown', 'import_preview', 'import')")
STATES = ("ck_article_transfer_transferstate_values", "state IN ('waiting', 'running', 'done', 'failed')")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite makes the table anew, and Alembic takes no check constraint along.
        with op.batch_alter_table(TABLE, recreate="always") as batch_op:
            for name, condition in (KINDS, STATES):
                batch_op.create_check_constraint(op.f(name), condition)
    else:
        op.drop_constraint(op.f(KINDS[0]), TABLE, type_="check")
        op.create_check_constraint(op.f(KINDS[0]), TABLE, sa.text(KINDS[1]))
