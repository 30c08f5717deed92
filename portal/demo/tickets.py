"""The demo organisation's tickets, replayed step by step at the times they are meant to have happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.directory.api import User, find_service, find_team, get_user_by_name
from triage.tickets.api import (
    Category,
    HoldReason,
    Impact,
    Ticket,
    TicketKind,
    Urgency,
    add_note,
    claim_ticket,
    confirm_ticket,
    open_ticket,
    put_on_hold,
    reopen_ticket,
    reply,
    resolve_ticket,
)

KINDS = {"incident": TicketKind.INCIDENT, "request": TicketKind.SERVICE_REQUEST, "question": TicketKind.QUESTION}
Facts = dict[str, Any]


class ReplayClock(clock.Clock):
    """Shows the moment of the step being replayed."""

    def __init__(self) -> None:
        self.moment = super().now()

    def now(self) -> datetime:
        return self.moment


@contextmanager
def replaying() -> Iterator[ReplayClock]:
    replayed = ReplayClock()
    previous = clock.set_clock(replayed)
    try:
        yield replayed
    finally:
        clock.set_clock(previous)


def replay_tickets(tickets: list[Facts], categories: dict[str, int]) -> None:
    """Replay all steps of all tickets in the order of time, so that the audit trail reads like a real one."""
    loaded_at = clock.now()
    steps: list[tuple[datetime, int, Facts, Facts | None]] = []
    for order, facts in enumerate(tickets):
        opened_at = loaded_at - timedelta(minutes=facts["opened_minutes_ago"])
        steps.append((opened_at, order, facts, None))
        steps += [
            (opened_at + timedelta(minutes=step["minutes_after"]), order, facts, step) for step in facts["events"]
        ]
    numbers: dict[str, int] = {}
    with replaying() as replayed:
        for moment, _, facts, step in sorted(steps, key=lambda item: item[:2]):
            replayed.moment = moment
            with unit_of_work():
                if step is None:
                    numbers[facts["key"]] = _open(facts, categories[facts["category"]]).id
                else:
                    _take(db.session.get_one(Ticket, numbers[facts["key"]]), step)


def _open(facts: Facts, category_id: int) -> Ticket:
    service = find_service(facts["service"])
    # Most go where the rules send them; the others were passed to the desk by hand.
    routed = service is not None and service.owner_team.key == facts["team"]
    return open_ticket(
        actor=get_user_by_name(facts["requester"]),
        title=facts["title"],
        description=facts["description"],
        kind=KINDS[facts["type"]],
        impact=Impact(facts["impact"]),
        urgency=Urgency(facts["urgency"]),
        service=service,
        category=db.session.get_one(Category, category_id),
        team=None if routed else find_team(facts["team"]),
    )


def _take(ticket: Ticket, step: Facts) -> None:
    actor: User = get_user_by_name(step["by"])
    text = step.get("text", "")
    match step["action"]:
        case "claim":
            claim_ticket(ticket, actor=actor)
        case "reply":
            reply(ticket, actor=actor, body=text)
        case "note":
            add_note(ticket, actor=actor, body=text)
        case "hold":
            put_on_hold(ticket, HoldReason(step["reason"]), actor=actor, note=text)
        case "resolve":
            resolve_ticket(ticket, actor=actor, resolution=text)
        case "confirm":
            confirm_ticket(ticket, actor=actor, comment=text)
        case "reopen":
            reopen_ticket(ticket, actor=actor, reason=text)
        case action:
            raise ValueError(f"The demo ticket {ticket.number} has an unknown step: {action}")
