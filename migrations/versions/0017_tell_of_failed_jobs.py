"""Keep with a failed job what it takes to understand it and to run it again."""

import sqlalchemy as sa
from alembic import op


revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("job_failure", sa.Column("arguments", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("job_failure", sa.Column("traceback", sa.Text(), nullable=False, server_default=""))
    op.add_column("job_failure", sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
