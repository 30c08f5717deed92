"""Tables of the desk."""

from triage.tickets.models.category import Category
from triage.tickets.models.desk import DeskSettings, PriorityRule, TicketSequence
from triage.tickets.models.entry import TicketAttachment, TicketEntry
from triage.tickets.models.ticket import Ticket, TicketArticle

__all__ = [
    "Category",
    "DeskSettings",
    "PriorityRule",
    "Ticket",
    "TicketArticle",
    "TicketAttachment",
    "TicketEntry",
    "TicketSequence",
]
