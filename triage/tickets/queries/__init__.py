"""Reads of the desk. Each starts from what the reader may see."""

from triage.tickets.queries.choices import (
    get_category,
    list_agents,
    list_categories,
    list_services,
    list_teams,
    list_teams_read_by,
)
from triage.tickets.queries.queue import MOST_COUNTED, QueueFilter, count_views, list_queue, list_selected
from triage.tickets.queries.tickets import (
    count_waiting_for,
    get_attachment,
    get_ticket,
    list_articles_offered,
    list_entries,
    list_files,
    list_linked_ids,
    list_own,
    list_own_open,
    reopen_until,
    services_used_by,
)

__all__ = [
    "MOST_COUNTED",
    "QueueFilter",
    "count_views",
    "count_waiting_for",
    "get_attachment",
    "get_category",
    "get_ticket",
    "list_agents",
    "list_articles_offered",
    "list_categories",
    "list_entries",
    "list_files",
    "list_linked_ids",
    "list_own",
    "list_own_open",
    "list_queue",
    "list_selected",
    "list_services",
    "list_teams",
    "list_teams_read_by",
    "reopen_until",
    "services_used_by",
]
