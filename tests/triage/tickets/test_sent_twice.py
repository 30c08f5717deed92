"""A form sent twice, as a nervous finger or a broken connection does it, is taken once."""

import html
import re
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.services import verify
from portal.core.db import db
from portal.core.outbox.models import OutboxMessage
from portal.core.sent_forms.models import SentForm
from portal.core.sent_forms.tasks import forget_sent_forms
from portal.directory.models import Team, User
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import PASSWORD, make_team, make_user
from tests.factories.tickets import make_agent, make_ticket
from triage.tickets.enums import EntryKind, TicketState
from triage.tickets.models import Ticket, TicketEntry

TWICE = "This was sent twice. It was taken once."


def token_of(client: CheckingClient, path: str, action: str) -> str:
    """Return the token of the form with this action on the page."""
    page = client.get(path).get_data(as_text=True)
    form = re.search(rf'<form[^>]* action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form, f"no form for {action} on {path}"
    token = re.search(r'name="form_token" value="([^"]+)"', form.group())
    assert token, f"the form for {action} has no token"
    return html.unescape(token.group(1))


def bodies(ticket: Ticket, kind: EntryKind) -> list[str]:
    query = sa.select(TicketEntry.body).where(TicketEntry.ticket_id == ticket.id, TicketEntry.kind == kind)
    return list(db.session.scalars(query.order_by(TicketEntry.id)))


def letters() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) or 0


