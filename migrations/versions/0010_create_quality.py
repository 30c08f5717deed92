"""Create the findings of the automatic checks."""

import sqlalchemy as sa
from alembic import op


revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "article_quality",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_quality_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_quality")),
    )
    with op.batch_alter_table("article_quality", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_quality_score"), ["score"], unique=False)
