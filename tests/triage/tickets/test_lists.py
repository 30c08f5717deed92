"""My tickets, the queue, and acts on several tickets at once."""

import pytest
import sqlalchemy as sa

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import Team, User
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.tickets import make_agent, make_ticket
from triage.tickets import services
from triage.tickets.api import list_own_open
from triage.tickets.enums import Event, Impact, TicketState, Urgency
from triage.tickets.models import Ticket


def titles(text: str, *wanted: str) -> list[str]:
    """Which of the titles stand in a page, in the order they appear."""
    found = [(text.index(f">{title}<"), title) for title in wanted if f">{title}<" in text]
    return [title for _, title in sorted(found)]


@pytest.mark.parametrize("path", ["/tickets", "/queue", "/queue/bulk"])
def test_anonymous_is_led_to_sign_in(client: CheckingClient, path: str) -> None:
    assert client.get(path).location.startswith("/sign-in")


def test_an_end_user_has_no_queue(client: CheckingClient, person: User) -> None:
    client.sign_in(person)
    for path in ("/queue", "/queue/bulk"):
        assert client.get(path).status_code == 403
    for path in ("/queue/claim", "/queue/assign"):
        assert client.post(path).status_code == 403
    assert ">Queue<" not in client.get("/tickets").text


def test_my_tickets_are_mine_alone_open_ones_first(
    client: CheckingClient, team: Team, agent: User, person: User
) -> None:
    make_ticket(team=team, requester=person, title="Done", assignee=agent, state=TicketState.CLOSED)
    make_ticket(team=team, requester=person, title="Fresh")
    make_ticket(team=team, requester=person, title="Asked back", assignee=agent, state=TicketState.ON_HOLD)
    make_ticket(team=team, requester=person, title="Is it so", assignee=agent, state=TicketState.RESOLVED)
    make_ticket(team=team, title="Foreign")
    behalf = make_ticket(team=team, title="For a colleague")
    behalf.opened_by_id = person.id
    db.session.commit()
    client.sign_in(person)
    everything = ("Done", "Fresh", "Asked back", "Is it so", "Foreign", "For a colleague")
    shown = titles(client.get("/tickets").text, *everything)
    assert sorted(shown[:3]) == ["Asked back", "For a colleague", "Fresh"]
    assert sorted(shown[3:]) == ["Done", "Is it so"]
    assert sorted(titles(client.get("/tickets?view=waiting").text, *everything)) == ["Asked back", "Is it so"]
    assert sorted(titles(client.get("/tickets?view=done").text, *everything)) == ["Done", "Is it so"]
    assert sorted(titles(client.get("/tickets?view=open").text, *everything)) == [
        "Asked back",
        "For a colleague",
        "Fresh",
    ]
    assert "<html" not in client.htmx("/tickets").text


def test_the_front_page_gets_the_latest_open_ones(team: Team, agent: User, person: User, clock: HeldClock) -> None:
    tickets = []
    for number in range(4):
        tickets.append(make_ticket(team=team, requester=person, title=f"Ticket {number}"))
        clock.forward(minutes=1)
    services.reply(tickets[0], actor=agent, body="News")
    services.resolve_ticket(tickets[3], actor=agent, resolution="Done")
    make_ticket(team=team)
    assert [ticket.title for ticket in list_own_open(person, limit=2)] == ["Ticket 0", "Ticket 2"]


def test_without_any_the_first_step_is_shown(client: CheckingClient, person: User) -> None:
    client.sign_in(person)
    assert "You have not asked for anything yet" in client.get("/tickets").text
    assert "No ticket here" in client.get("/tickets?view=done").text


def test_the_queue_shows_my_teams_most_urgent_first(client: CheckingClient, team: Team, agent: User) -> None:
    make_ticket(team=team, title="Small one", impact=Impact.MINOR, urgency=Urgency.LOW)
    make_ticket(team=team, title="Large one", impact=Impact.EXTENSIVE, urgency=Urgency.HIGH)
    make_ticket(team=team, title="Middling one", impact=Impact.MODERATE, urgency=Urgency.HIGH)
    make_ticket(team=team, title="Solved one", assignee=agent, state=TicketState.RESOLVED)
    make_ticket(team=make_team(), title="Foreign")
    client.sign_in(agent)
    everything = ("Small one", "Large one", "Middling one", "Solved one", "Foreign")
    assert titles(client.get("/queue").text, *everything) == ["Large one", "Middling one", "Small one"]
    assert titles(client.get("/queue?sort=number").text, *everything) == ["Small one", "Large one", "Middling one"]
    assert titles(client.get("/queue?state=resolved").text, *everything) == ["Solved one"]
    assert titles(client.get("/queue?priority=3").text, *everything) == ["Middling one"]
    fragment = client.htmx("/queue").text
    assert "<html" not in fragment
    assert 'id="queue-rows"' in fragment


