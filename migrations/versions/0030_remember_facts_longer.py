"""Note where in the audit trail what pages go by has last changed, apart from daily work."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("audit_head", sa.Column("facts_id", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE audit_head SET facts_id = last_id")
