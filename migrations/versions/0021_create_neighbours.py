"""Create the neighbours of articles in meaning, and count the failures of external links."""

import sqlalchemy as sa
from alembic import op


revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "article_neighbour",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_neighbour_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["article.id"], name=op.f("fk_article_neighbour_other_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "is_draft", "other_id", name=op.f("pk_article_neighbour")),
    )
    with op.batch_alter_table("article_neighbour", schema=None) as batch_op:
        batch_op.create_index("ix_article_neighbour_other", ["other_id"], unique=False)
    op.create_table(
        "article_comparison",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("published_number", sa.Integer(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_comparison_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_comparison")),
    )
    with op.batch_alter_table("article_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
