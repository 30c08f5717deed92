"""Keep how far each known error is."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

STATES = "error_state IN ('open', 'workaround', 'resolved')"


def upgrade() -> None:
    # SQLite adds a column with its check, and Alembic would make the whole table anew for it.
    op.execute(
        f"ALTER TABLE article ADD COLUMN error_state VARCHAR(40) CONSTRAINT ck_article_errorstate_values CHECK ({STATES})"
    )
    op.add_column("article", sa.Column("error_state_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("article", sa.Column("error_note", sa.String(length=300), nullable=False, server_default=""))
