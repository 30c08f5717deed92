"""Let agents link articles to tickets, beside what was offered before the ticket."""

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0018"

USES = "\"use\" IN ('shown', 'opened', 'rejected', 'helped', 'linked')"
CHECK = "ck_ticket_article_articleuse_values"
OLD_KEY, NEW_KEY = "uq_ticket_article_ticket_id_article_id", "uq_ticket_article_ticket_id_article_id_use"
COLUMNS = ["ticket_id", "article_id", "use"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite makes the table anew, and Alembic takes no check constraint along.
        with op.batch_alter_table("ticket_article", recreate="always") as batch_op:
            batch_op.drop_constraint(op.f(OLD_KEY), type_="unique")
            batch_op.create_unique_constraint(op.f(NEW_KEY), COLUMNS)
            batch_op.create_check_constraint(op.f(CHECK), USES)
    else:
        op.drop_constraint(op.f(OLD_KEY), "ticket_article", type_="unique")
        op.create_unique_constraint(op.f(NEW_KEY), "ticket_article", COLUMNS)
        op.drop_constraint(op.f(CHECK), "ticket_article", type_="check")
        op.create_check_constraint(op.f(CHECK), "ticket_article", sa.text(USES))
