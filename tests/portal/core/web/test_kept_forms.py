"""A form sent when nobody was signed in any more: what was typed goes along through signing in, and is sent once looked at."""

import re
from html import unescape
from io import BytesIO

import pytest
import sqlalchemy as sa

from portal.core.db import db
from tests.client import CheckingClient
from tests.factories.directory import PASSWORD, make_user
from tests.factories.tickets import make_ticket
from triage.tickets.models import TicketEntry

OWN = {"Origin": "http://localhost"}
WORDS = "Still broken.\nI tried <b>both</b> laptops & the phone."


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of the one form of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def replies() -> list[str]:
    return [
        entry.body for entry in db.session.scalars(sa.select(TicketEntry).where(TicketEntry.body.contains("broken")))
    ]


def test_a_reply_survives_the_end_of_the_session(client: CheckingClient) -> None:
    user = make_user(username="ada", with_password=True)
    ticket = make_ticket(requester=user)
    db.session.commit()
    client.csrf = False
    refused = client.post(f"/tickets/{ticket.number}/reply", data={"body": WORDS, "form_token": "one"}, headers=OWN)
    assert refused.status_code == 400
    assert refused.headers["Cache-Control"] == "no-store"
    assert "You are no longer signed in" in refused.text
    assert "I tried &lt;b&gt;both&lt;/b&gt; laptops &amp; the phone." in refused.text

    first = client.post("/sign-in/first", data=fields_of(refused.text))
    assert first.status_code == 200
    again = client.post("/sign-in", data=fields_of(first.text) | {"username": "ada", "password": "wrong"})
    assert again.status_code == 422
    shown = client.post("/sign-in", data=fields_of(again.text) | {"username": "ada", "password": PASSWORD})
    assert shown.status_code == 200
    assert f'action="/tickets/{ticket.number}/reply"' in shown.text
    assert "I tried &lt;b&gt;both&lt;/b&gt; laptops" in shown.text
    assert replies() == []

    sent = client.post(f"/tickets/{ticket.number}/reply", data=fields_of(shown.text))
    assert sent.status_code == 303
    assert [reply.replace("\r\n", "\n") for reply in replies()] == [WORDS]


def test_a_reply_survives_the_change_of_a_password_that_somebody_else_set(client: CheckingClient) -> None:
    user = make_user(username="ada", with_password=True)
    user.must_change_password = True
    ticket = make_ticket(requester=user)
    db.session.commit()
    client.csrf = False
    refused = client.post(f"/tickets/{ticket.number}/reply", data={"body": WORDS, "form_token": "one"}, headers=OWN)
    first = client.post("/sign-in/first", data=fields_of(refused.text))
    detour = client.post("/sign-in", data=fields_of(first.text) | {"username": "ada", "password": PASSWORD})
    assert detour.status_code == 200
    assert 'action="/account/password"' in detour.text
    assert "What you wrote is kept and comes next." in detour.text
    chosen = {"current": "wrong", "password": "a better one than before", "again": "a better one than before"}
    again = client.post("/account/password", data=fields_of(detour.text) | chosen)
    assert again.status_code == 422
    shown = client.post("/account/password", data=fields_of(again.text) | chosen | {"current": PASSWORD})
    assert shown.status_code == 200
    assert "Your password is changed." in shown.text
    assert "I tried &lt;b&gt;both&lt;/b&gt; laptops" in shown.text
    assert replies() == []
    assert client.post(f"/tickets/{ticket.number}/reply", data=fields_of(shown.text)).status_code == 303
    assert len(replies()) == 1


def test_whoever_signed_in_again_elsewhere_sends_it_at_once(client: CheckingClient) -> None:
    user = make_user()
    ticket = make_ticket(requester=user)
    client.sign_in(user)
    client.csrf = False
    shown = client.post(f"/tickets/{ticket.number}/reply", data={"body": WORDS}, headers=OWN)
    assert shown.status_code == 400
    assert "kept" not in fields_of(shown.text)
    assert client.post(f"/tickets/{ticket.number}/reply", data=fields_of(shown.text)).status_code == 303
    assert len(replies()) == 1


def test_a_session_ended_from_elsewhere_keeps_it_too(client: CheckingClient) -> None:
    """The token still fits, but the person behind the session is gone."""
    user = make_user()
    ticket = make_ticket(requester=user)
    client.sign_in(user)
    user.session_generation += 1
    shown = client.post(f"/tickets/{ticket.number}/reply", data={"body": WORDS}, headers=OWN)
    assert shown.status_code == 401
    assert "kept" in fields_of(shown.text)


def test_files_are_said_not_to_go_along(client: CheckingClient) -> None:
    client.csrf = False
    data = {"body": WORDS, "files": (BytesIO(b"x"), "x.txt")}
    assert "Files could not be kept" in client.post("/tickets/1/reply", data=data, headers=OWN).text


def test_what_a_visitor_asked_needs_no_account(client: CheckingClient) -> None:
    client.csrf = False
    shown = client.post("/ask", data={"text": "My VPN is broken"}, headers=OWN)
    assert shown.status_code == 400
    assert fields_of(shown.text)["text"] == "My VPN is broken"
    assert client.post("/ask", data=fields_of(shown.text)).status_code == 303


def test_a_part_that_asks_while_somebody_types_belongs_to_the_form_of_its_page(client: CheckingClient) -> None:
    client.csrf = False
    page = {"HX-Request": "true", "HX-Current-URL": "http://localhost/ask/abc/ticket"}
    shown = client.post("/ask/abc/ticket/articles", data={"title": "My VPN is broken"}, headers=OWN | page)
    assert shown.headers["HX-Retarget"] == "body"
    first = client.post("/sign-in/first", data=fields_of(shown.text))
    make_user(username="ada", with_password=True)
    shown = client.post("/sign-in", data=fields_of(first.text) | {"username": "ada", "password": PASSWORD})
    assert 'action="/ask/abc/ticket"' in shown.text


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
def test_what_another_site_sent_is_not_kept(client: CheckingClient, origin: dict[str, str]) -> None:
    client.csrf = False
    answer = client.post("/tickets/1/reply", data={"body": WORDS}, headers=origin)
    assert answer.status_code == 400
    assert "laptops" not in answer.text


def test_a_password_is_never_kept(client: CheckingClient) -> None:
    client.csrf = False
    data = {"current_password": "my old secret", "new_password": "my new secret"}
    answer = client.post("/account/password", data=data, headers=OWN)
    assert answer.status_code == 400
    assert "secret" not in answer.text


def test_what_was_not_sealed_here_is_ignored(client: CheckingClient) -> None:
    make_user(username="ada", with_password=True)
    answer = client.post("/sign-in", data={"username": "ada", "password": PASSWORD, "kept": "WyIvIl0.forged"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
