from flask_babel import lazy_gettext

from portal.core.feature import Feature, NavigationEntry
from triage.assistant import tasks  # noqa: F401 (declares its job)
from triage.assistant.answers import init_app
from triage.assistant.enums import Event
from triage.assistant.routes import bp

FEATURE = Feature(
    name="assistant",
    blueprints=(bp,),
    events=Event,
    init_app=init_app,
    navigation=(NavigationEntry(lazy_gettext("Ask for help"), "assistant.ask", "help-circle", order=10),),
)
