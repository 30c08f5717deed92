"""The application factory: settings, then the foundation, then the features. The only module that knows them all."""

from flask import Flask
from htmx_flask import Htmx

from knowledge.feature import FEATURE as KNOWLEDGE
from knowledge.tuning.feature import FEATURE as KNOWLEDGE_SEARCH
from portal.core import auth, db, jobs
from portal.core.audit.services import init_session_events
from portal.core.feature import Feature
from portal.core.features import AUDIT, HEALTH, JOBS, NOTIFICATIONS, OUTBOX
from portal.core.settings import Settings, load_settings
from portal.core.web import context, error_pages, i18n, numbers, observing, security, visit
from portal.design.feature import FEATURE as DESIGN
from portal.directory.feature import FEATURE as DIRECTORY
from portal.home.feature import FEATURE as HOME
from status_page.feature import FEATURE as STATUS_PAGE
from triage.assistant.feature import FEATURE as ASSISTANT
from triage.tickets.feature import FEATURE as TICKETS

FEATURES: tuple[Feature, ...] = (
    HEALTH,
    AUDIT,
    OUTBOX,
    JOBS,
    NOTIFICATIONS,
    DESIGN,
    DIRECTORY,
    KNOWLEDGE,
    KNOWLEDGE_SEARCH,
    TICKETS,
    ASSISTANT,
    HOME,
    STATUS_PAGE,
)


def create_app(settings: Settings | None = None, *, testing: bool = False) -> Flask:
    """Build the application.

    Raises:
        ConfigurationError: a setting is unknown or wrong; the text names it.
    """
    settings = settings or load_settings()
    app = Flask("portal", static_folder="static", template_folder="templates")
    app.testing = testing
    app.extensions["portico_settings"] = settings
    app.extensions["portico_features"] = FEATURES

    db.init_app(app, settings)
    init_session_events()
    Htmx(app)
    observing.init_app(app)
    security.init_app(app, settings)
    auth.init_app(app)
    i18n.init_app(app, settings)
    visit.init_app(app, settings)
    numbers.init_app(app)
    context.init_app(app)
    error_pages.init_app(app)
    for feature in FEATURES:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
        if feature.init_app:
            feature.init_app(app)
    jobs.init_app(app, settings)
    auth.refuse_unmarked_endpoints(app)
    return app
