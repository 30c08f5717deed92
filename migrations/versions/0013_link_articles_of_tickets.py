"""Let the articles of tickets and conversations be articles: what was offered goes with the article."""

import sqlalchemy as sa
from alembic import op


revision = "0013"
down_revision = "0012"

USES = "\"use\" IN ('shown', 'opened', 'rejected', 'helped')"


def upgrade() -> None:
    for table in ("ticket_article", "conversation_article"):
        # Until now nothing kept a row from naming an article that does not exist.
        op.execute(f"DELETE FROM {table} WHERE article_id NOT IN (SELECT id FROM article)")
        key, targets = op.f(f"fk_{table}_article_id"), (["article_id"], ["id"])
        if op.get_bind().dialect.name == "sqlite":
            # SQLite makes the table anew, and Alembic takes no check constraint along.
            with op.batch_alter_table(table, recreate="always") as batch_op:
                batch_op.create_check_constraint(op.f(f"ck_{table}_articleuse_values"), USES)
                batch_op.create_foreign_key(key, "article", *targets, ondelete="CASCADE")
        else:
            op.create_foreign_key(key, table, "article", *targets, ondelete="CASCADE")
