from enum import StrEnum


class Permission(StrEnum):
    """Rights on tickets; those of agents are held for the tickets of a team."""

    CREATE = "tickets.ticket.create"
    READ_OWN = "tickets.own.read"
    REPLY_OWN = "tickets.own.reply"
    READ = "tickets.ticket.read"
    WORK = "tickets.ticket.work"
    MATRIX_MANAGE = "tickets.matrix.manage"
    CATEGORY_MANAGE = "tickets.category.manage"


class Event(StrEnum):
    """What the audit trail records about tickets."""

    OPENED = "tickets.ticket.opened"
    CLAIMED = "tickets.ticket.claimed"
    RELEASED = "tickets.ticket.released"
    ASSIGNED = "tickets.ticket.assigned"
    REPLIED = "tickets.ticket.replied"
    NOTED = "tickets.ticket.noted"
    HELD = "tickets.ticket.held"
    RESUMED = "tickets.ticket.resumed"
    RESOLVED = "tickets.ticket.resolved"
    CONFIRMED = "tickets.ticket.confirmed"
    REOPENED = "tickets.ticket.reopened"
    CHANGED = "tickets.ticket.changed"
    PRIORITY_SET = "tickets.ticket.priority_set"
    MOVED = "tickets.ticket.moved"
    MATRIX_CHANGED = "tickets.matrix.changed"
    DESK_CHANGED = "tickets.desk.changed"
    ARTICLE_LINKED = "tickets.ticket.article_linked"
    ARTICLE_UNLINKED = "tickets.ticket.article_unlinked"
    CATEGORY_CREATED = "tickets.category.created"
    CATEGORY_CHANGED = "tickets.category.changed"


class TicketKind(StrEnum):
    """What a ticket is about."""

    INCIDENT = "incident"
    SERVICE_REQUEST = "service_request"
    QUESTION = "question"


class TicketState(StrEnum):
    """Where a ticket is on its way."""

    NEW = "new"
    OPEN = "open"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"


# Somebody still has to do something; in the database: ``resolved_at`` is empty.
ACTIVE_STATES = (TicketState.NEW, TicketState.OPEN, TicketState.ON_HOLD)


class HoldReason(StrEnum):
    """For whom or what a ticket waits."""

    REQUESTER = "requester"
    VENDOR = "vendor"
    CHANGE = "change"
    PROBLEM = "problem"


class Impact(StrEnum):
    """How many people are affected."""

    EXTENSIVE = "extensive"
    SIGNIFICANT = "significant"
    MODERATE = "moderate"
    MINOR = "minor"


class Urgency(StrEnum):
    """How soon it hurts."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class EntryKind(StrEnum):
    """What a line of a ticket's history is."""

    REPLY = "reply"
    NOTE = "note"
    EVENT = "event"


class Action(StrEnum):
    """What happened to a ticket, for the timeline and for everything computed from history."""

    OPENED = "opened"
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    HELD = "held"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    REOPENED = "reopened"
    CHANGED = "changed"
    PRIORITY_SET = "priority_set"
    MOVED = "moved"
    FOLLOWED_UP = "followed_up"


class ArticleUse(StrEnum):
    """What came of an article that was offered while somebody asked, or that an agent linked to the ticket."""

    SHOWN = "shown"
    OPENED = "opened"
    REJECTED = "rejected"
    HELPED = "helped"
    LINKED = "linked"
