"""Whatever people do in whatever order, a ticket only takes legal steps, and its history tells every one of them."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal.core import clock
from portal.core.db import db
from portal.core.errors import PorticoError
from tests.clock import HeldClock
from tests.factories.directory import make_team, make_user
from tests.factories.tickets import make_ticket
from triage.tickets import services
from triage.tickets.enums import EntryKind, HoldReason, TicketState
from triage.tickets.models import TicketEntry

NEW, OPEN, HELD, RESOLVED, CLOSED = TicketState
WORKING = {NEW, OPEN, HELD}
# Written down apart from the code: from which states a step may be taken at all.
LEGAL_FROM = {
    "claim": WORKING,
    "release": WORKING,
    "assign": WORKING,
    "hold": WORKING,
    "resume": {HELD},
    "agent_reply": WORKING | {RESOLVED},
    "requester_reply": set(TicketState),
    "resolve": WORKING,
    "confirm": {RESOLVED},
    "reopen": {RESOLVED, CLOSED},
    "move": WORKING,
}
LEGAL_MOVES = {
    (NEW, OPEN), (NEW, HELD), (NEW, RESOLVED),
    (OPEN, NEW), (OPEN, HELD), (OPEN, RESOLVED),
    (HELD, NEW), (HELD, OPEN), (HELD, RESOLVED),
    (RESOLVED, CLOSED), (RESOLVED, NEW), (RESOLVED, OPEN),
    (CLOSED, NEW), (CLOSED, OPEN),
}  # fmt: skip


class TicketLife(RuleBasedStateMachine):
    """One ticket, its requester, two agents, and a clock that sometimes jumps over the time to open again."""

    held: HeldClock

    @initialize()
    def open_one(self) -> None:
        self.team, self.other_team = make_team(), make_team()
        self.person = make_user()
        # Both work for both teams, so that who may is never what stops a step here.
        self.agents = [make_user("agent"), make_user("agent")]
        self.ticket = make_ticket(requester=self.person, team=self.team)
        self.late = False

    def step(self, name: str, act: Callable[[], object]) -> None:
        before = self.ticket.state
        allowed = before in LEGAL_FROM[name]
        if name in ("reopen", "requester_reply") and before in (RESOLVED, CLOSED) and self.late:
            allowed = False
        try:
            act()
        except PorticoError:
            assert self.ticket.state is before, "a refused step changed the state"
            return
        assert allowed, f"{name} passed from {before}"
        after = self.ticket.state
        assert after is before or (before, after) in LEGAL_MOVES, f"{name} went from {before} to {after}"
        if after in (RESOLVED, CLOSED) and before in WORKING:
            self.late = False

    @rule(who=st.integers(0, 1))
    def claim(self, who: int) -> None:
        self.step("claim", lambda: services.claim_ticket(self.ticket, actor=self.agents[who]))

    @rule(who=st.integers(0, 1))
    def release(self, who: int) -> None:
        self.step("release", lambda: services.release_ticket(self.ticket, actor=self.agents[who]))

    @rule(who=st.integers(0, 1))
    def assign(self, who: int) -> None:
        agent = self.agents[who]
        self.step("assign", lambda: services.assign_ticket(self.ticket, agent, actor=self.agents[0]))

    @rule(reason=st.sampled_from(HoldReason))
    def hold(self, reason: HoldReason) -> None:
        self.step("hold", lambda: services.put_on_hold(self.ticket, reason, actor=self.agents[0]))

    @rule()
    def resume(self) -> None:
        self.step("resume", lambda: services.resume_ticket(self.ticket, actor=self.agents[1]))

    @rule(who=st.integers(0, 1))
    def agent_reply(self, who: int) -> None:
        self.step("agent_reply", lambda: services.reply(self.ticket, actor=self.agents[who], body="Hello"))

    @rule()
    def requester_reply(self) -> None:
        self.step("requester_reply", lambda: services.reply(self.ticket, actor=self.person, body="Hello"))

    @rule(text=st.sampled_from(["", "  ", "Done"]))
    def resolve(self, text: str) -> None:
        self.step("resolve", lambda: services.resolve_ticket(self.ticket, actor=self.agents[0], resolution=text))

    @rule(by_agent=st.booleans())
    def confirm(self, by_agent: bool) -> None:
        actor = self.agents[0] if by_agent else self.person
        self.step("confirm", lambda: services.confirm_ticket(self.ticket, actor=actor))

    @rule(text=st.sampled_from(["", "Still wrong"]))
    def reopen(self, text: str) -> None:
        self.step("reopen", lambda: services.reopen_ticket(self.ticket, actor=self.person, reason=text))

    @rule()
    def move(self) -> None:
        target = self.other_team if self.ticket.team_id == self.team.id else self.team
        self.step("move", lambda: services.move_ticket(self.ticket, target, actor=self.agents[0], reason="Not ours"))

    @rule(days=st.sampled_from([1, 20]))
    def time_passes(self, days: int) -> None:
        self.held.forward(days=days)
        resolved = self.ticket.resolved_at
        self.late = resolved is not None and clock.now() > resolved + timedelta(days=14)

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "ticket"):
            return
        db.session.flush()
        db.session.refresh(self.ticket)
        ticket = self.ticket
        assert (ticket.state is HELD) == (ticket.hold_reason is not None)
        assert (ticket.state in (RESOLVED, CLOSED)) == (ticket.resolved_at is not None)
        assert ticket.state is not OPEN or ticket.assignee_id is not None
        assert ticket.state is not NEW or ticket.assignee_id is None

    @invariant()
    def history_is_one_chain(self) -> None:
        if not hasattr(self, "ticket"):
            return
        query = sa.select(TicketEntry).where(
            TicketEntry.ticket_id == self.ticket.id, TicketEntry.kind == EntryKind.EVENT
        )
        lines = db.session.scalars(query.order_by(TicketEntry.id)).all()
        for before, after in pairwise(lines):
            assert after.from_state is before.to_state
        assert lines[-1].to_state is self.ticket.state


def test_only_legal_steps(app: Flask, clock: HeldClock) -> None:
    class Life(TicketLife):
        held = clock

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
