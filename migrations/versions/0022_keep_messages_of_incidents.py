"""Keep hand-entered messages of incidents and corrected titles; let a subscriber come back."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "status_hand_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "call",
                "meeting",
                "press",
                "letter",
                "email",
                "chat",
                "other",
                name="messagechannel_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("audience", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("checker_name", sa.String(length=200), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["status_incident.id"],
            name=op.f("fk_status_hand_message_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["user_account.id"],
            name=op.f("fk_status_hand_message_recorded_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_hand_message")),
    )
    op.create_index(op.f("ix_status_hand_message_incident_id"), "status_hand_message", ["incident_id"], unique=False)
    op.add_column("status_incident", sa.Column("retitled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "status_incident", sa.Column("title_before", sa.String(length=200), nullable=False, server_default="")
    )
    op.add_column("status_subscriber", sa.Column("times_asked", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("status_subscriber", sa.Column("contact", sa.String(length=320), nullable=False, server_default=""))
    op.add_column("status_subscriber", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
