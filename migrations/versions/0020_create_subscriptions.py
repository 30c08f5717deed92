"""Create subscriptions to changes of articles and sections."""

import sqlalchemy as sa
from alembic import op


revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "article_subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("section_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(article_id IS NULL) <> (section_id IS NULL)", name=op.f("ck_article_subscription_one_thing")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_article_subscription_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_subscription_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["section_id"], ["section.id"], name=op.f("fk_article_subscription_section_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_subscription")),
        sa.UniqueConstraint("user_id", "article_id", name=op.f("uq_article_subscription_user_id_article_id")),
        sa.UniqueConstraint("user_id", "section_id", name=op.f("uq_article_subscription_user_id_section_id")),
    )
    for column in ("article_id", "section_id"):
        op.create_index(op.f(f"ix_article_subscription_{column}"), "article_subscription", [column], unique=False)
    op.create_table(
        "subscriber_news",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("told_up_to", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["article_version.id"], name=op.f("fk_subscriber_news_version_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_subscriber_news_actor_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_subscriber_news")),
    )
