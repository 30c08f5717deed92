from flask_babel import lazy_gettext

from knowledge.tuning import tasks
from knowledge.tuning.enums import Event, Permission
from knowledge.tuning.routes import bp
from portal.core.feature import AdministrationEntry, Feature

# Importing the tasks is what declares the jobs.
__all__ = ["FEATURE", "tasks"]

FEATURE = Feature(
    name="knowledge_search",
    blueprints=(bp,),
    permissions=Permission,
    events=Event,
    grants={
        "knowledge_reviewer": (Permission.READ,),
        "knowledge_owner": (Permission.READ, Permission.MANAGE),
        "administrator": (Permission.READ,),
    },
    administration=(
        AdministrationEntry(
            lazy_gettext("Knowledge"),
            lazy_gettext("Search"),
            lazy_gettext("What people search for, synonyms and promoted answers."),
            "tuning.searches",
            "search",
            Permission.READ,
            order=30,
        ),
    ),
)
