"""One ticket, as whoever asked sees it and as agents see it."""

import io

import pytest
import sqlalchemy as sa

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import Team, User
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.tickets import make_agent, make_category, make_ticket
from triage.tickets import services
from triage.tickets.enums import Event, HoldReason, TicketKind, TicketState
from triage.tickets.models import Ticket, TicketEntry

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def url(ticket: Ticket, step: str = "") -> str:
    return f"/tickets/{ticket.number}" + (f"/{step}" if step else "")


def reloaded(ticket: Ticket) -> Ticket:
    return db.session.scalars(sa.select(Ticket).where(Ticket.id == ticket.id)).one()


def audited() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


def test_anonymous_is_led_to_sign_in(client: CheckingClient, team: Team) -> None:
    response = client.get(url(make_ticket(team=team)))
    assert response.status_code == 303
    assert response.location.startswith("/sign-in")


def test_a_stranger_and_an_agent_of_another_team_get_404(client: CheckingClient, team: Team) -> None:
    ticket = make_ticket(team=team)
    for stranger in (make_user(), make_agent(make_team())):
        client.sign_in(stranger)
        assert client.get(url(ticket)).status_code == 404
        for step in ("reply", "confirm", "reopen", "follow-up"):
            assert client.post(url(ticket, step), data={"body": "x", "reopen-reason": "x"}).status_code == 404
    assert client.get("/tickets/999999").status_code == 404


def test_agent_steps_need_the_role(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    client.sign_in(person)
    for step in ("claim", "release", "write", "resolve", "hold", "resume", "assign", "move", "priority", "fields"):
        assert client.post(url(ticket, step)).status_code == 403
    assert reloaded(ticket).state is TicketState.NEW


def test_an_auditor_reads_and_changes_nothing(client: CheckingClient, team: Team) -> None:
    ticket = make_ticket(team=team)
    client.sign_in(make_user("auditor"))
    page = client.get(url(ticket))
    assert page.status_code == 200
    assert "What to do with it" not in page.text
    assert client.post(url(ticket, "claim")).status_code == 403


def test_the_requester_reads_how_it_stands(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, title="VPN <drops>", description="It drops.\n\nAlways & again.")
    client.sign_in(person)
    text = client.get(url(ticket)).text
    assert "Your ticket is waiting for an agent of Network." in text
    assert "VPN &lt;drops&gt;" in text
    assert "<p>Always &amp; again.</p>" in text
    assert "Send message" in text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (TicketState.OPEN, "Agent Network is working on it."),
        (TicketState.ON_HOLD, "Agent Network needs an answer from you to go on."),
        (TicketState.RESOLVED, "Agent Network has marked it as solved. Does it work now?"),
        (TicketState.CLOSED, "You confirmed that it is solved"),
    ],
)
def test_each_state_is_one_sentence(
    client: CheckingClient, team: Team, agent: User, person: User, state: TicketState, sentence: str
) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=state)
    client.sign_in(person)
    assert sentence in client.get(url(ticket)).text


@pytest.mark.parametrize("reason", HoldReason)
def test_each_reason_to_wait_has_words(
    client: CheckingClient, team: Team, agent: User, person: User, reason: HoldReason
) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.OPEN)
    services.put_on_hold(ticket, reason, actor=agent, note="Details of it")
    for user in (person, agent):
        client.sign_in(user)
        assert "Details of it" in client.get(url(ticket)).text


def test_the_requester_replies_with_attachments(client: CheckingClient, team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.ON_HOLD)
    client.sign_in(person)
    files = [(io.BytesIO(PNG), "error.png"), (io.BytesIO(b"log line\n"), "client.log")]
    response = client.post(url(ticket, "reply"), data={"body": "Here they are.", "files": files})
    assert (response.status_code, response.location) == (303, url(ticket))
    assert reloaded(ticket).state is TicketState.OPEN
    text = client.get(url(ticket)).text
    assert "error.png" in text and "client.log" in text
    assert audited()[-2:] == [Event.RESUMED, Event.REPLIED]