def test_a_requester_writes_once(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    make_agent(team)
    page, action = f"/tickets/{ticket.number}", f"/tickets/{ticket.number}/reply"
    client.sign_in(person)
    form = {"body": "Any news?", "form_token": token_of(client, page, action)}
    first = client.post(action, data=form)
    told = letters()
    again = client.post(action, data=form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.location == first.location
    assert bodies(ticket, EntryKind.REPLY) == ["Any news?"]
    assert letters() == told
    assert TWICE in client.get(page).get_data(as_text=True)


def test_the_same_words_on_a_new_page_are_a_new_message(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    page, action = f"/tickets/{ticket.number}", f"/tickets/{ticket.number}/reply"
    client.sign_in(person)
    for _ in range(2):
        client.post(action, data={"body": "Hello?", "form_token": token_of(client, page, action)})
    assert bodies(ticket, EntryKind.REPLY) == ["Hello?", "Hello?"]


def test_other_words_from_the_page_before_are_not_lost(client: CheckingClient, team: Team, person: User) -> None:
    """The back button shows the form as it was, with its old token."""
    ticket = make_ticket(team=team, requester=person)
    action = f"/tickets/{ticket.number}/reply"
    client.sign_in(person)
    token = token_of(client, f"/tickets/{ticket.number}", action)
    for words in ("First", "Second"):
        client.post(action, data={"body": words, "form_token": token})
    assert bodies(ticket, EntryKind.REPLY) == ["First", "Second"]


def test_a_refused_form_may_be_sent_again(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    action = f"/tickets/{ticket.number}/reply"
    client.sign_in(person)
    token = token_of(client, f"/tickets/{ticket.number}", action)
    assert client.post(action, data={"body": "", "form_token": token}).status_code == 422
    assert client.post(action, data={"body": "", "form_token": token}).status_code == 422
    assert client.post(action, data={"body": "Now", "form_token": token}).status_code == 303
    assert bodies(ticket, EntryKind.REPLY) == ["Now"]


@pytest.mark.parametrize(("kind", "entry"), [("public", EntryKind.REPLY), ("internal", EntryKind.NOTE)])
def test_an_agent_writes_once(client: CheckingClient, team: Team, kind: str, entry: EntryKind) -> None:
    agent = make_agent(team)
    ticket = make_ticket(team=team, assignee=agent, state=TicketState.OPEN)
    action = f"/tickets/{ticket.number}/write"
    client.sign_in(agent)
    token = token_of(client, f"/tickets/{ticket.number}", action)
    form = {"kind": kind, "body": "Restart it.", "then": "stay", "form_token": token}
    answers = [client.post(action, data=form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert bodies(ticket, entry) == ["Restart it."]


def test_a_solved_ticket_is_not_refused_to_the_second_click(client: CheckingClient, team: Team) -> None:
    agent = make_agent(team)
    ticket = make_ticket(team=team, assignee=agent, state=TicketState.OPEN)
    action = f"/tickets/{ticket.number}/resolve"
    client.sign_in(agent)
    form = {
        "resolve-resolution": "Restarted.",
        "form_token": token_of(client, f"/tickets/{ticket.number}", action),
    }
    assert [client.post(action, data=form).status_code for _ in range(2)] == [303, 303]


def test_a_ticket_that_goes_on_is_opened_once(
    client: CheckingClient, team: Team, person: User, clock: HeldClock
) -> None:
    ticket = make_ticket(team=team, requester=person, state=TicketState.CLOSED)
    clock.forward(days=60)
    action = f"/tickets/{ticket.number}/follow-up"
    client.sign_in(person)
    token = token_of(client, f"/tickets/{ticket.number}", action)
    form = {"reopen-reason": "It is back.", "form_token": token}
    answers = [client.post(action, data=form) for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert db.session.scalar(sa.select(sa.func.count()).where(Ticket.follows_id == ticket.id)) == 1


def test_htmx_is_led_to_the_same_place(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    action = f"/tickets/{ticket.number}/reply"
    client.sign_in(person)
    form = {"body": "Any news?", "form_token": token_of(client, f"/tickets/{ticket.number}", action)}
    answers = [client.htmx(action, method="POST", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[0].headers["HX-Redirect"] == answers[1].headers["HX-Redirect"]
    assert bodies(ticket, EntryKind.REPLY) == ["Any news?"]


def test_signing_in_twice_signs_in(app: Flask, client: CheckingClient) -> None:
    """The browser keeps the answer to the second click only: it must carry the session."""
    user = make_user(with_password=True)
    form = {"username": user.username, "password": PASSWORD, "form_token": "the-same-page"}
    assert 'name="form_token"' in client.get("/sign-in").get_data(as_text=True)
    assert client.post("/sign-in", data=form).status_code == 303
    other = app.test_client()
    answer = other.post("/sign-in", data=form)
    assert answer.status_code == 303
    assert any(cookie.startswith("portico=") for cookie in answer.headers.getlist("Set-Cookie"))
    assert other.get("/account").status_code == 200


def test_old_forms_are_forgotten(client: CheckingClient, team: Team, person: User, clock: HeldClock) -> None:
    ticket = make_ticket(team=team, requester=person)
    action = f"/tickets/{ticket.number}/reply"
    client.sign_in(person)
    form = {"body": "Any news?", "form_token": token_of(client, f"/tickets/{ticket.number}", action)}
    client.post(action, data=form)
    forget_sent_forms()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SentForm)) == 1
    clock.forward(days=3)
    forget_sent_forms()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SentForm)) == 0


def test_of_many_at_the_same_moment_one_is_taken(busy_app: Flask) -> None:
    with busy_app.app_context():
        person = make_user()
        number, ticket_id = (ticket := make_ticket(team=make_team(), requester=person)).number, ticket.id
        client: Any = busy_app.test_client()
        client.sign_in(person)
        action = f"/tickets/{number}/reply"
        form = {"body": "All at once", "form_token": token_of(client, f"/tickets/{number}", action)}
        cookie = client.get_cookie("portico").value
    gate, answers = Barrier(5), []

    def send() -> None:
        with busy_app.app_context():
            one: Any = busy_app.test_client()
            one.set_cookie("portico", cookie)
            gate.wait()
            answers.append(one.post(action, data=form))

    threads = [Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [303] * 5
    assert len({answer.location for answer in answers}) == 1
    with busy_app.app_context():
        written = sa.select(TicketEntry.body).where(
            TicketEntry.ticket_id == ticket_id, TicketEntry.kind == EntryKind.REPLY
        )
        assert list(db.session.scalars(written)) == ["All at once"]
        assert verify()[1] is None
