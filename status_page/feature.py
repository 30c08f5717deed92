from flask import Flask
from flask_babel import lazy_gettext

from portal.core.feature import AdministrationEntry, Feature, NavigationEntry
from portal.core.settings import Settings
from portal.core.web.finished_pages import offer_finished_pages
from status_page import tasks  # noqa: F401 (declares the jobs, which the worker must know from its start)
from status_page.banner import status_line_for_templates
from status_page.enums import Event, Permission
from status_page.manifest import key_from
from status_page.routes import bp
from status_page.serving import Library


def _init_app(app: Flask) -> None:
    settings: Settings = app.extensions["portico_settings"]
    key = key_from(settings.secret_key.get_secret_value())
    offer_finished_pages(app, Library(settings.data_dir / "status", key))


FEATURE = Feature(
    name="status_page",
    blueprints=(bp,),
    init_app=_init_app,
    navigation=(
        NavigationEntry(
            lazy_gettext("Status"),
            "status_page.internal",
            "activity",
            Permission.READ,
            order=60,
            otherwise="status_page.index",
        ),
        NavigationEntry(lazy_gettext("Incidents"), "status_page.manage", "urgent", Permission.COMMUNICATE, order=45),
    ),
    administration=(
        AdministrationEntry(
            lazy_gettext("Status page"),
            lazy_gettext("Components"),
            lazy_gettext("What the status page shows, and what depends on what."),
            "status_page.components",
            "activity",
            Permission.MANAGE_COMPONENTS,
            order=50,
        ),
        AdministrationEntry(
            lazy_gettext("Status page"),
            lazy_gettext("Rules"),
            lazy_gettext("Second check, reminders and how uptime is counted."),
            "status_page.rules",
            "settings",
            Permission.MANAGE_POLICY,
            order=51,
        ),
    ),
    template_context=status_line_for_templates,
    permissions=Permission,
    events=Event,
    grants={
        "end_user": (Permission.READ,),
        "incident_manager": (
            Permission.COMMUNICATE,
            Permission.CHECK,
            Permission.MANAGE_COMPONENTS,
            Permission.MANAGE_SUBSCRIBERS,
        ),
        "administrator": (
            Permission.MANAGE_COMPONENTS,
            Permission.MANAGE_POLICY,
            Permission.MANAGE_SUBSCRIBERS,
            Permission.MANAGE_TOKENS,
        ),
    },
)
