"""Create change requests, reviews, feedback and outcomes; give sections their review policy."""

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "change_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "in_review",
                "changes_requested",
                "scheduled",
                "published",
                "withdrawn",
                name="requeststate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("is_emergency", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'published' OR published_at IS NOT NULL", name=op.f("ck_change_request_published_when")
        ),
        sa.CheckConstraint(
            "state <> 'scheduled' OR publish_at IS NOT NULL", name=op.f("ck_change_request_scheduled_when")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_change_request_author_id")),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["user_account.id"], name=op.f("fk_change_request_published_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_request_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_change_request_state", ["state", "submitted_at"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_request_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "approved",
                "changes_requested",
                name="verdict_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_request_id"], ["change_request.id"], name=op.f("fk_review_change_request_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user_account.id"], name=op.f("fk_review_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index("ix_review_request", ["change_request_id"], unique=False)
        batch_op.create_index("ix_review_reviewer", ["reviewer_id", "at"], unique=False)

    op.create_table(
        "reviewer_assignment",
        sa.Column("change_request_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_request_id"],
            ["change_request.id"],
            name=op.f("fk_reviewer_assignment_change_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_reviewer_assignment_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change_request_id", "user_id", name=op.f("pk_reviewer_assignment")),
    )
    with op.batch_alter_table("reviewer_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reviewer_assignment_user_id"), ["user_id"], unique=False)

    op.create_table(
        "article_feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "did_not_work",
                "wrong",
                "outdated",
                "unclear",
                "other",
                name="feedbackreason_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "done",
                "declined",
                name="feedbackstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("NOT helped OR state = 'done'", name=op.f("ck_article_feedback_thanks_needs_no_work")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_article_feedback_answered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_feedback_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_article_feedback_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_feedback")),
    )
    with op.batch_alter_table("article_feedback", schema=None) as batch_op:
        batch_op.create_index("ix_article_feedback_article_state", ["article_id", "state"], unique=False)
        batch_op.create_index("ix_article_feedback_state_due", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_feedback_user_id"), ["user_id"], unique=False)

    op.create_table(
        "article_outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "viewed",
                "solved",
                "not_solved",
                "came_back",
                "linked",
                name="outcome_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_outcome_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_article_outcome_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_outcome")),
    )
    with op.batch_alter_table("article_outcome", schema=None) as batch_op:
        batch_op.create_index("ix_article_outcome_article", ["article_id", "outcome", "at"], unique=False)
        batch_op.create_index("ix_article_outcome_subject", ["subject_type", "subject_id"], unique=False)

    op.create_table(
        "change_request_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_request_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_change_request_item_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["change_request_id"],
            ["change_request.id"],
            name=op.f("fk_change_request_item_change_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request_item")),
        sa.UniqueConstraint(
            "change_request_id", "article_id", name=op.f("uq_change_request_item_change_request_id_article_id")
        ),
    )
    with op.batch_alter_table("change_request_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_request_item_article_id"), ["article_id"], unique=False)

    op.create_table(
        "passage_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_request_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_passage_comment_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_passage_comment_author_id")),
        sa.ForeignKeyConstraint(
            ["change_request_id"],
            ["change_request.id"],
            name=op.f("fk_passage_comment_change_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["user_account.id"], name=op.f("fk_passage_comment_resolved_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passage_comment")),
    )
    with op.batch_alter_table("passage_comment", schema=None) as batch_op:
        batch_op.create_index("ix_passage_comment_request", ["change_request_id"], unique=False)

    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.add_column(sa.Column("review_stage", sa.Integer(), nullable=False, server_default="0"))

    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.add_column(sa.Column("min_approvals", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("separate_publisher", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("is_restricted", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("review_months", sa.Integer(), nullable=True))
