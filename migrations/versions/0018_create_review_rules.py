"""Create rules for reviews; let sections name who approves and publishes."""

import sqlalchemy as sa
from alembic import op


revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "review_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("section_id", sa.Integer(), nullable=True),
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
            nullable=True,
        ),
        sa.Column("tag_id", sa.Integer(), nullable=True),
        sa.Column("older_than_months", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("months > 0", name=op.f("ck_review_rule_months_positive")),
        sa.CheckConstraint(
            "section_id IS NOT NULL OR type IS NOT NULL OR tag_id IS NOT NULL OR older_than_months IS NOT NULL",
            name=op.f("ck_review_rule_has_condition"),
        ),
        sa.ForeignKeyConstraint(
            ["section_id"], ["section.id"], name=op.f("fk_review_rule_section_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_review_rule_tag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_rule")),
    )
    op.create_index("ix_review_rule_section_id", "review_rule", ["section_id"])
    op.create_index("ix_review_rule_tag_id", "review_rule", ["tag_id"])
    with op.batch_alter_table("section", schema=None) as batch_op:
        for name in ("approver_team_id", "publisher_team_id"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_section_{name}"), "team", [name], ["id"])
