"""Tables of the status page."""

from status_page.models.components import (
    Component,
    ComponentAudience,
    ComponentDependency,
    ComponentGroup,
    Span,
)
from status_page.models.incidents import (
    AffectedPerson,
    Correction,
    HandMessage,
    Incident,
    IncidentAudience,
    IncidentUpdate,
    UpdateImpact,
    Window,
)
from status_page.models.page import StatusPage, UpdateTemplate, WriteToken
from status_page.models.subscribers import Broadcast, Subscriber, SubscriberComponent, SubscriberIncident

__all__ = [
    "AffectedPerson",
    "Broadcast",
    "Component",
    "ComponentAudience",
    "ComponentDependency",
    "ComponentGroup",
    "Correction",
    "HandMessage",
    "Incident",
    "IncidentAudience",
    "IncidentUpdate",
    "Span",
    "StatusPage",
    "Subscriber",
    "SubscriberComponent",
    "SubscriberIncident",
    "UpdateImpact",
    "UpdateTemplate",
    "Window",
    "WriteToken",
]
