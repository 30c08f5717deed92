from portal.core.jobs import crontab, job


@job("outbox.deliver", every=crontab(minute="*"), at_start=True)
def deliver_due() -> None:
    """Send what is due and take back what a killed worker left behind."""
    # The delivery reads templates and mail libraries that only the worker needs.
    from portal.core.outbox.delivery import deliver_due_messages, recover_abandoned

    recover_abandoned()
    deliver_due_messages()