@pytest.mark.parametrize("htmx", [False, True])
def test_an_empty_reply_is_shown_again(client: CheckingClient, team: Team, person: User, htmx: bool) -> None:
    ticket = make_ticket(team=team, requester=person)
    client.sign_in(person)
    post = client.htmx if htmx else client.post
    before = len(audited())
    response = post(url(ticket, "reply"), method="POST", data={"body": " "}) if htmx else post(url(ticket, "reply"))
    assert response.status_code == 422
    assert "Write something before you send it." in response.text
    assert ("<html" in response.text) is not htmx
    assert len(audited()) == before


def test_a_refused_file_keeps_the_text(client: CheckingClient, team: Team, person: User) -> None:
    ticket = make_ticket(team=team, requester=person)
    client.sign_in(person)
    data = {"body": "See the picture", "files": (io.BytesIO(b"MZ\x90\x00" + b"\x00" * 60), "virus.png")}
    response = client.post(url(ticket, "reply"), data=data)
    assert response.status_code == 422
    assert "See the picture" in response.text
    assert "What “virus.png” holds is of a kind that is not accepted" in response.text
    count = sa.select(sa.func.count()).select_from(TicketEntry).where(TicketEntry.ticket_id == ticket.id)
    assert db.session.scalar(count) == 1


def test_confirming_closes_it(client: CheckingClient, team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.RESOLVED)
    client.sign_in(agent)
    assert client.post(url(ticket, "confirm")).status_code == 403
    client.sign_in(person)
    assert "Yes, it works now" in client.get(url(ticket)).text
    assert client.post(url(ticket, "confirm")).location == url(ticket)
    assert reloaded(ticket).state is TicketState.CLOSED
    again = client.post(url(ticket, "confirm"))
    assert again.status_code == 409
    assert "Only a ticket that is marked as solved" in again.text


def test_reopening_asks_why(client: CheckingClient, team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.CLOSED)
    client.sign_in(person)
    response = client.post(url(ticket, "reopen"), data={"reopen-reason": ""})
    assert response.status_code == 422
    assert "Say what still does not work." in response.text
    client.post(url(ticket, "reopen"), data={"reopen-reason": "It is back."})
    assert reloaded(ticket).state is TicketState.OPEN


def test_after_the_time_it_becomes_a_linked_ticket(
    client: CheckingClient, team: Team, agent: User, person: User, clock: HeldClock
) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.CLOSED)
    clock.forward(days=20)
    client.sign_in(person)
    assert "Open a new ticket linked to this one" in client.get(url(ticket)).text
    refused = client.post(url(ticket, "reopen"), data={"reopen-reason": "Back"})
    assert refused.status_code == 422
    assert "Too much time has passed" in refused.text
    response = client.post(url(ticket, "follow-up"), data={"reopen-reason": "Back"})
    following = db.session.scalars(sa.select(Ticket).where(Ticket.follows_id == ticket.id)).one()
    assert response.location == url(following)
    assert f"#{ticket.number}" in client.get(url(following)).text


def test_nothing_internal_reaches_the_requester(client: CheckingClient, team: Team, agent: User, person: User) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.OPEN)
    client.sign_in(agent)
    data = {
        "kind": "internal",
        "body": "Known offender, see P-31",
        "files": (io.BytesIO(b"secret log\n"), "gateway.log"),
    }
    assert client.post(url(ticket, "write"), data=data).status_code == 303
    services.move_ticket(ticket, make_team("Secret lab"), actor=agent, reason="Too hard for us")
    note = db.session.scalars(sa.select(TicketEntry).where(TicketEntry.body.contains("P-31"))).one()
    path = url(ticket, f"attachments/{note.attachments[0].id}")
    client.sign_in(person)
    text = client.get(url(ticket)).text
    for secret in ("P-31", "gateway.log", "Too hard for us", "note"):
        assert secret not in text
    assert client.get(path).status_code == 404
    client.sign_in(make_agent(ticket.team))
    assert "P-31" in client.get(url(ticket)).text
    assert client.get(path).data == b"secret log\n"


def test_a_file_is_given_only_through_its_own_ticket(client: CheckingClient, team: Team, person: User) -> None:
    ticket, other = make_ticket(team=team, requester=person), make_ticket(team=team)
    client.sign_in(person)
    client.post(url(ticket, "reply"), data={"body": "Picture", "files": (io.BytesIO(PNG), "error.png")})
    entry = db.session.scalars(sa.select(TicketEntry).where(TicketEntry.body == "Picture")).one()
    number = entry.attachments[0].id
    response = client.get(url(ticket, f"attachments/{number}"))
    assert (response.status_code, response.data, response.mimetype) == (200, PNG, "image/png")
    client.sign_in(other.requester)
    assert client.get(url(ticket, f"attachments/{number}")).status_code == 404
    assert client.get(url(other, f"attachments/{number}")).status_code == 404


