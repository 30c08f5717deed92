"""create status page."""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "status_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_group")),
        sa.UniqueConstraint("key", name=op.f("uq_status_group_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_status_group_public_id")),
    )
    op.create_table(
        "status_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "second_check",
            sa.Enum(
                "never",
                "public",
                "always",
                name="secondcheck_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("cadence_minutes", sa.Integer(), nullable=False),
        sa.Column("long_running_hours", sa.Integer(), nullable=False),
        sa.Column("announce_minutes", sa.Integer(), nullable=False),
        sa.Column("weight_degraded", sa.Integer(), nullable=False),
        sa.Column("weight_partial", sa.Integer(), nullable=False),
        sa.Column("weight_major", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_status_page_single_row")),
        sa.CheckConstraint("weight_degraded BETWEEN 0 AND 100", name=op.f("ck_status_page_weight_degraded_range")),
        sa.CheckConstraint("weight_major BETWEEN 0 AND 100", name=op.f("ck_status_page_weight_major_range")),
        sa.CheckConstraint("weight_partial BETWEEN 0 AND 100", name=op.f("ck_status_page_weight_partial_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_page")),
    )
    op.create_table(
        "status_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_template")),
        sa.UniqueConstraint("key", name=op.f("uq_status_template_key")),
    )
    op.create_table(
        "status_incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "incident",
                "maintenance",
                name="incidentkind_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "investigating",
                "identified",
                "monitoring",
                "resolved",
                "postmortem",
                "scheduled",
                "in_progress",
                "verifying",
                "completed",
                "cancelled",
                name="incidentstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "impact",
            sa.Enum(
                "none",
                "minor",
                "major",
                "critical",
                "maintenance",
                name="impact_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "peak_impact",
            sa.Enum(
                "none",
                "minor",
                "major",
                "critical",
                "maintenance",
                name="peak_impact_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("long_running_reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_references", sa.JSON(), nullable=False),
        sa.Column("imported_key", sa.String(length=120), nullable=True),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("affected_people", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'incident' AND state IN ('investigating', 'identified', 'monitoring', 'resolved', 'postmortem')) OR (kind = 'maintenance' AND state IN ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled'))",
            name=op.f("ck_status_incident_state_of_kind"),
        ),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_status_incident_forward")),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_status_incident_opened_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_incident")),
        sa.UniqueConstraint("imported_key", name=op.f("uq_status_incident_imported_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_status_incident_public_id")),
    )
    with op.batch_alter_table("status_incident", schema=None) as batch_op:
        batch_op.create_index("ix_status_incident_started", ["started_at"], unique=False)
        batch_op.create_index("ix_status_incident_state", ["kind", "state"], unique=False)

    op.create_table(
        "status_subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "email",
                "webhook",
                "slack",
                "teams",
                name="subscriberchannel_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "active",
                "disabled",
                "left",
                name="subscriberstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("nonce", sa.String(length=24), nullable=False),
        sa.Column("whole_page", sa.Boolean(), nullable=False),
        sa.Column("includes_new", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_status_subscriber_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_subscriber")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_status_subscriber_channel_address")),
    )
    with op.batch_alter_table("status_subscriber", schema=None) as batch_op:
        batch_op.create_index("ix_status_subscriber_state", ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_status_subscriber_user_id"), ["user_id"], unique=False)

    op.create_table(
        "status_write_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_status_write_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_write_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_status_write_token_digest")),
    )
    op.create_table(
        "status_affected_person",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["status_incident.id"],
            name=op.f("fk_status_affected_person_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_status_affected_person_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", "user_id", name=op.f("pk_status_affected_person")),
    )
    with op.batch_alter_table("status_affected_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_affected_person_user_id"), ["user_id"], unique=False)

    op.create_table(
        "status_incident_audience",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["status_incident.id"],
            name=op.f("fk_status_incident_audience_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", "token", name=op.f("pk_status_incident_audience")),
    )
    op.create_table(
        "status_subscriber_incident",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["status_incident.id"],
            name=op.f("fk_status_subscriber_incident_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["status_subscriber.id"],
            name=op.f("fk_status_subscriber_incident_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "incident_id", name=op.f("pk_status_subscriber_incident")),
    )
    with op.batch_alter_table("status_subscriber_incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_subscriber_incident_incident_id"), ["incident_id"], unique=False)

    op.create_table(
        "status_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "investigating",
                "identified",
                "monitoring",
                "resolved",
                "postmortem",
                "scheduled",
                "in_progress",
                "verifying",
                "completed",
                "cancelled",
                name="incidentstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notifies", sa.Boolean(), nullable=False),
        sa.Column(
            "publication",
            sa.Enum(
                "awaiting_check",
                "returned",
                "published",
                name="publication_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("checker_id", sa.Integer(), nullable=True),
        sa.Column("checker_name", sa.String(length=200), nullable=False),
        sa.Column("bypass_reason", sa.Text(), nullable=False),
        sa.Column("return_note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_backdated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_status_update_author_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["user_account.id"], name=op.f("fk_status_update_checker_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["status_incident.id"], name=op.f("fk_status_update_incident_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_update")),
        sa.UniqueConstraint("public_id", name=op.f("uq_status_update_public_id")),
    )
    with op.batch_alter_table("status_update", schema=None) as batch_op:
        batch_op.create_index("ix_status_update_incident", ["incident_id", "happened_at"], unique=False)

    op.create_table(
        "status_window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_status_window_forward")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["status_incident.id"], name=op.f("fk_status_window_incident_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_window")),
    )
    with op.batch_alter_table("status_window", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_window_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index("ix_status_window_starts", ["starts_at"], unique=False)

    op.create_table(
        "status_broadcast",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["update_id"], ["status_update.id"], name=op.f("fk_status_broadcast_update_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_broadcast")),
        sa.UniqueConstraint("update_id", "occasion", name=op.f("uq_status_broadcast_update_id_occasion")),
    )
    with op.batch_alter_table("status_broadcast", schema=None) as batch_op:
        batch_op.create_index("ix_status_broadcast_open", ["finished_at"], unique=False)

    op.create_table(
        "status_component",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("internal_name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("translations", sa.JSON(), nullable=False),
        sa.Column("shows_uptime", sa.Boolean(), nullable=False),
        sa.Column("observed_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["status_group.id"], name=op.f("fk_status_component_group_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_status_component_service_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_component")),
        sa.UniqueConstraint("key", name=op.f("uq_status_component_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_status_component_public_id")),
        sa.UniqueConstraint("service_id", name=op.f("uq_status_component_service_id")),
    )
    with op.batch_alter_table("status_component", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_component_group_id"), ["group_id"], unique=False)

    op.create_table(
        "status_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body_before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_status_correction_author_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["update_id"], ["status_update.id"], name=op.f("fk_status_correction_update_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_correction")),
    )
    with op.batch_alter_table("status_correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_correction_update_id"), ["update_id"], unique=False)

    op.create_table(
        "status_component_audience",
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"],
            ["status_component.id"],
            name=op.f("fk_status_component_audience_component_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("component_id", "token", name=op.f("pk_status_component_audience")),
    )
    op.create_table(
        "status_dependency",
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("needs_id", sa.Integer(), nullable=False),
        sa.Column(
            "effect",
            sa.Enum(
                "same", "softer", "none", name="effect_values", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("from_directory", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("component_id <> needs_id", name=op.f("ck_status_dependency_not_itself")),
        sa.ForeignKeyConstraint(
            ["component_id"],
            ["status_component.id"],
            name=op.f("fk_status_dependency_component_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["needs_id"], ["status_component.id"], name=op.f("fk_status_dependency_needs_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("component_id", "needs_id", name=op.f("pk_status_dependency")),
    )
    with op.batch_alter_table("status_dependency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_dependency_needs_id"), ["needs_id"], unique=False)

    op.create_table(
        "status_impact",
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "operational",
                "under_maintenance",
                "degraded_performance",
                "partial_outage",
                "major_outage",
                name="componentstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["component_id"], ["status_component.id"], name=op.f("fk_status_impact_component_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["update_id"], ["status_update.id"], name=op.f("fk_status_impact_update_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("update_id", "component_id", name=op.f("pk_status_impact")),
    )
    with op.batch_alter_table("status_impact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_impact_component_id"), ["component_id"], unique=False)

    op.create_table(
        "status_span",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "own",
                "incident",
                "maintenance",
                "override",
                name="spansource_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "operational",
                "under_maintenance",
                "degraded_performance",
                "partial_outage",
                "major_outage",
                name="componentstate_values",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_status_span_forward")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["status_component.id"], name=op.f("fk_status_span_component_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["status_incident.id"], name=op.f("fk_status_span_incident_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_span")),
    )
    with op.batch_alter_table("status_span", schema=None) as batch_op:
        batch_op.create_index("ix_status_span_component", ["component_id", "started_at"], unique=False)
        batch_op.create_index("ix_status_span_ended", ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_status_span_incident_id"), ["incident_id"], unique=False)

    op.create_table(
        "status_subscriber_component",
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"],
            ["status_component.id"],
            name=op.f("fk_status_subscriber_component_component_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["status_subscriber.id"],
            name=op.f("fk_status_subscriber_component_subscriber_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", "component_id", name=op.f("pk_status_subscriber_component")),
    )
    with op.batch_alter_table("status_subscriber_component", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_subscriber_component_component_id"), ["component_id"], unique=False)

    op.execute(
        "INSERT INTO status_page (id, revision, changed_at, second_check, cadence_minutes, long_running_hours, "
        "announce_minutes, weight_degraded, weight_partial, weight_major, created_at, updated_at) "
        "VALUES (1, 1, CURRENT_TIMESTAMP, 'never', 60, 24, 60, 0, 30, 100, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
    )
