"""Reads of the status page."""

from status_page.queries.components import (
    every_token,
    find_component_by_public_id,
    get_component,
    list_components,
    list_dependencies,
    list_groups,
    list_spans,
)
from status_page.queries.incidents import (
    ArchiveRow,
    get_incident,
    get_incident_by_public_id,
    get_update,
    list_archive,
    list_open_for_staff,
    list_visible_incidents,
    list_windows,
    record_of_messages,
    select_incidents,
    select_messages,
)
from status_page.queries.page import get_page, get_template, list_templates, list_write_tokens
from status_page.queries.subscribers import count_subscribers, find_subscriber, select_subscribers

__all__ = [
    "every_token",
    "list_open_for_staff",
    "record_of_messages",
    "ArchiveRow",
    "find_component_by_public_id",
    "count_subscribers",
    "find_subscriber",
    "select_subscribers",
    "get_component",
    "get_incident",
    "get_incident_by_public_id",
    "get_page",
    "get_template",
    "get_update",
    "list_archive",
    "list_components",
    "list_dependencies",
    "list_groups",
    "select_incidents",
    "select_messages",
    "list_spans",
    "list_templates",
    "list_visible_incidents",
    "list_windows",
    "list_write_tokens",
]
