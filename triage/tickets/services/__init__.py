"""The steps of a ticket, one function each. None commits; each writes history, audit trail and messages."""

from triage.tickets.services.assigning import assign_ticket, claim_ticket, move_ticket, release_ticket
from triage.tickets.services.categories import change_category, create_category
from triage.tickets.services.desk import MatrixChange, change_desk, change_matrix, preview_matrix
from triage.tickets.services.fields import change_fields, reset_priority, set_priority
from triage.tickets.services.linking import link_article, unlink_article
from triage.tickets.services.opening import find_by_token, open_ticket
from triage.tickets.services.progress import (
    confirm_ticket,
    open_follow_up,
    put_on_hold,
    reopen_ticket,
    resolve_ticket,
    resume_ticket,
)
from triage.tickets.services.rules import can_still_reopen, desk_settings, require_agent
from triage.tickets.services.talking import add_note, reply

__all__ = [
    "MatrixChange",
    "change_category",
    "change_desk",
    "change_matrix",
    "create_category",
    "desk_settings",
    "preview_matrix",
    "add_note",
    "assign_ticket",
    "can_still_reopen",
    "change_fields",
    "claim_ticket",
    "confirm_ticket",
    "find_by_token",
    "move_ticket",
    "link_article",
    "open_follow_up",
    "open_ticket",
    "put_on_hold",
    "release_ticket",
    "reopen_ticket",
    "reply",
    "require_agent",
    "reset_priority",
    "resolve_ticket",
    "resume_ticket",
    "set_priority",
    "unlink_article",
]
