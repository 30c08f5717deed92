"""Let every filter of the audit trail find its rows newest first, and keep what came of checking the chain."""

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "audit_verification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("broken_event_id", sa.BigInteger(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_verification")),
    )
    # Indexes are changed one by one and never by copying the table: a copy would lose the triggers that protect it.
    for name, columns in (
        ("ix_audit_event_action", ["action", "id"]),
        ("ix_audit_event_actor", ["actor_name", "id"]),
        ("ix_audit_event_subject", ["subject_type", "subject_id", "id"]),
    ):
        op.drop_index(name, table_name="audit_event")
        op.create_index(name, "audit_event", columns)
