"""Create conversations: what people asked, what they were shown, and what came of it."""

import sqlalchemy as sa
from alembic import op


revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "open",
                "solved",
                "abandoned",
                "handed_over",
                name="outcome_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'handed_over') = (ticket_id IS NOT NULL)", name=op.f("ck_conversation_handed_over_has_a_ticket")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_conversation_ticket_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_conversation_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_conversation_ticket_id")),
        sa.UniqueConstraint("token", name=op.f("uq_conversation_token")),
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index("ix_conversation_outcome", ["outcome", "updated_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversation_user_id"), ["user_id"], unique=False)

    op.create_table(
        "conversation_article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "use",
            sa.Enum(
                "shown",
                "opened",
                "rejected",
                "helped",
                name="articleuse_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_article_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_article")),
        sa.UniqueConstraint(
            "conversation_id", "article_id", name=op.f("uq_conversation_article_conversation_id_article_id")
        ),
    )
    with op.batch_alter_table("conversation_article", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversation_article_article_id"), ["article_id"], unique=False)
