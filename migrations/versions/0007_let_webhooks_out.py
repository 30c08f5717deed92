"""let webhooks out."""

from alembic import op

revision = "0007"
down_revision = "0006"

CHANNELS = "channel IN ('email', 'webhook')"
STATES = "state IN ('queued', 'sending', 'handed_over', 'sent', 'uncertain', 'dead', 'discarded')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite makes the table anew: Alembic takes no check constraint along, and with the old table would go the
        # attempts that belong to it.
        op.execute("CREATE TEMPORARY TABLE kept_attempt AS SELECT * FROM delivery_attempt")
        with op.batch_alter_table("outbox_message", recreate="always") as batch_op:
            batch_op.create_check_constraint(op.f("ck_outbox_message_channel_values"), CHANNELS)
            batch_op.create_check_constraint(op.f("ck_outbox_message_messagestate_values"), STATES)
        op.execute("INSERT OR IGNORE INTO delivery_attempt SELECT * FROM kept_attempt")
        op.execute("DROP TABLE kept_attempt")
        return
    op.drop_constraint(op.f("ck_outbox_message_channel_values"), "outbox_message", type_="check")
    op.create_check_constraint(op.f("ck_outbox_message_channel_values"), "outbox_message", CHANNELS)