def test_the_agents_page(client: CheckingClient, team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    client.sign_in(agent)
    text = client.get(url(ticket)).text
    for words in ("Take this ticket", "Went to Network", "Internal note", "Pass on", "Not yet"):
        assert words in text
    assert "<html" not in client.htmx(url(ticket)).text


@pytest.mark.parametrize(
    ("step", "words"), [("pass-on", "Move to another team"), ("facts", "Set the priority by hand")]
)
def test_forms_with_many_choices_are_pages_of_their_own(
    client: CheckingClient, team: Team, agent: User, person: User, step: str, words: str
) -> None:
    ticket = make_ticket(team=team, requester=person)
    assert client.get(url(ticket, step)).location.startswith("/sign-in")
    client.sign_in(person)
    assert client.get(url(ticket, step)).status_code == 403
    client.sign_in(make_agent(make_team()))
    assert client.get(url(ticket, step)).status_code == 404
    client.sign_in(agent)
    client.get(url(ticket, step))
    with count_queries() as counted:
        assert words in client.get(url(ticket, step)).text
    assert len(counted) <= 13
    fragment = client.htmx(url(ticket, step)).text
    assert words in fragment and "<html" not in fragment


def test_claiming_twice_shows_who_was_faster(client: CheckingClient, team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    client.sign_in(agent)
    assert client.post(url(ticket, "claim")).location == url(ticket)
    client.sign_in(make_agent(team))
    response = client.post(url(ticket, "claim"))
    assert response.status_code == 409
    assert f"Agent Network was faster and has taken ticket #{ticket.number}" in response.text
    assert reloaded(ticket).assignee == agent


def test_writing_needs_a_choice_between_public_and_internal(client: CheckingClient, team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    client.sign_in(agent)
    response = client.post(url(ticket, "write"), data={"body": "Hm"})
    assert response.status_code == 422
    assert "Choose whether the requester sees this." in response.text
    assert reloaded(ticket).assignee_id is None


@pytest.mark.parametrize(
    ("then", "state", "last_event"),
    [
        ("stay", TicketState.OPEN, Event.REPLIED),
        ("wait", TicketState.ON_HOLD, Event.HELD),
        ("resolve", TicketState.RESOLVED, Event.RESOLVED),
    ],
)
def test_one_message_and_what_follows(
    client: CheckingClient, team: Team, agent: User, person: User, then: str, state: TicketState, last_event: Event
) -> None:
    ticket = make_ticket(team=team, requester=person)
    client.sign_in(agent)
    client.post(url(ticket, "write"), data={"kind": "public", "body": "Use the other port.", "then": then})
    assert reloaded(ticket).state is state
    assert audited()[-1] == last_event
    client.sign_in(person)
    assert client.get(url(ticket)).text.count("Use the other port.") == 1


def test_every_step_of_an_agent(client: CheckingClient, team: Team, agent: User) -> None:
    ticket, colleague = make_ticket(team=team), make_agent(team)
    client.sign_in(agent)
    steps: list[tuple[str, dict[str, str], Event]] = [
        ("claim", {}, Event.CLAIMED),
        ("hold", {"hold-reason": "vendor", "hold-note": "Part ordered"}, Event.HELD),
        ("resume", {}, Event.RESUMED),
        ("assign", {"assign-agent": str(colleague.id)}, Event.ASSIGNED),
        ("priority", {"priority-priority": "1", "priority-reason": "Board"}, Event.PRIORITY_SET),
        ("priority/reset", {}, Event.PRIORITY_SET),
        ("release", {}, Event.RELEASED),
        ("resolve", {"resolve-resolution": "Replaced."}, Event.RESOLVED),
    ]
    for step, data, event in steps:
        assert client.post(url(ticket, step), data=data).status_code == 303, step
        assert audited()[-1] == event, step
        assert client.get(url(ticket)).status_code == 200


@pytest.mark.parametrize(
    ("step", "data", "words"),
    [
        ("resolve", {"resolve-resolution": " "}, "Say how it was solved"),
        ("assign", {}, "Choose an agent."),
        ("move", {"move-team": ""}, "Choose a team."),
        ("priority", {"priority-priority": "1"}, "Say why the priority differs"),
        ("fields", {"fields-title": ""}, "A ticket needs a title."),
        ("hold", {"hold-reason": "lunch"}, "Not a valid choice"),
    ],
)
def test_a_step_that_is_refused_says_why(
    client: CheckingClient, team: Team, agent: User, step: str, data: dict[str, str], words: str
) -> None:
    ticket = make_ticket(team=team)
    before = len(audited())
    client.sign_in(agent)
    response = client.post(url(ticket, step), data=data)
    assert response.status_code == 422
    assert words in response.text
    assert len(audited()) == before


def test_moving_away_leads_back_to_the_queue(client: CheckingClient, team: Team, agent: User) -> None:
    ticket, target = make_ticket(team=team), make_team("Workplace")
    client.sign_in(agent)
    response = client.post(
        url(ticket, "move"), data={"move-team": str(target.id), "move-reason": "The dock is theirs."}
    )
    assert (response.status_code, response.location) == (303, "/queue")
    assert reloaded(ticket).team == target


def test_facts_are_corrected_and_told(client: CheckingClient, team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    client.sign_in(agent)
    data = {
        "fields-title": "Better title",
        "fields-kind": TicketKind.QUESTION,
        "fields-service": "",
        "fields-category": "",
        "fields-impact": "extensive",
        "fields-urgency": "critical",
        "fields-reason": "Only asks",
        "fields-version": str(ticket.version),
    }
    assert client.post(url(ticket, "fields"), data=data).status_code == 303
    changed = reloaded(ticket)
    assert (changed.title, changed.kind, changed.priority) == ("Better title", TicketKind.QUESTION, 1)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.CHANGED)).one()
    assert event.after == {
        "title": "Better title",
        "kind": "question",
        "impact": "extensive",
        "urgency": "critical",
        "priority": 1,
    }
    text = client.get(url(ticket)).text
    assert "Kind: Incident → Question" in text
    stale = client.post(url(ticket, "fields"), data=data)
    assert stale.status_code == 409
    assert "Somebody else changed ticket" in stale.text


def test_a_ticket_keeps_what_has_been_retired_since(client: CheckingClient, team: Team, agent: User) -> None:
    service, category = make_service(owner_team=team), make_category()
    ticket = make_ticket(team=team, service=service, category=category)
    service.is_retired, category.is_active = True, False
    db.session.commit()
    client.sign_in(agent)
    form = client.get(url(ticket, "facts")).text
    assert form.count(f'<option selected value="{service.id}">{service.name}') >= 1
    assert form.count(f'<option selected value="{category.id}">{category.name}') >= 1
    data = {
        "fields-title": "Better title",
        "fields-kind": ticket.kind,
        "fields-service": str(service.id),
        "fields-category": str(category.id),
        "fields-impact": ticket.impact,
        "fields-urgency": ticket.urgency,
        "fields-version": str(ticket.version),
    }
    assert client.post(url(ticket, "fields"), data=data).status_code == 303
    changed = reloaded(ticket)
    assert (changed.title, changed.service_id, changed.category_id) == ("Better title", service.id, category.id)


def test_a_version_that_is_no_number_is_no_error(client: CheckingClient, team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    client.sign_in(agent)
    data = {"fields-title": "Better title", "fields-kind": ticket.kind, "fields-version": "²"}
    data |= {"fields-impact": ticket.impact, "fields-urgency": ticket.urgency}
    assert client.post(url(ticket, "fields"), data=data).status_code == 303


def test_as_many_queries_with_many_lines_as_with_few(
    client: CheckingClient, team: Team, agent: User, person: User
) -> None:
    ticket = make_ticket(team=team, requester=person, assignee=agent, state=TicketState.OPEN)
    services.reply(ticket, actor=agent, body="First")
    path = url(ticket)
    for user in (person, agent):
        client.sign_in(user)
        client.get(path)
        with count_queries() as few:
            client.get(path)
        for number in range(5):
            services.reply(ticket, actor=person if number % 2 else agent, body=f"More {number}")
        db.session.commit()
        with count_queries() as many:
            client.get(path)
        assert len(few) == len(many) <= 12, "\n".join(few.statements)
