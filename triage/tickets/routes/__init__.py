"""Pages of the desk."""

from triage.tickets.routes import agent_steps, articles, bulk, categories, desk, mine, queue, requester_steps, ticket
from triage.tickets.routes.blueprint import bp

__all__ = ["agent_steps", "articles", "bp", "bulk", "categories", "desk", "mine", "queue", "requester_steps", "ticket"]
