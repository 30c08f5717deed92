from flask_babel import lazy_gettext

from knowledge import tasks
from knowledge.enums import Event, Permission
from knowledge.indexing.health import check_search, note_on_search
from knowledge.routes import bp
from knowledge.services.life_cycle import review_after_service_change
from portal.core.feature import Feature, NavigationEntry
from portal.directory.api import Event as DirectoryEvent

# Importing the tasks is what declares the jobs.
__all__ = ["FEATURE", "tasks"]

FEATURE = Feature(
    name="knowledge",
    blueprints=(bp,),
    permissions=Permission,
    events=Event,
    account=(
        NavigationEntry(
            label=lazy_gettext("Subscribed articles"),
            endpoint="knowledge.subscriptions",
            icon="bell",
            permission=Permission.SUBSCRIBE,
        ),
    ),
    grants={
        "end_user": (Permission.SUBSCRIBE,),
        "knowledge_author": (Permission.DESK_READ, Permission.ARTICLE_WRITE),
        "knowledge_reviewer": (Permission.DESK_READ, Permission.ARTICLE_WRITE, Permission.ARTICLE_REVIEW),
        "knowledge_owner": (
            Permission.DESK_READ,
            Permission.ARTICLE_WRITE,
            Permission.ARTICLE_REVIEW,
            Permission.ARTICLE_PUBLISH,
            Permission.ARTICLE_EXPORT,
            Permission.ARTICLE_IMPORT,
            Permission.SECTION_MANAGE,
        ),
        "incident_manager": (Permission.DESK_READ, Permission.ARTICLE_PUBLISH_EMERGENCY),
        "administrator": (Permission.SECTION_MANAGE, Permission.ARTICLE_IMPORT),
    },
    health_checks={"search": check_search},
    administration_notes=(note_on_search,),
    reactions={
        DirectoryEvent.SERVICE_CHANGED: review_after_service_change,
        DirectoryEvent.SERVICE_RETIRED: review_after_service_change,
    },
    navigation=(
        NavigationEntry(label=lazy_gettext("Articles"), endpoint="knowledge.browse", icon="book", order=20),
        NavigationEntry(
            label=lazy_gettext("Knowledge desk"),
            endpoint="knowledge.desk",
            icon="clipboard-check",
            permission=Permission.DESK_READ,
            order=45,
        ),
    ),
)
