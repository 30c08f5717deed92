from enum import StrEnum


class Permission(StrEnum):
    """Rights on the status page."""

    READ = "status.page.read"
    MANAGE_COMPONENTS = "status.component.manage"
    COMMUNICATE = "status.incident.communicate"
    CHECK = "status.update.check"
    MANAGE_POLICY = "status.policy.manage"
    MANAGE_SUBSCRIBERS = "status.subscriber.manage"
    MANAGE_TOKENS = "status.token.manage"


class Event(StrEnum):
    """What the audit trail records about the status page."""

    COMPONENT_CREATED = "status.component.created"
    COMPONENT_CHANGED = "status.component.changed"
    COMPONENT_REMOVED = "status.component.removed"
    COMPONENT_STATE_SET = "status.component.state_set"
    COMPONENT_OVERRIDDEN = "status.component.overridden"
    COMPONENT_RELEASED = "status.component.released"
    DEPENDENCY_ADDED = "status.dependency.added"
    DEPENDENCY_REMOVED = "status.dependency.removed"
    GROUP_CREATED = "status.group.created"
    GROUP_CHANGED = "status.group.changed"
    INCIDENT_OPENED = "status.incident.opened"
    INCIDENT_CHANGED = "status.incident.changed"
    INCIDENT_PUBLISHED = "status.incident.published"
    INCIDENT_RESOLVED = "status.incident.resolved"
    INCIDENT_JOINED = "status.incident.joined"
    INCIDENT_IMPORTED = "status.incident.imported"
    MESSAGE_RECORDED = "status.message.recorded"
    UPDATE_WRITTEN = "status.update.written"
    UPDATE_CHECKED = "status.update.checked"
    UPDATE_RETURNED = "status.update.returned"
    UPDATE_PUBLISHED = "status.update.published"
    UPDATE_CORRECTED = "status.update.corrected"
    CHECK_BYPASSED = "status.update.check_bypassed"
    MAINTENANCE_PLANNED = "status.maintenance.planned"
    MAINTENANCE_STARTED = "status.maintenance.started"
    MAINTENANCE_ENDED = "status.maintenance.ended"
    MAINTENANCE_MOVED = "status.maintenance.moved"
    MAINTENANCE_EXTENDED = "status.maintenance.extended"
    MAINTENANCE_CANCELLED = "status.maintenance.cancelled"
    TEMPLATE_CREATED = "status.template.created"
    TEMPLATE_CHANGED = "status.template.changed"
    TEMPLATE_REMOVED = "status.template.removed"
    POLICY_CHANGED = "status.policy.changed"
    SUBSCRIBER_CONFIRMED = "status.subscriber.confirmed"
    SUBSCRIBER_CHANGED = "status.subscriber.changed"
    SUBSCRIBER_LEFT = "status.subscriber.left"
    SUBSCRIBER_RESUMED = "status.subscriber.resumed"
    SUBSCRIBER_REMOVED = "status.subscriber.removed"
    SUBSCRIBER_DISABLED = "status.subscriber.disabled"
    TOKEN_CREATED = "status.token.created"
    TOKEN_REVOKED = "status.token.revoked"
    CONFIGURATION_IMPORTED = "status.configuration.imported"


class ComponentState(StrEnum):
    """How well a component works; the words are those of the Statuspage API."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"

    @property
    def rank(self) -> int:
        """How bad it is: 0 is well, 4 the worst."""
        return _RANKS[self]


_RANKS = {state: rank for rank, state in enumerate(ComponentState)}


class Effect(StrEnum):
    """How much of a trouble reaches what depends on it."""

    SAME = "same"
    SOFTER = "softer"
    NONE = "none"


class SpanSource(StrEnum):
    """Why a component was in a state for a while."""

    OWN = "own"
    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    OVERRIDE = "override"


class IncidentKind(StrEnum):
    """Something broke, or something is planned."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


class IncidentState(StrEnum):
    """Where an incident or a maintenance stands; the words are those of the Statuspage API, and ``cancelled``."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN_STATES = (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MONITORING)
INCIDENT_STATES = (*OPEN_STATES, IncidentState.RESOLVED, IncidentState.POSTMORTEM)
UNDER_WAY_STATES = (IncidentState.IN_PROGRESS, IncidentState.VERIFYING)
PLANNED_STATES = (IncidentState.SCHEDULED, *UNDER_WAY_STATES)
MAINTENANCE_STATES = (*PLANNED_STATES, IncidentState.COMPLETED, IncidentState.CANCELLED)
OVER_STATES = (IncidentState.RESOLVED, IncidentState.POSTMORTEM, IncidentState.COMPLETED, IncidentState.CANCELLED)


class Impact(StrEnum):
    """How bad an incident is as a whole."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    MAINTENANCE = "maintenance"


class Publication(StrEnum):
    """Where a text is on its way to the readers."""

    AWAITING_CHECK = "awaiting_check"
    RETURNED = "returned"
    PUBLISHED = "published"


class SecondCheck(StrEnum):
    """When a second person reads a text before it is published."""

    NEVER = "never"
    PUBLIC = "public"
    ALWAYS = "always"


class SubscriberChannel(StrEnum):
    """How a subscriber hears."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"


class SubscriberState(StrEnum):
    """Whether a subscriber hears: only after the address was confirmed, and until it is left or fails for long."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"
    LEFT = "left"


class MessageChannel(StrEnum):
    """How people were told by hand."""

    CALL = "call"
    MEETING = "meeting"
    PRESS = "press"
    LETTER = "letter"
    EMAIL = "email"
    CHAT = "chat"
    OTHER = "other"


class TokenScope(StrEnum):
    """What a token of the write API may do."""

    COMPONENTS = "components"
    INCIDENTS = "incidents"
