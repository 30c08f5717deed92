"""Two people at once, with real threads and real transactions."""

import secrets
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.services import verify
from portal.core.db import db
from portal.core.sent_forms.models import SentForm
from portal.directory.models import Team, User
from tests.factories.directory import make_team, make_user
from tests.factories.tickets import make_agent, make_ticket
from tests.together import all_at_once
from triage.tickets import services
from triage.tickets.enums import Action, Impact, TicketState, Urgency
from triage.tickets.errors import AlreadyClaimed
from triage.tickets.models import Ticket, TicketEntry

THREADS = 6


def test_of_all_who_claim_one_gets_it(busy_app: Flask) -> None:
    with busy_app.app_context():
        team = make_team()
        agents = [make_agent(team).id for _ in range(THREADS)]
        ticket_id = make_ticket(team=team).id

    def claim(agent_id: int) -> int:
        ticket = db.session.get_one(Ticket, ticket_id)
        services.claim_ticket(ticket, actor=db.session.get_one(User, agent_id))
        return agent_id

    results = all_at_once(busy_app, [partial(claim, agent_id) for agent_id in agents])
    winners = [result for result in results if isinstance(result, int)]
    losers = [result for result in results if isinstance(result, AlreadyClaimed)]
    assert (len(winners), len(losers)) == (1, THREADS - 1)
    with busy_app.app_context():
        ticket = db.session.get_one(Ticket, ticket_id)
        assert (ticket.assignee_id, ticket.state) == (winners[0], TicketState.OPEN)
        assert all(f"{ticket.assignee} was faster" in str(loser) for loser in losers)
        claimed = sa.select(sa.func.count()).where(
            TicketEntry.ticket_id == ticket_id, TicketEntry.action == Action.CLAIMED
        )
        assert db.session.scalar(claimed) == 1
        assert verify()[1] is None


@pytest.mark.parametrize("writes_before", [False, True])
def test_numbers_stay_unique_and_without_gaps(busy_app: Flask, writes_before: bool) -> None:
    with busy_app.app_context():
        team_id, person_id = make_team().id, make_user().id
        first = make_ticket().number

    def open_one() -> int:
        if writes_before:
            db.session.add(SentForm(digest=secrets.token_hex(), location="/"))
            db.session.flush()
        return services.open_ticket(
            actor=db.session.get_one(User, person_id),
            title="Together",
            description="All at once",
            impact=Impact.MINOR,
            urgency=Urgency.LOW,
            team=db.session.get_one(Team, team_id),
        ).number

    numbers = all_at_once(busy_app, [open_one] * THREADS)
    assert sorted(numbers) == list(range(first + 1, first + 1 + THREADS))  # type: ignore[type-var]


def test_a_form_sent_twice_at_the_same_moment_makes_one_ticket(busy_app: Flask) -> None:
    with busy_app.app_context():
        team_id, person_id = make_team().id, make_user().id

    def send() -> int:
        return services.open_ticket(
            actor=db.session.get_one(User, person_id),
            title="Twice",
            description="Sent by a nervous finger",
            impact=Impact.MINOR,
            urgency=Urgency.LOW,
            team=db.session.get_one(Team, team_id),
            form_token="the-same-form",
        ).number

    results = all_at_once(busy_app, [send] * THREADS)
    assert len({result for result in results if isinstance(result, int)}) == 1
    # The edge answers who came second with the ticket of who came first.
    assert all(isinstance(result, int | sa.exc.IntegrityError) for result in results)
    with busy_app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).where(Ticket.form_token == "the-same-form")) == 1
