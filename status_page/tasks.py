from portal.core.db import unit_of_work
from portal.core.jobs import Schedule, job


@job("status.snapshot")
def write_snapshot() -> None:
    """Write the finished pages when they are older than the data."""
    # The worker alone needs the renderers.
    from status_page.snapshot import write_when_stale

    write_when_stale()


@job("status.broadcast")
def queue_messages() -> None:
    """Write the messages of updates that subscribers wait for."""
    # The worker alone needs the mail templates.
    from status_page.fan_out import queue_open_broadcasts

    queue_open_broadcasts()


@job("status.sweep", every=Schedule(minute="*"), at_start=True)
def sweep() -> None:
    """Do what the clock asks for, then see that the finished pages are right: also after a killed worker."""
    # The services declare jobs of this module.
    from status_page.services.clockwork import do_what_is_due
    from status_page.snapshot import write_when_stale

    with unit_of_work():
        do_what_is_due()
    write_when_stale(refresh=True)
    queue_messages()
