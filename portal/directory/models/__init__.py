"""Tables of the directory."""

from portal.directory.models.calendar import BusinessCalendar, BusinessHours, Holiday
from portal.directory.models.organisation import Organisation
from portal.directory.models.people import Membership, Role, RoleAssignment, RolePermission, Team, User
from portal.directory.models.service import Service, ServiceDependency

__all__ = [
    "BusinessCalendar",
    "BusinessHours",
    "Holiday",
    "Membership",
    "Organisation",
    "Role",
    "RoleAssignment",
    "RolePermission",
    "Service",
    "ServiceDependency",
    "Team",
    "User",
]
