"""Pages of the desk."""

from triage.tickets.routes import (
    agent_steps,
    article_tickets,
    articles,
    bulk,
    categories,
    desk,
    mine,
    queue,
    requester_steps,
    ticket,
)
from triage.tickets.routes.blueprint import bp

__all__ = [
    "agent_steps",
    "article_tickets",
    "articles",
    "bp",
    "bulk",
    "categories",
    "desk",
    "mine",
    "queue",
    "requester_steps",
    "ticket",
]
