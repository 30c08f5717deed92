"""What states, kinds and the rest are called for people."""

from typing import NamedTuple

from flask_babel import LazyString, format_datetime, gettext, lazy_gettext

from triage.tickets.enums import HoldReason, Impact, TicketKind, TicketState, Urgency
from triage.tickets.models import Ticket


class Badge(NamedTuple):
    """Words, tone and icon of a state."""

    text: LazyString
    tone: str
    icon: str


KINDS = {
    TicketKind.INCIDENT: lazy_gettext("Incident"),
    TicketKind.SERVICE_REQUEST: lazy_gettext("Service request"),
    TicketKind.QUESTION: lazy_gettext("Question"),
}
KIND_ANSWERS = {
    TicketKind.INCIDENT: lazy_gettext("Something does not work"),
    TicketKind.SERVICE_REQUEST: lazy_gettext("I need something"),
    TicketKind.QUESTION: lazy_gettext("I have a question"),
}
IMPACTS = {
    Impact.EXTENSIVE: lazy_gettext("Extensive"),
    Impact.SIGNIFICANT: lazy_gettext("Significant"),
    Impact.MODERATE: lazy_gettext("Moderate"),
    Impact.MINOR: lazy_gettext("Minor"),
}
IMPACT_ANSWERS = {
    Impact.MINOR: lazy_gettext("Only me"),
    Impact.MODERATE: lazy_gettext("Several people"),
    Impact.SIGNIFICANT: lazy_gettext("A whole team or department"),
    Impact.EXTENSIVE: lazy_gettext("The whole organisation, or customers"),
}
URGENCIES = {
    Urgency.CRITICAL: lazy_gettext("Critical"),
    Urgency.HIGH: lazy_gettext("High"),
    Urgency.MEDIUM: lazy_gettext("Medium"),
    Urgency.LOW: lazy_gettext("Low"),
}
URGENCY_ANSWERS = {
    Urgency.LOW: lazy_gettext("Yes, it can wait"),
    Urgency.MEDIUM: lazy_gettext("Yes, but with difficulty"),
    Urgency.HIGH: lazy_gettext("No, I cannot work"),
    Urgency.CRITICAL: lazy_gettext("No, and harm is done with every hour"),
}
PRIORITIES = {
    1: lazy_gettext("Critical"),
    2: lazy_gettext("High"),
    3: lazy_gettext("Medium"),
    4: lazy_gettext("Low"),
    5: lazy_gettext("Very low"),
}
HOLD_REASONS = {
    HoldReason.REQUESTER: lazy_gettext("An answer of the requester"),
    HoldReason.VENDOR: lazy_gettext("A supplier"),
    HoldReason.CHANGE: lazy_gettext("A planned change"),
    HoldReason.PROBLEM: lazy_gettext("The cause to be found"),
}
_HELD_FOR_REQUESTER = {
    HoldReason.REQUESTER: Badge(lazy_gettext("Waiting for you"), "warn", "player-pause"),
    HoldReason.VENDOR: Badge(lazy_gettext("Waiting for a supplier"), "neutral", "player-pause"),
    HoldReason.CHANGE: Badge(lazy_gettext("Waiting for a planned change"), "neutral", "player-pause"),
    HoldReason.PROBLEM: Badge(lazy_gettext("The cause is being searched"), "neutral", "player-pause"),
}
_HELD_FOR_AGENT = {
    **_HELD_FOR_REQUESTER,
    HoldReason.REQUESTER: Badge(lazy_gettext("Waiting for requester"), "neutral", "player-pause"),
}
_STATES = {
    TicketState.NEW: Badge(lazy_gettext("Waiting for an agent"), "notice", "inbox"),
    TicketState.OPEN: Badge(lazy_gettext("In work"), "neutral", "progress"),
    TicketState.RESOLVED: Badge(lazy_gettext("Solved — please confirm"), "ok", "circle-check"),
    TicketState.CLOSED: Badge(lazy_gettext("Closed"), "neutral", "lock"),
}
_STATES_FOR_AGENT = {
    **_STATES,
    TicketState.NEW: Badge(lazy_gettext("New"), "notice", "inbox"),
    TicketState.RESOLVED: Badge(lazy_gettext("Solved, not confirmed"), "ok", "circle-check"),
}


def state_badge(ticket: Ticket, *, agent: bool = False) -> Badge:
    """Return the words for a ticket's state: an agent and whoever asked wait for each other."""
    if ticket.hold_reason is not None:
        return (_HELD_FOR_AGENT if agent else _HELD_FOR_REQUESTER)[ticket.hold_reason]
    return (_STATES_FOR_AGENT if agent else _STATES)[ticket.state]


def state_sentence(ticket: Ticket) -> str:
    """Say to whoever asked how things stand, in one sentence."""
    agent = ticket.assignee.display_name if ticket.assignee else ticket.team.name
    words: str
    match ticket.state:
        case TicketState.NEW:
            words = gettext("Your ticket is waiting for an agent of %(team)s.", team=ticket.team.name)
        case TicketState.OPEN:
            words = gettext("%(agent)s is working on it.", agent=agent)
        case TicketState.ON_HOLD:
            words = _hold_sentence(ticket, agent)
        case TicketState.RESOLVED:
            words = gettext("%(agent)s has marked it as solved. Does it work now?", agent=agent)
        case _:
            words = gettext("You confirmed that it is solved, and the ticket is closed.")
    return words


def next_sentence(ticket: Ticket, *, reopen_until: str | None) -> str:
    """Say to whoever asked what happens next and what they can do."""
    words: str
    if ticket.state is TicketState.NEW:
        words = gettext("You need do nothing. We write to you here and by e-mail as soon as somebody answers.")
    elif ticket.hold_reason is HoldReason.REQUESTER:
        words = gettext("Answer below, and the work goes on at once.")
    elif ticket.is_active:
        words = gettext("You get the answer here and by e-mail. Anything new? Write it below.")
    elif reopen_until is None:
        words = gettext("It is too long ago to open it again. If it is back, open a new ticket that is linked to this.")
    elif ticket.state is TicketState.RESOLVED:
        words = gettext("Please confirm, or open it again if something is still wrong.")
    else:
        words = gettext("Is it back? You can open it again until %(date)s.", date=reopen_until)
    return words


def exact(moment: object) -> str:
    return str(format_datetime(moment, format="medium"))


def _hold_sentence(ticket: Ticket, agent: str) -> str:
    sentences = {
        HoldReason.REQUESTER: gettext("%(agent)s needs an answer from you to go on.", agent=agent),
        HoldReason.VENDOR: gettext("%(agent)s is waiting for a supplier.", agent=agent),
        HoldReason.CHANGE: gettext("The repair comes with a change that is already planned."),
        HoldReason.PROBLEM: gettext("The cause is known to be a larger problem and is being searched."),
    }
    assert ticket.hold_reason is not None
    return str(sentences[ticket.hold_reason])
