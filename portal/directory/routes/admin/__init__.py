"""The administration's pages."""

from portal.directory.routes.admin import calendars, organisation, people, rights, roles, teams
from portal.directory.routes.admin.blueprint import bp

__all__ = ["bp", "calendars", "organisation", "people", "rights", "roles", "teams"]
