"""The matrix, the desk and the categories: preview before change, and what a change does to open tickets."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from tests.factories.directory import make_user
from tests.factories.tickets import make_agent, make_category, make_ticket
from triage.tickets import services
from triage.tickets.enums import Action, Event, Impact, TicketState, Urgency
from triage.tickets.errors import IllegalStep, IncompleteStep
from triage.tickets.models import TicketEntry
from triage.tickets.priority import load_matrix, priority_for


@pytest.mark.parametrize(
    ("impact", "row"),
    [
        (Impact.EXTENSIVE, [1, 1, 2, 3]),
        (Impact.SIGNIFICANT, [1, 2, 3, 4]),
        (Impact.MODERATE, [2, 3, 4, 4]),
        (Impact.MINOR, [3, 4, 4, 5]),
    ],
)
def test_defaults(app: Flask, impact: Impact, row: list[int]) -> None:
    assert [priority_for(impact, urgency) for urgency in Urgency] == row


def test_preview_counts_what_the_change_then_moves(app: Flask) -> None:
    ours = [make_ticket(impact=Impact.MINOR, urgency=Urgency.LOW) for _ in range(2)]
    by_hand = make_ticket(impact=Impact.MINOR, urgency=Urgency.LOW)
    services.set_priority(by_hand, 2, actor=make_agent(by_hand.team), reason="Board meeting")
    solved = make_ticket(impact=Impact.MINOR, urgency=Urgency.LOW, state=TicketState.RESOLVED)
    make_ticket(impact=Impact.EXTENSIVE, urgency=Urgency.LOW)
    wanted = load_matrix() | {(Impact.MINOR, Urgency.LOW): 4}

    changes = services.preview_matrix(wanted)
    assert [(change.impact, change.before, change.after, change.tickets) for change in changes] == [
        (Impact.MINOR, 5, 4, 2)
    ]
    assert services.change_matrix(wanted, actor=make_user()) == 2
    db.session.commit()
    db.session.expire_all()
    assert [ticket.priority for ticket in (*ours, by_hand, solved)] == [4, 4, 2, 5]
    lines = db.session.scalars(
        sa.select(TicketEntry).where(
            TicketEntry.action == Action.PRIORITY_SET, TicketEntry.ticket_id.in_([ticket.id for ticket in ours])
        )
    ).all()
    assert [line.data["changed"]["priority"] for line in lines] == [[5, 4], [5, 4]]
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.MATRIX_CHANGED)).one()
    assert (event.before, event.after) == ({"priority": 5}, {"priority": 4, "tickets": 2})


def test_a_priority_outside_one_to_five_is_refused(app: Flask) -> None:
    with pytest.raises(IllegalStep):
        services.change_matrix(load_matrix() | {(Impact.MINOR, Urgency.LOW): 6}, actor=make_user())
    with pytest.raises(IllegalStep):
        services.change_desk(actor=make_user(), default_team=None, reopen_days=400)


def test_categories_form_a_tree(app: Flask) -> None:
    parent = make_category("Network", key="network")
    child = make_category("VPN", key="network.vpn", parent=parent, keywords=["vpn", " vpn ", "tunnel  drops", ""])
    assert child.keywords == ["vpn", "tunnel drops"]
    same: dict[str, Any] = {"name": "Network", "description": "", "service": None, "keywords": [], "translations": {}}
    with pytest.raises(IllegalStep, match="beneath itself"):
        services.change_category(parent, actor=None, **same, parent=child, is_active=True)
    services.change_category(parent, actor=make_user(), **same, parent=None, is_active=False)
    assert not parent.is_active


@pytest.mark.parametrize("key", ["", "Network", "a b", ".vpn", "vpn."])
def test_keys_are_for_machines(app: Flask, key: str) -> None:
    with pytest.raises(IllegalStep, match="small letters"):
        services.create_category(actor=None, key=key, name="x")


def test_a_key_is_taken_once(app: Flask) -> None:
    make_category(key="mail")
    with pytest.raises(IllegalStep, match="already"):
        make_category(key="mail")
    with pytest.raises(IncompleteStep):
        make_category("  ", key="other")
