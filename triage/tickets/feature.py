from flask_babel import lazy_gettext
from flask_login import current_user

from portal.core.feature import AdministrationEntry, Feature, NavigationEntry
from triage.tickets.enums import Event, Permission
from triage.tickets.presenting import init_app
from triage.tickets.queries import count_waiting_for
from triage.tickets.routes import bp


def _waiting() -> int:
    return count_waiting_for(current_user)


FEATURE = Feature(
    name="tickets",
    blueprints=(bp,),
    permissions=Permission,
    events=Event,
    init_app=init_app,
    navigation=(
        NavigationEntry(lazy_gettext("Queue"), "tickets.queue", "inbox", Permission.READ, order=15),
        NavigationEntry(
            lazy_gettext("My tickets"), "tickets.mine", "ticket", Permission.READ_OWN, order=30, count=_waiting
        ),
    ),
    administration=(
        AdministrationEntry(
            lazy_gettext("Service desk"),
            lazy_gettext("Priorities and rules"),
            lazy_gettext("Which priority a ticket gets, where it goes, and how long it can be opened again."),
            "tickets.desk",
            "inbox",
            Permission.MATRIX_MANAGE,
            order=30,
        ),
        AdministrationEntry(
            lazy_gettext("Service desk"),
            lazy_gettext("Categories"),
            lazy_gettext("What tickets are about, and the words that give it away."),
            "tickets.categories",
            "tag",
            Permission.CATEGORY_MANAGE,
            order=31,
        ),
    ),
    grants={
        "end_user": (Permission.CREATE, Permission.READ_OWN, Permission.REPLY_OWN),
        "agent": (Permission.READ, Permission.WORK),
        "administrator": (Permission.READ, Permission.MATRIX_MANAGE, Permission.CATEGORY_MANAGE),
        "auditor": (Permission.READ,),
    },
)
