from threading import Event, Semaphore

from portal.core.jobs import Schedule, job

# Two, so that a mail server or a webhook that answers slowly does not hold up all that others wait for.
_delivering, _asked = Semaphore(2), Event()


@job("outbox.deliver", every=Schedule(minute="*"), at_start=True)
def deliver_due() -> None:
    """Send what is due and take back what a killed worker left behind.

    In a rush each change asks for this. While two threads deliver, the others leave the mark that there is more and
    do something else.
    """
    _asked.set()
    while _asked.is_set() and _delivering.acquire(blocking=False):
        try:
            _asked.clear()
            _deliver()
        finally:
            _delivering.release()


def _deliver() -> None:
    # The delivery reads templates and mail libraries that only the worker needs.
    from portal.core.outbox.delivery import deliver_due_messages, recover_abandoned

    recover_abandoned()
    deliver_due_messages()
