"""The core's own features: the parts of the foundation that have pages, rights or events."""

from flask_babel import lazy_gettext

from portal.core.audit import enums as audit
from portal.core.audit import tasks as audit_tasks
from portal.core.audit.routes import bp as audit_bp
from portal.core.feature import AdministrationEntry, Feature, NavigationEntry
from portal.core.files import tasks as files_tasks
from portal.core.health import metrics
from portal.core.health.routes import bp as health_bp
from portal.core.jobs import enums as jobs
from portal.core.jobs import tasks as jobs_tasks
from portal.core.jobs.routes import bp as jobs_bp
from portal.core.notifications import enums as notifications
from portal.core.notifications.routes import bp as notifications_bp
from portal.core.notifications.routes import unread_for_templates
from portal.core.outbox import enums as outbox
from portal.core.outbox.routes import bp as outbox_bp
from portal.core.sent_forms import tasks as sent_forms_tasks

AUDIT = Feature(
    name="audit",
    permissions=audit.Permission,
    blueprints=(audit_bp,),
    events=audit.Event,
    navigation=(
        NavigationEntry(lazy_gettext("Audit trail"), "audit.index", "shield-lock", audit.Permission.READ, order=96),
    ),
    administration=(
        AdministrationEntry(
            lazy_gettext("Records"),
            lazy_gettext("Audit trail"),
            lazy_gettext("Who did what, when and why."),
            "audit.index",
            "shield-lock",
            audit.Permission.READ,
            order=40,
        ),
    ),
    grants={
        "auditor": (audit.Permission.READ, audit.Permission.EXPORT),
        "administrator": (audit.Permission.READ,),
    },
)
OUTBOX = Feature(
    name="outbox",
    blueprints=(outbox_bp,),
    administration=(
        AdministrationEntry(
            lazy_gettext("Records"),
            lazy_gettext("Deliveries"),
            lazy_gettext("Messages that were sent, wait or failed."),
            "outbox.index",
            "mail",
            outbox.Permission.READ,
            order=41,
        ),
    ),
    permissions=outbox.Permission,
    events=outbox.Event,
    grants={
        "administrator": (outbox.Permission.READ, outbox.Permission.RESEND),
        "auditor": (outbox.Permission.READ,),
    },
)
JOBS = Feature(
    name="jobs",
    blueprints=(jobs_bp,),
    administration=(
        AdministrationEntry(
            lazy_gettext("Records"),
            lazy_gettext("Failed jobs"),
            lazy_gettext("Work in the background that ended with an error."),
            "jobs.index",
            "alert-triangle",
            jobs.Permission.READ,
            order=42,
        ),
    ),
    permissions=jobs.Permission,
    events=jobs.Event,
    grants={
        "administrator": (jobs.Permission.READ, jobs.Permission.SETTLE),
        "auditor": (jobs.Permission.READ,),
    },
)
NOTIFICATIONS = Feature(
    name="notifications",
    blueprints=(notifications_bp,),
    permissions=notifications.Permission,
    template_context=unread_for_templates,
    grants={"end_user": (notifications.Permission.READ,)},
)
HEALTH = Feature(name="health", blueprints=(health_bp,), init_app=metrics.init_app)
