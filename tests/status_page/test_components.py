from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import ServiceDependency
from status_page.board import build_board
from status_page.enums import ComponentState, Effect, Event
from status_page.models import ComponentDependency
from status_page.permissions import PUBLIC
from status_page.queries import get_page
from status_page.services.clockwork import do_what_is_due
from status_page.services.components import (
    change_component,
    override_state,
    release_override,
    remove_component,
    set_own_state,
)
from status_page.services.dependencies import add_dependency, follow_directory, remove_dependency
from status_page.services.refusals import DependencyCycle, KeyTaken, WrongTime
from tests.client import count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_user
from tests.factories.status_page import MAJOR, PARTIAL, make_component, make_group, make_incident

OK = ComponentState.OPERATIONAL


def states(*tokens: str) -> dict[str, ComponentState]:
    db.session.commit()
    return {c.row.name: c.state for c in build_board(tokens or PUBLIC).components}


def test_components_stand_in_their_groups_in_order(app: Flask) -> None:
    second, first = make_group("Second", position=2), make_group("First", position=1)
    make_component("B", group_id=first.id, position=2)
    make_component("A", group_id=first.id, position=1)
    make_component("C", group_id=second.id)
    make_component("Alone")
    board = build_board(PUBLIC)
    assert [(group.name if group else "", [c.row.name for c in members]) for group, members in board.sections] == [
        ("First", ["A", "B"]),
        ("Second", ["C"]),
        ("", ["Alone"]),
    ]


def test_trouble_of_a_dependency_is_derived_with_its_reason(app: Flask) -> None:
    network, vpn = make_component("Network"), make_component("VPN")
    add_dependency(vpn, network, actor=None)
    set_own_state(network, MAJOR, actor=None)
    db.session.commit()
    board = build_board(PUBLIC)
    derived = next(c for c in board.components if c.row.name == "VPN")
    assert (derived.state, derived.needs) == (PARTIAL, network)
    set_own_state(network, OK, actor=None)
    assert states() == {"Network": OK, "VPN": OK}


def test_override_stands_against_everything_until_it_ends(app: Flask, clock: HeldClock) -> None:
    network, vpn = make_component("Network"), make_component("VPN")
    add_dependency(vpn, network, actor=None, effect=Effect.SAME)
    set_own_state(network, MAJOR, actor=None)
    override_state(
        vpn, OK, actor=make_user(), reason="Runs over the second line", until=clock.now() + timedelta(hours=1)
    )
    assert states()["VPN"] == OK
    clock.forward(minutes=61)
    do_what_is_due()
    assert states()["VPN"] == MAJOR
    with pytest.raises(WrongTime):
        override_state(vpn, OK, actor=make_user(), reason="Too late", until=clock.now())


def test_override_can_be_released(app: Flask, clock: HeldClock) -> None:
    component = make_component("VPN")
    override_state(component, MAJOR, actor=make_user(), reason="Drill")
    assert states() == {"VPN": MAJOR}
    clock.forward(minutes=1)
    release_override(component, actor=make_user())
    assert states() == {"VPN": OK}


def test_a_cycle_of_dependencies_is_refused(app: Flask) -> None:
    one, two, three = make_component("One"), make_component("Two"), make_component("Three")
    add_dependency(one, two, actor=None)
    add_dependency(two, three, actor=None)
    with pytest.raises(DependencyCycle, match="already depends on"):
        add_dependency(three, one, actor=None)
    with pytest.raises(DependencyCycle):
        add_dependency(one, one, actor=None)


def test_dependencies_of_the_directory_are_followed(app: Flask) -> None:
    mail, network = make_service("Mail"), make_service("Network")
    edge = ServiceDependency(service_id=mail.id, needs_id=network.id)
    db.session.add(edge)
    on_page = make_component("Mail", service_id=mail.id)
    needed = make_component("Network", service_id=network.id)
    follow_directory()
    found = db.session.scalars(sa.select(ComponentDependency)).one()
    assert (found.component_id, found.needs_id, found.from_directory) == (on_page.id, needed.id, True)
    remove_dependency(found, actor=None)
    follow_directory()
    assert db.session.scalars(sa.select(ComponentDependency)).one().effect == Effect.NONE
    db.session.delete(edge)
    db.session.flush()
    remove_dependency(found, actor=None)
    follow_directory()
    assert db.session.scalars(sa.select(ComponentDependency)).all() == []


def test_private_component_leaves_no_trace(app: Flask) -> None:
    secret, shown = make_component("Core switch", audience=("agents",)), make_component("VPN")
    add_dependency(shown, secret, actor=None, effect=Effect.SAME)
    set_own_state(secret, MAJOR, actor=None)
    make_incident(secret, title="Core switch on fire")
    make_incident(secret, shown, title="Slow", impact=PARTIAL)
    board = build_board(PUBLIC)
    assert [c.row.name for c in board.components] == ["VPN"]
    assert board.components[0].state == PARTIAL
    assert [item.title for item in board.open_incidents] == ["Slow"]
    assert [c.name for c in board.affected(board.open_incidents[0])] == ["VPN"]
    inside = build_board({"public", "agents"})
    assert {c.row.name: c.state for c in inside.components} == {"Core switch": MAJOR, "VPN": MAJOR}
    assert len(inside.open_incidents) == 2


def test_internal_incident_does_not_colour_the_public_page(app: Flask) -> None:
    component = make_component("VPN")
    make_incident(component, audience=("agents",))
    assert states() == {"VPN": OK}
    assert states("agents", "public") == {"VPN": MAJOR}


def test_changes_are_audited_and_raise_the_revision(app: Flask) -> None:
    before = get_page().revision
    user = make_user("incident_manager")
    component = make_component("VPN")
    change_component(component, actor=user, name="Remote access", audience=("agents",))
    remove_component(component, actor=user)
    db.session.commit()
    names = db.session.scalars(sa.select(AuditEvent.action).where(AuditEvent.subject_type == "status_component")).all()
    assert names == [Event.COMPONENT_CREATED, Event.COMPONENT_CHANGED, Event.COMPONENT_CHANGED, Event.COMPONENT_REMOVED]
    assert get_page().revision > before + 2
    assert build_board({"agents"}).components == []


def test_key_is_unique_and_free_again_after_removal(app: Flask) -> None:
    component = make_component("VPN")
    with pytest.raises(KeyTaken):
        make_component("VPN")
    remove_component(component, actor=None)
    assert make_component("VPN").key == "vpn"


def test_board_takes_the_same_number_of_queries_for_one_and_for_three(app: Flask) -> None:
    def queries() -> int:
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as counted:
            board = build_board(PUBLIC)
            for incident in board.incidents:
                board.affected(incident)
        return len(counted)

    make_incident(make_component(group_id=make_group().id))
    with_one = queries()
    for _ in range(2):
        make_incident(make_component(group_id=make_group().id), make_component())
    assert queries() == with_one
