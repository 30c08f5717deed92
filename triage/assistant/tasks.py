from portal.core.db import unit_of_work
from portal.core.jobs import Schedule, job
from triage.assistant.services import mark_abandoned


@job("assistant.mark_abandoned", every=Schedule(minute="17"))
def mark_silent_conversations() -> None:
    """Mark conversations nobody went on with for a day as abandoned."""
    with unit_of_work():
        mark_abandoned()
