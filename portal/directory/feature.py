from flask_babel import lazy_gettext

from portal.core.feature import AdministrationEntry, Feature, NavigationEntry
from portal.directory.enums import Event, Permission
from portal.directory.queries.organisation import organisation_for_templates
from portal.directory.routes import admin_bp, bp
from portal.directory.session import init_app

RIGHTS = lazy_gettext("People and rights")
ORGANISATION = lazy_gettext("Organisation")

ADMINISTRATION = (
    AdministrationEntry(
        RIGHTS,
        lazy_gettext("People"),
        lazy_gettext("Accounts, their roles and passwords."),
        "admin.people",
        "users",
        Permission.PEOPLE_READ,
        order=10,
    ),
    AdministrationEntry(
        RIGHTS,
        lazy_gettext("Teams"),
        lazy_gettext("Who works together, at which support tier, and who leads."),
        "admin.teams",
        "users-group",
        Permission.PEOPLE_READ,
        order=11,
    ),
    AdministrationEntry(
        RIGHTS,
        lazy_gettext("Roles"),
        lazy_gettext("What each role may do."),
        "admin.roles",
        "shield-check",
        Permission.ROLE_MANAGE,
        order=12,
    ),
    AdministrationEntry(
        ORGANISATION,
        lazy_gettext("Services"),
        lazy_gettext("What IT provides, who answers for it and what it needs."),
        "directory.services",
        "server",
        Permission.SERVICE_MANAGE,
        order=20,
    ),
    AdministrationEntry(
        ORGANISATION,
        lazy_gettext("Business calendars"),
        lazy_gettext("Working hours, breaks and holidays of the teams."),
        "admin.calendars",
        "calendar",
        Permission.CALENDAR_MANAGE,
        order=21,
    ),
    AdministrationEntry(
        ORGANISATION,
        lazy_gettext("Organisation"),
        lazy_gettext("Name and accent colour of the portal."),
        "admin.organisation",
        "building",
        Permission.ORGANISATION_MANAGE,
        order=22,
    ),
)

FEATURE = Feature(
    name="directory",
    blueprints=(bp, admin_bp),
    permissions=Permission,
    events=Event,
    navigation=(
        NavigationEntry(
            lazy_gettext("Administration"), "admin.index", "settings", Permission.ADMINISTRATION_OPEN, order=95
        ),
    ),
    administration=ADMINISTRATION,
    init_app=init_app,
    template_context=organisation_for_templates,
    message_context=organisation_for_templates,
    grants={
        "end_user": (Permission.OWN_PROFILE, Permission.SERVICE_READ),
        "agent": (Permission.PEOPLE_READ,),
        "incident_manager": (Permission.PEOPLE_READ,),
        "administrator": (
            Permission.SERVICE_MANAGE,
            Permission.PEOPLE_READ,
            Permission.PEOPLE_MANAGE,
            Permission.ROLE_MANAGE,
            Permission.CALENDAR_MANAGE,
            Permission.ORGANISATION_MANAGE,
            Permission.ADMINISTRATION_OPEN,
        ),
        "auditor": (Permission.PEOPLE_READ, Permission.ADMINISTRATION_OPEN),
    },
)
