from enum import StrEnum


class Permission(StrEnum):
    """Rights on the delivery log."""

    READ = "outbox.message.read"
    RESEND = "outbox.message.resend"


class Event(StrEnum):
    """Changes in the delivery log that people make, or that come from outside."""

    RESENT = "outbox.message.resent"
    DISCARDED = "outbox.message.discarded"
    BOUNCED = "outbox.message.bounced"


class Channel(StrEnum):
    """Ways out of the portal."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class MessageState(StrEnum):
    """Where a message is on its way.

    ``handed_over`` is set just before the receiving server is given the end of the message; a worker killed then
    leaves it ``uncertain``: it has most likely arrived, so it is shown to people and not sent again by itself.
    """

    QUEUED = "queued"
    SENDING = "sending"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    DISCARDED = "discarded"
