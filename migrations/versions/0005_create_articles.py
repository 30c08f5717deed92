"""Create sections, articles and their versions."""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "search_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_change")),
    )
    with op.batch_alter_table("search_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_change_article_id"), ["article_id"], unique=False)

    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("slug", name=op.f("uq_tag_slug")),
    )
    op.create_table(
        "section",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner_team_id", sa.Integer(), nullable=True),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_section_not_itself")),
        sa.ForeignKeyConstraint(["owner_team_id"], ["team.id"], name=op.f("fk_section_owner_team_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["section.id"], name=op.f("fk_section_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section")),
        sa.UniqueConstraint("slug", name=op.f("uq_section_slug")),
    )
    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_section_owner_team_id"), ["owner_team_id"], unique=False)
        batch_op.create_index("ix_section_parent_position", ["parent_id", "position"], unique=False)

    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("section_id", sa.Integer(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "how_to",
                "troubleshooting",
                "known_error",
                "faq",
                "procedure",
                name="articletype_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "expired",
                "retired",
                name="articlestate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "work_state",
            sa.Enum(
                "none",
                "draft",
                "in_review",
                "scheduled",
                name="workstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("latest_number", sa.Integer(), nullable=False),
        sa.Column("published_number", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_team_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("review_months", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("successor_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('published', 'expired') OR published_number IS NOT NULL",
            name=op.f("ck_article_has_published"),
        ),
        sa.CheckConstraint(
            "published_number IS NULL OR published_number <= latest_number", name=op.f("ck_article_number_order")
        ),
        sa.CheckConstraint(
            "review_months IS NULL OR review_months > 0", name=op.f("ck_article_review_months_positive")
        ),
        sa.CheckConstraint("successor_id IS NULL OR successor_id <> id", name=op.f("ck_article_not_own_successor")),
        sa.ForeignKeyConstraint(["created_by_id"], ["user_account.id"], name=op.f("fk_article_created_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_article_owner_id")),
        sa.ForeignKeyConstraint(["owner_team_id"], ["team.id"], name=op.f("fk_article_owner_team_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["user_account.id"], name=op.f("fk_article_reviewed_by_id")),
        sa.ForeignKeyConstraint(["section_id"], ["section.id"], name=op.f("fk_article_section_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["article.id"], name=op.f("fk_article_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_article_section_state", ["section_id", "state"], unique=False)
        batch_op.create_index("ix_article_state_due", ["state", "review_due_at"], unique=False)
        batch_op.create_index("ix_article_state_updated", ["state", "content_updated_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_successor_id"), ["successor_id"], unique=False)
        batch_op.create_index("ix_article_team_state", ["owner_team_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_work_state"), ["work_state"], unique=False)

    op.create_table(
        "section_audience",
        sa.Column("section_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["section_id"], ["section.id"], name=op.f("fk_section_audience_section_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("section_id", "token", name=op.f("pk_section_audience")),
    )
    op.create_table(
        "article_audience",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_audience_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "token", name=op.f("pk_article_audience")),
    )
    with op.batch_alter_table("article_audience", schema=None) as batch_op:
        batch_op.create_index("ix_article_audience_token", ["token", "article_id"], unique=False)

    op.create_table(
        "article_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=500), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_file_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_article_file_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_file")),
        sa.UniqueConstraint(
            "article_id", "reference", "file_id", name=op.f("uq_article_file_article_id_reference_file_id")
        ),
    )
    with op.batch_alter_table("article_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_file_file_id"), ["file_id"], unique=False)

    op.create_table(
        "article_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column("collection", sa.String(length=120), nullable=False),
        sa.Column("target_article_id", sa.Integer(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.CheckConstraint("kind IN ('article', 'path', 'external')", name=op.f("ck_article_link_kind_values")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_link_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_article_id"], ["article.id"], name=op.f("fk_article_link_target_article_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_link")),
    )
    with op.batch_alter_table("article_link", schema=None) as batch_op:
        batch_op.create_index("ix_article_link_article", ["article_id"], unique=False)
        batch_op.create_index("ix_article_link_path", ["kind", "collection", "address"], unique=False)
        batch_op.create_index("ix_article_link_target", ["target_article_id"], unique=False)

    op.create_table(
        "article_service",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_service_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_article_service_service_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "service_id", name=op.f("pk_article_service")),
    )
    with op.batch_alter_table("article_service", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_service_service_id"), ["service_id"], unique=False)

    op.create_table(
        "article_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection", sa.String(length=120), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_source_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_source")),
        sa.UniqueConstraint("article_id", name=op.f("uq_article_source_article_id")),
        sa.UniqueConstraint("collection", "path", name=op.f("uq_article_source_collection_path")),
    )
    with op.batch_alter_table("article_source", schema=None) as batch_op:
        batch_op.create_index("ix_article_source_content", ["content_digest"], unique=False)

    op.create_table(
        "article_tag",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_tag_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_article_tag_tag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "tag_id", name=op.f("pk_article_tag")),
    )
    with op.batch_alter_table("article_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_tag_tag_id"), ["tag_id"], unique=False)

    op.create_table(
        "article_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body_markdown", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("toc", sa.JSON(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "how_to",
                "troubleshooting",
                "known_error",
                "faq",
                "procedure",
                name="articletype_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number > 0", name=op.f("ck_article_version_number_positive")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_version_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_article_version_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_version")),
        sa.UniqueConstraint("article_id", "number", name=op.f("uq_article_version_article_id_number")),
    )
    with op.batch_alter_table("article_version", schema=None) as batch_op:
        batch_op.create_index("ix_article_version_author", ["author_id"], unique=False)
        batch_op.create_index("ix_article_version_digest", ["digest"], unique=False)
