"""Remember which articles that are close in meaning somebody called different."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "article_pair_apart",
        sa.Column("one_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("told_by_id", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_article_pair_apart_once")),
        sa.ForeignKeyConstraint(
            ["one_id"], ["article.id"], name=op.f("fk_article_pair_apart_one_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["article.id"], name=op.f("fk_article_pair_apart_other_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["told_by_id"],
            ["user_account.id"],
            name=op.f("fk_article_pair_apart_told_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_article_pair_apart")),
    )
    op.create_index("ix_article_pair_apart_other", "article_pair_apart", ["other_id"])
