from portal.core.jobs import Schedule, job


@job("audit.verify", every=Schedule(hour="2", minute="40"), long=True)
def verify_chain() -> None:
    """Check the whole chain every night, so that a break is known before somebody asks."""
    # Imported when it runs: the services import the models, which jobs are declared before.
    import logging

    from portal.core.audit.services import verify_and_remember
    from portal.core.db import unit_of_work

    with unit_of_work():
        result = verify_and_remember()
    if not result.holds:
        logging.getLogger(__name__).error("The audit trail is broken: %s", result.finding)
