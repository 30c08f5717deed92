"""Create the desk: tickets with their history, categories, the priority matrix."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"


# Impact by urgency, in the order critical, high, medium, low.
MATRIX = {
    "extensive": (1, 1, 2, 3),
    "significant": (1, 2, 3, 4),
    "moderate": (2, 3, 4, 4),
    "minor": (3, 4, 4, 5),
}
FIRST_NUMBER = 1001


def upgrade() -> None:
    op.create_table(
        "priority_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "impact",
            sa.Enum(
                "extensive",
                "significant",
                "moderate",
                "minor",
                name="impact_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "urgency",
            sa.Enum(
                "critical",
                "high",
                "medium",
                "low",
                name="urgency_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 5", name=op.f("ck_priority_rule_priority_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority_rule")),
        sa.UniqueConstraint("impact", "urgency", name=op.f("uq_priority_rule_impact_urgency")),
    )
    op.create_table(
        "ticket_sequence",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ticket_sequence_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_sequence")),
    )
    op.create_table(
        "desk_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("default_team_id", sa.Integer(), nullable=True),
        sa.Column("reopen_days", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_desk_settings_single_row")),
        sa.CheckConstraint("reopen_days BETWEEN 0 AND 365", name=op.f("ck_desk_settings_reopen_days_range")),
        sa.ForeignKeyConstraint(["default_team_id"], ["team.id"], name=op.f("fk_desk_settings_default_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_settings")),
    )
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"], name=op.f("fk_category_parent_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_category_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("key", name=op.f("uq_category_key")),
    )
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_category_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "incident",
                "service_request",
                "question",
                name="ticketkind_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column(
            "impact",
            sa.Enum(
                "extensive",
                "significant",
                "moderate",
                "minor",
                name="impact_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "urgency",
            sa.Enum(
                "critical",
                "high",
                "medium",
                "low",
                name="urgency_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("priority_reason", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "open",
                "on_hold",
                "resolved",
                "closed",
                name="ticketstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "hold_reason",
            sa.Enum(
                "requester",
                "vendor",
                "change",
                "problem",
                name="holdreason_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("cause_code", sa.String(length=60), nullable=True),
        sa.Column("routing", sa.JSON(), nullable=False),
        sa.Column("packet", sa.JSON(), nullable=True),
        sa.Column("follows_id", sa.Integer(), nullable=True),
        sa.Column("awaits_answer", sa.Boolean(), nullable=False),
        sa.Column("form_token", sa.String(length=64), nullable=True),
        sa.Column("first_response_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_ticket_closed_has_a_time")),
        sa.CheckConstraint("(state = 'on_hold') = (hold_reason IS NOT NULL)", name=op.f("ck_ticket_hold_has_a_reason")),
        sa.CheckConstraint(
            "(state IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)", name=op.f("ck_ticket_resolved_has_a_time")
        ),
        sa.CheckConstraint("resolved_at IS NULL OR resolution <> ''", name=op.f("ck_ticket_resolved_has_a_resolution")),
        sa.CheckConstraint("priority BETWEEN 1 AND 5", name=op.f("ck_ticket_priority_range")),
        sa.ForeignKeyConstraint(["assignee_id"], ["user_account.id"], name=op.f("fk_ticket_assignee_id")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_ticket_category_id")),
        sa.ForeignKeyConstraint(["follows_id"], ["ticket.id"], name=op.f("fk_ticket_follows_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["user_account.id"], name=op.f("fk_ticket_opened_by_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["user_account.id"], name=op.f("fk_ticket_requester_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_ticket_service_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_ticket_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("form_token", name=op.f("uq_ticket_form_token")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_assignee_state", ["assignee_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_follows_id"), ["follows_id"], unique=False)
        batch_op.create_index("ix_ticket_opened_by_id", ["opened_by_id"], unique=False)
        batch_op.create_index(
            "ix_ticket_queue",
            ["priority", "created_at"],
            unique=False,
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        )
        batch_op.create_index("ix_ticket_requester_state", ["requester_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_service_id"), ["service_id"], unique=False)
        batch_op.create_index(
            "ix_ticket_team_queue",
            ["team_id", "priority", "created_at"],
            unique=False,
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        )
        batch_op.create_index("ix_ticket_team_state", ["team_id", "state", "created_at"], unique=False)

    op.create_table(
        "ticket_article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_article_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_article")),
        sa.UniqueConstraint("ticket_id", "article_id", name=op.f("uq_ticket_article_ticket_id_article_id")),
    )
    with op.batch_alter_table("ticket_article", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_article_article_id"), ["article_id"], unique=False)

    op.create_table(
        "ticket_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reply", "note", "event", name="entrykind_values", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "opened",
                "claimed",
                "released",
                "assigned",
                "held",
                "resumed",
                "resolved",
                "confirmed",
                "reopened",
                "changed",
                "priority_set",
                "moved",
                "followed_up",
                name="action_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "from_state",
            sa.Enum(
                "new",
                "open",
                "on_hold",
                "resolved",
                "closed",
                name="from_state_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "new",
                "open",
                "on_hold",
                "resolved",
                "closed",
                name="to_state_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'event') = (action IS NOT NULL)", name=op.f("ck_ticket_entry_events_have_an_action")
        ),
        sa.CheckConstraint("kind <> 'note' OR is_internal", name=op.f("ck_ticket_entry_notes_are_internal")),
        sa.CheckConstraint("kind <> 'reply' OR NOT is_internal", name=op.f("ck_ticket_entry_replies_are_public")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_ticket_entry_author_id")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_entry_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_entry")),
    )
    with op.batch_alter_table("ticket_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_entry_history", ["ticket_id", "created_at", "id"], unique=False)

    op.create_table(
        "ticket_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ticket_entry.id"], name=op.f("fk_ticket_attachment_entry_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_ticket_attachment_file_id")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_attachment_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_attachment")),
        sa.UniqueConstraint("file_id", name=op.f("uq_ticket_attachment_file_id")),
    )
    with op.batch_alter_table("ticket_attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_attachment_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_attachment_ticket_id"), ["ticket_id"], unique=False)

    _fill()


def _fill() -> None:
    now = datetime.now(UTC)
    rules = sa.table(
        "priority_rule",
        sa.column("impact", sa.Text),
        sa.column("urgency", sa.Text),
        sa.column("priority", sa.Integer),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    op.bulk_insert(
        rules,
        [
            {"impact": impact, "urgency": urgency, "priority": priority, "created_at": now, "updated_at": now}
            for impact, row in MATRIX.items()
            for urgency, priority in zip(("critical", "high", "medium", "low"), row, strict=True)
        ],
    )
    settings = sa.table(
        "desk_settings",
        sa.column("id", sa.Integer),
        sa.column("reopen_days", sa.Integer),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    op.bulk_insert(settings, [{"id": 1, "reopen_days": 14, "created_at": now, "updated_at": now}])
    op.execute(f"INSERT INTO ticket_sequence (id, last_number) VALUES (1, {FIRST_NUMBER - 1})")
