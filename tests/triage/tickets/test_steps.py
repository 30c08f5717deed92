"""Each step of a ticket: what it changes, what it leaves in history and audit trail, and whom it tells."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.audit.services import verify
from portal.core.db import db
from portal.core.outbox.models import OutboxMessage
from portal.directory.models import Team, User
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.tickets import make_agent, make_ticket
from triage.tickets import routing, services
from triage.tickets.enums import Action, EntryKind, Event, HoldReason, Impact, TicketKind, TicketState, Urgency
from triage.tickets.errors import (
    AlreadyClaimed,
    ChangedMeanwhile,
    IllegalStep,
    IncompleteStep,
    NobodyToAsk,
    NotYourTicket,
    TooLateToReopen,
)
from triage.tickets.models import Ticket, TicketEntry


def mails(since: int = 0) -> list[tuple[str, str]]:
    """Who was told what (template without its folder), since a message id."""
    rows = db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.id > since).order_by(OutboxMessage.id))
    return [(row.recipient, row.template.rsplit("/", 1)[1]) for row in rows]


def last_mail() -> int:
    return db.session.scalar(sa.select(sa.func.max(OutboxMessage.id))) or 0


def events() -> list[str]:
    db.session.commit()
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


def history(ticket: Ticket) -> list[tuple[Action | None, TicketState | None, TicketState | None]]:
    rows = db.session.scalars(sa.select(TicketEntry).where(TicketEntry.ticket_id == ticket.id).order_by(TicketEntry.id))
    return [(row.action, row.from_state, row.to_state) for row in rows if row.kind is EntryKind.EVENT]


def test_opening_sends_receipt_and_tells_the_team(team: Team, agent: User, person: User) -> None:
    make_user("agent", team=make_team(), username="agent.elsewhere")
    make_user(username="gone", is_active=False)
    service = make_service("VPN", owner_team=team)
    ticket = services.open_ticket(
        actor=person,
        title="  VPN   drops ",
        description="Every two minutes.\n",
        impact=Impact.MODERATE,
        urgency=Urgency.HIGH,
        service=service,
    )
    assert (ticket.title, ticket.team, ticket.priority, ticket.state) == ("VPN drops", team, 3, TicketState.NEW)
    assert routing.sentence(ticket.routing) == "Went to Network because that team answers for “VPN”."
    assert mails() == [(person.email, "received"), (agent.email, "new_in_queue")]
    assert history(ticket) == [(Action.OPENED, None, TicketState.NEW)]
    assert events() == [Event.OPENED]
    assert verify()[1] is None


def test_numbers_follow_each_other_across_kinds(team: Team, person: User) -> None:
    numbers = [make_ticket(team=team, requester=person, kind=kind).number for kind in TicketKind]
    assert numbers == [1001, 1002, 1003]


def test_the_mail_speaks_the_readers_language_and_carries_the_link(team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, title="Maus <b>klemmt</b> & mehr")
    message = db.session.scalars(sa.select(OutboxMessage)).one()
    assert f"http://localhost/tickets/{ticket.number}" in message.body_text
    assert "Maus <b>klemmt</b> & mehr" in message.subject
    assert "<b>klemmt" not in message.body_html
    assert message.headers == {"thread": f"ticket-{ticket.number}"}


def test_a_form_sent_twice_makes_one_ticket(team: Team, person: User) -> None:
    first = make_ticket(team=team, requester=person, form_token="once")
    again = make_ticket(team=team, requester=person, form_token="once")
    assert first.id == again.id
    assert len(mails()) == 1


def test_a_token_of_somebody_else_shows_nothing_of_theirs(team: Team, person: User) -> None:
    make_ticket(team=team, requester=person, form_token="once")
    assert services.find_by_token("once", make_user()) is None


def test_without_a_service_the_service_desk_receives(app: Flask) -> None:
    make_team("First made")
    desk = make_team("Service desk", key="service-desk")
    ticket = services.open_ticket(
        actor=make_user(), title="Help", description="Help", impact=Impact.MINOR, urgency=Urgency.LOW
    )
    assert ticket.team == desk
    assert "no service was named" in routing.sentence(ticket.routing)
    chosen = make_team("Chosen")
    services.change_desk(actor=make_user(), default_team=chosen, reopen_days=7)
    ticket = services.open_ticket(
        actor=make_user(), title="Help", description="Help", impact=Impact.MINOR, urgency=Urgency.LOW
    )
    assert ticket.team == chosen


def test_without_any_team_the_refusal_says_so(app: Flask) -> None:
    with pytest.raises(NobodyToAsk, match="No team"):
        services.open_ticket(actor=make_user(), title="a", description="b", impact=Impact.MINOR, urgency=Urgency.LOW)


@pytest.mark.parametrize(("title", "description"), [("", "x"), ("x", "  "), (" \n", "x")])
def test_a_ticket_needs_words(team: Team, title: str, description: str) -> None:
    with pytest.raises(IncompleteStep):
        services.open_ticket(
            actor=make_user(), title=title, description=description, impact=Impact.MINOR, urgency=Urgency.LOW
        )


def test_claiming_begins_the_work_and_tells_nobody(team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    before = last_mail()
    services.claim_ticket(ticket, actor=agent)
    assert (ticket.assignee, ticket.state) == (agent, TicketState.OPEN)
    assert mails(before) == []
    assert history(ticket)[-1] == (Action.CLAIMED, TicketState.NEW, TicketState.OPEN)
    assert events()[-1] == Event.CLAIMED
    services.claim_ticket(ticket, actor=agent)
    assert len(history(ticket)) == 2


def test_the_loser_of_a_claim_hears_who_was_faster(team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    services.claim_ticket(ticket, actor=agent)
    with pytest.raises(AlreadyClaimed, match=f"{agent.display_name} was faster"):
        services.claim_ticket(ticket, actor=make_agent(team))


def test_an_agent_of_another_team_may_do_nothing(team: Team) -> None:
    ticket = make_ticket(team=team)
    stranger = make_agent(make_team())
    for step in (services.claim_ticket, services.release_ticket, services.resume_ticket, services.confirm_ticket):
        with pytest.raises(NotYourTicket):
            step(ticket, actor=stranger)
    with pytest.raises(NotYourTicket):
        services.reply(ticket, actor=stranger, body="Hello")
    with pytest.raises(NotYourTicket):
        services.add_note(ticket, actor=ticket.requester, body="Hello")


def test_releasing_puts_it_back_and_tells_the_team(team: Team, agent: User) -> None:
    other = make_agent(team)
    ticket = make_ticket(team=team, assignee=agent, state=TicketState.OPEN)
    before = last_mail()
    services.release_ticket(ticket, actor=agent, reason="End of shift")
    assert (ticket.assignee_id, ticket.state) == (None, TicketState.NEW)
    assert mails(before) == [(other.email, "new_in_queue")]
    with pytest.raises(IllegalStep, match="Nobody has this ticket"):
        services.release_ticket(ticket, actor=agent)


def test_assigning_tells_the_agent_who_gets_it(team: Team, agent: User) -> None:
    lead, ticket = make_agent(team), make_ticket(team=team)
    before = last_mail()
    services.assign_ticket(ticket, agent, actor=lead)
    assert (ticket.assignee, ticket.state) == (agent, TicketState.OPEN)
    assert mails(before) == [(agent.email, "assigned")]
    services.assign_ticket(ticket, lead, actor=lead)
    assert ticket.assignee == lead
    assert len(mails(before)) == 1
    with pytest.raises(IllegalStep, match="does not work on the tickets"):
        services.assign_ticket(ticket, make_user(), actor=lead)


def test_moving_needs_a_reason_and_starts_anew(team: Team, agent: User) -> None:
    ticket = make_ticket(team=team, assignee=agent, state=TicketState.ON_HOLD)
    target = make_team("Workplace")
    receiver = make_agent(target)
    with pytest.raises(IncompleteStep):
        services.move_ticket(ticket, target, actor=agent, reason=" ")
    before = last_mail()
    services.move_ticket(ticket, target, actor=agent, reason="It is the dock.")
    assert (ticket.team, ticket.assignee_id, ticket.state, ticket.hold_reason) == (target, None, TicketState.NEW, None)
    assert routing.sentence(ticket.routing) == "Moved to Workplace by hand: It is the dock."
    assert mails(before) == [(receiver.email, "new_in_queue")]


def test_an_agents_reply_takes_the_ticket_and_answers(team: Team, agent: User, person: User, clock: HeldClock) -> None:
    ticket = make_ticket(team=team, requester=person)
    before = last_mail()
    clock.forward(minutes=12)
    services.reply(ticket, actor=agent, body="Try again.")
    assert (ticket.assignee, ticket.state, ticket.awaits_answer) == (agent, TicketState.OPEN, False)
    assert ticket.first_response_at == clock.now() == ticket.last_activity_at
    assert mails(before) == [(person.email, "replied")]
    clock.forward(minutes=5)
    services.reply(ticket, actor=agent, body="And again.")
    assert ticket.first_response_at is not None and ticket.first_response_at < clock.now()


def test_a_reply_on_hold_resumes_only_what_waits_for_the_requester(team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.OPEN)
    services.put_on_hold(ticket, HoldReason.VENDOR, actor=agent, note="Part ordered")
    services.reply(ticket, actor=person, body="Any news?")
    assert (ticket.state, ticket.awaits_answer) == (TicketState.ON_HOLD, True)
    before = last_mail()
    services.put_on_hold(ticket, HoldReason.REQUESTER, actor=agent, note="Which dock?")
    assert mails(before) == [(person.email, "waiting")]
    services.reply(ticket, actor=person, body="The grey one.")
    assert (ticket.state, ticket.hold_reason) == (TicketState.OPEN, None)
    assert mails(before)[1:] == [(agent.email, "requester_replied")]


def test_nobody_is_told_of_a_note(team: Team, agent: User) -> None:
    make_agent(team)
    ticket = make_ticket(team=team, assignee=agent, state=TicketState.OPEN)
    before = last_mail()
    entry = services.add_note(ticket, actor=agent, body="Old profile, see P-31.")
    assert entry.is_internal
    assert mails(before) == []
    with pytest.raises(IncompleteStep):
        services.add_note(ticket, actor=agent, body=" ")


def test_resolving_needs_words_and_asks_the_requester(team: Team, agent: User, person: User, clock: HeldClock) -> None:
    ticket = make_ticket(team=team, requester=person)
    with pytest.raises(IncompleteStep, match="how it was solved"):
        services.resolve_ticket(ticket, actor=agent, resolution="  ")
    before = last_mail()
    services.resolve_ticket(ticket, actor=agent, resolution="Roller changed.")
    assert (ticket.state, ticket.resolved_at, ticket.assignee) == (TicketState.RESOLVED, clock.now(), agent)
    assert mails(before) == [(person.email, "resolved")]
    for step in (services.claim_ticket, services.release_ticket):
        with pytest.raises(IllegalStep):
            step(ticket, actor=agent)


def test_only_the_requester_confirms(team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.RESOLVED)
    with pytest.raises(NotYourTicket):
        services.confirm_ticket(ticket, actor=agent)
    before = last_mail()
    services.confirm_ticket(ticket, actor=person, comment="Still quiet.")
    assert ticket.state is TicketState.CLOSED
    assert mails(before) == [(agent.email, "confirmed")]
    with pytest.raises(IllegalStep):
        services.confirm_ticket(ticket, actor=person)
    with pytest.raises(IllegalStep):
        services.reply(ticket, actor=agent, body="One more thing")


@pytest.mark.parametrize("state", [TicketState.RESOLVED, TicketState.CLOSED])
def test_reopening_within_the_time(team: Team, agent: User, person: User, clock: HeldClock, state: TicketState) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=state)
    clock.forward(days=14)
    before = last_mail()
    with pytest.raises(IncompleteStep):
        services.reopen_ticket(ticket, actor=person, reason="")
    services.reopen_ticket(ticket, actor=person, reason="It dropped again.")
    assert (ticket.state, ticket.resolved_at, ticket.closed_at) == (TicketState.OPEN, None, None)
    assert mails(before) == [(agent.email, "reopened")]
    assert history(ticket)[-1] == (Action.REOPENED, state, TicketState.OPEN)


def test_after_the_time_a_linked_ticket_takes_its_place(
    team: Team, agent: User, person: User, clock: HeldClock
) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.CLOSED)
    with pytest.raises(IllegalStep):
        services.open_follow_up(ticket, actor=person, description="Again")
    clock.forward(days=14, seconds=1)
    for refused in (
        lambda: services.reopen_ticket(ticket, actor=person, reason="Again"),
        lambda: services.reply(ticket, actor=person, body="Again"),
    ):
        with pytest.raises(TooLateToReopen, match="Open a new one"):
            refused()
    assert ticket.state is TicketState.CLOSED
    following = services.open_follow_up(ticket, actor=person, description="Again")
    assert (following.follows, following.title, following.team) == (ticket, ticket.title, team)


def test_a_reply_opens_a_solved_ticket_again(team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.RESOLVED)
    before = last_mail()
    services.reply(ticket, actor=person, body="No, still there.")
    assert ticket.state is TicketState.OPEN
    assert mails(before) == [(agent.email, "requester_replied")]


def test_reopened_without_its_agent_it_waits_in_the_queue(team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.RESOLVED)
    agent.is_active = False
    agent.forget_rights()
    db.session.commit()
    services.reopen_ticket(ticket, actor=person, reason="Again")
    assert (ticket.state, ticket.assignee_id) == (TicketState.NEW, None)


def test_on_somebodys_behalf_both_are_told(team: Team, agent: User, person: User) -> None:
    ticket = services.open_ticket(
        actor=agent,
        requester=person,
        title="Called in",
        description="By phone.",
        impact=Impact.MINOR,
        urgency=Urgency.LOW,
        team=team,
    )
    assert sorted(mails()) == sorted([(person.email, "received"), (agent.email, "received")])
    before = last_mail()
    services.reply(ticket, actor=agent, body="Solved on the phone.", as_agent=True)
    assert mails(before) == [(person.email, "replied")]


def test_fields_change_the_priority_unless_it_was_set(team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    same: dict[str, Any] = {"title": ticket.title, "kind": ticket.kind, "service": None, "category": None}
    services.change_fields(ticket, actor=agent, **same, impact=Impact.EXTENSIVE, urgency=Urgency.HIGH)
    assert ticket.priority == 1
    with pytest.raises(IncompleteStep):
        services.set_priority(ticket, 4, actor=agent, reason="")
    services.set_priority(ticket, 4, actor=agent, reason="Known workaround.")
    services.change_fields(ticket, actor=agent, **same, impact=Impact.EXTENSIVE, urgency=Urgency.CRITICAL)
    assert ticket.priority == 4
    services.reset_priority(ticket, actor=agent)
    assert (ticket.priority, ticket.priority_reason) == (1, "")
    assert events()[-4:] == [Event.CHANGED, Event.PRIORITY_SET, Event.CHANGED, Event.PRIORITY_SET]


def test_another_kind_needs_a_reason(team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    fields: dict[str, Any] = {
        "title": "T",
        "service": None,
        "category": None,
        "impact": ticket.impact,
        "urgency": ticket.urgency,
    }
    with pytest.raises(IncompleteStep):
        services.change_fields(ticket, actor=agent, **fields, kind=TicketKind.SERVICE_REQUEST)
    services.change_fields(ticket, actor=agent, **fields, kind=TicketKind.SERVICE_REQUEST, reason="Wants a licence")
    assert ticket.kind is TicketKind.SERVICE_REQUEST


def test_a_form_made_before_a_change_is_refused(team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    seen = ticket.version
    services.claim_ticket(ticket, actor=agent)
    with pytest.raises(ChangedMeanwhile):
        services.change_fields(
            ticket,
            actor=agent,
            title="Other",
            kind=ticket.kind,
            service=None,
            category=None,
            impact=ticket.impact,
            urgency=ticket.urgency,
            version=seen,
        )
