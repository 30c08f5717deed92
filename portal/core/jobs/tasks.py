from portal.core.db import unit_of_work
from portal.core.jobs import Schedule, job
from portal.core.jobs.running import forget_old_failures


@job("jobs.forget_failures", every=Schedule(hour="3", minute="40"))
def forget_failures() -> None:
    """Forget failures older than a month."""
    with unit_of_work():
        forget_old_failures()