def test_views_and_filters_narrow_it_down(client: CheckingClient, team: Team, agent: User) -> None:
    service = make_service("VPN", owner_team=team)
    make_ticket(service=service, title="By service")
    make_ticket(team=team, title="Taken", assignee=agent, state=TicketState.OPEN)
    answered = make_ticket(team=team, title="Answered")
    services.reply(answered, actor=make_agent(team), body="Hello")
    client.sign_in(agent)
    everything = ("By service", "Taken", "Answered")
    assert titles(client.get("/queue?view=mine").text, *everything) == ["Taken"]
    assert titles(client.get("/queue?view=unassigned").text, *everything) == ["By service"]
    assert sorted(titles(client.get("/queue?view=answer").text, *everything)) == ["By service", "Taken"]
    assert titles(client.get(f"/queue?service={service.id}").text, *everything) == ["By service"]
    assert titles(client.get(f"/queue?team={team.id}&view=nonsense&priority=9&state=x").text, *everything) != []
    nothing = client.get("/queue?priority=1")
    assert "No ticket fits these filters." in nothing.text
    assert "hx-trigger" not in nothing.text.split('id="queue-rows"')[1].split(">")[0]


def test_administrators_and_auditors_read_every_queue(client: CheckingClient, team: Team) -> None:
    make_ticket(team=team, title="Somewhere")
    for role in ("administrator", "auditor"):
        client.sign_in(make_user(role))
        text = client.get("/queue").text
        assert titles(text, "Somewhere") == ["Somewhere"]
        assert ">Take<" not in text


def test_as_many_queries_with_many_rows_as_with_one(client: CheckingClient, team: Team, agent: User) -> None:
    make_ticket(team=team, service=make_service(owner_team=team), assignee=agent, state=TicketState.OPEN)
    client.sign_in(agent)
    counts = {}
    for path in ("/queue", "/tickets"):
        client.get(path)
        with count_queries() as counted:
            client.get(path)
        counts[path] = len(counted)
    for _ in range(4):
        make_ticket(service=make_service(owner_team=team), assignee=make_agent(team), state=TicketState.OPEN)
        make_ticket(team=make_team(), requester=agent)
    for path in ("/queue", "/tickets"):
        with count_queries() as counted:
            client.get(path)
        assert len(counted) == counts[path] <= 12, "\n".join(counted.statements)


def test_taking_several_is_previewed(client: CheckingClient, team: Team, agent: User) -> None:
    free = [make_ticket(team=team, title=f"Free {number}") for number in range(2)]
    taken = make_ticket(team=team, title="Taken", assignee=make_agent(team), state=TicketState.OPEN)
    foreign = make_ticket(team=make_team(), title="Foreign")
    numbers = [str(ticket.number) for ticket in (*free, taken, foreign)]
    client.sign_in(agent)
    preview = client.get("/queue/bulk?act=claim&" + "&".join(f"ticket={number}" for number in numbers)).text
    assert "Take 2 tickets" in preview
    assert "Stays with whoever has it" in preview
    assert "Foreign" not in preview
    response = client.post("/queue/claim", data={"ticket": numbers})
    assert response.location == "/queue?view=mine"
    owned = db.session.scalars(sa.select(Ticket.id).where(Ticket.assignee_id == agent.id)).all()
    assert sorted(owned) == sorted(ticket.id for ticket in free)
    actions = db.session.scalars(sa.select(AuditEvent.action).where(AuditEvent.actor_id == agent.id)).all()
    assert actions == [Event.CLAIMED, Event.CLAIMED]


def test_giving_several_to_an_agent(client: CheckingClient, team: Team, agent: User) -> None:
    tickets = [make_ticket(team=team) for _ in range(2)]
    colleague = make_agent(team)
    numbers = [str(ticket.number) for ticket in tickets]
    client.sign_in(agent)
    assert client.get("/queue/bulk?act=assign&ticket=" + numbers[0]).status_code == 200
    refused = client.post("/queue/assign", data={"ticket": numbers})
    assert refused.status_code == 422
    assert "Choose an agent." in refused.text
    client.post("/queue/assign", data={"ticket": numbers, "agent": str(colleague.id)})
    assert set(db.session.scalars(sa.select(Ticket.assignee_id))) == {colleague.id}


def test_nothing_selected_says_so(client: CheckingClient, agent: User) -> None:
    client.sign_in(agent)
    assert "None of these tickets" in client.get("/queue/bulk?act=claim&ticket=abc&ticket=99999").text


def test_a_count_stops_where_it_helps_no_more(client: CheckingClient, team: Team, agent: User) -> None:
    ticket = make_ticket(team=team)
    columns = [column for column in Ticket.__table__.columns if column.name not in ("id", "number", "form_token")]
    source = sa.select(*(columns)).where(Ticket.id == ticket.id).subquery()
    for number in range(5001, 5521):
        db.session.execute(
            sa.insert(Ticket).from_select(
                ["number", *(column.name for column in columns)], sa.select(sa.literal(number), *source.c)
            )
        )
    db.session.commit()
    client.sign_in(agent)
    text = client.get("/queue").text
    assert "500+" in text
    assert "1–25 of more than 500" in text
