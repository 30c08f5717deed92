"""Remember of a change that its words are in the index and its meaning is yet to follow."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("search_change", sa.Column("has_words", sa.Boolean(), nullable=False, server_default=sa.false()))
