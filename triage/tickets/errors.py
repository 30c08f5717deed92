"""Why the desk says no."""

from portal.core.errors import Conflict, NotAllowed, Refused


class IllegalStep(Refused):
    """The ticket's state does not allow this step."""


class IncompleteStep(Refused):
    """The step needs a word that is missing: a resolution, a reason, a text."""


class TooLateToReopen(Refused):
    """The time in which a solved ticket can be opened again is over; a new one is linked to it."""


class AlreadyClaimed(Conflict):
    """Somebody else took the ticket first."""


class ChangedMeanwhile(Conflict):
    """The ticket was changed after the form was shown."""


class NotYourTicket(NotAllowed):
    """The step belongs to somebody else: the requester, or an agent of the team."""


class NobodyToAsk(Refused):
    """No team can receive the ticket."""


class HiddenFromRequester(Refused):
    """The requester would get a link to an article that they may not read."""
