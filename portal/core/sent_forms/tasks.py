from portal.core.db import unit_of_work
from portal.core.jobs import Schedule, job


@job("sent_forms.forget", every=Schedule(hour="3", minute="50"))
def forget_sent_forms() -> None:
    """Forget the forms of the days before: nobody sends them a second time any more."""
    # Imported when it runs: the services import the models, which jobs are declared before.
    from portal.core.sent_forms.services import forget_old

    with unit_of_work():
        forget_old()
