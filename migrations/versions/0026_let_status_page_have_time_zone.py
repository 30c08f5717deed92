"""Let the public status page tell the time in a zone of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    with op.batch_alter_table("status_page") as table:
        table.add_column(sa.Column("time_zone", sa.String(60), nullable=False, server_default=""))
