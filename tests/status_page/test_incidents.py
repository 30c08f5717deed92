from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.errors import NotAllowed
from status_page.board import build_board
from status_page.enums import ComponentState, Event, Impact, IncidentState, Publication, SecondCheck
from status_page.models import Broadcast
from status_page.permissions import PUBLIC
from status_page.queries import get_incident
from status_page.services.page import change_policy
from status_page.services.refusals import AlreadyOver, CheckRefused, WrongState, WrongTime
from status_page.services.updates import Draft, approve_update, correct_update, post_update, return_update
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import DEGRADED, MAJOR, make_component, make_incident

OK = ComponentState.OPERATIONAL


def state_now() -> ComponentState:
    db.session.commit()
    return build_board(PUBLIC).components[0].state


def test_from_start_to_review(app: Flask, clock: HeldClock) -> None:
    mail = make_component("Mail", observed_since=clock.now() - timedelta(days=1))
    incident = make_incident(mail, title="Mail is down")
    assert (incident.impact, state_now()) == (Impact.CRITICAL, MAJOR)
    assert incident.next_update_at == clock.now() + timedelta(minutes=60)
    clock.forward(minutes=20)
    post_update(incident, Draft(IncidentState.IDENTIFIED, "A disk is full.", impacts={mail.id: DEGRADED}), actor=None)
    assert (incident.impact, state_now()) == (Impact.MINOR, DEGRADED)
    clock.forward(minutes=10)
    post_update(incident, Draft(IncidentState.MONITORING, "Space is back."), actor=None)
    assert state_now() == DEGRADED
    clock.forward(minutes=30)
    post_update(incident, Draft(IncidentState.RESOLVED, "It works."), actor=None)
    assert (incident.ended_at, state_now()) == (clock.now(), OK)
    assert (incident.impact, incident.peak_impact) == (Impact.NONE, Impact.CRITICAL)
    clock.forward(days=2)
    post_update(incident, Draft(IncidentState.POSTMORTEM, "We now watch the disk."), actor=None)
    assert incident.state == IncidentState.POSTMORTEM
    day = build_board(PUBLIC).components[0].days[-3]
    assert day.seconds == {MAJOR: 1200, DEGRADED: 2400}


def test_incident_that_is_over_takes_no_update_but_its_review(app: Flask) -> None:
    incident = make_incident(make_component(), state=IncidentState.RESOLVED)
    with pytest.raises(AlreadyOver, match="is over"):
        post_update(incident, Draft(IncidentState.INVESTIGATING, "Again"), actor=None)
    post_update(incident, Draft(IncidentState.POSTMORTEM, "Why it happened"), actor=None)


@pytest.mark.parametrize("state", [IncidentState.POSTMORTEM, IncidentState.IN_PROGRESS, IncidentState.SCHEDULED])
def test_state_that_does_not_belong_is_refused(app: Flask, state: IncidentState) -> None:
    incident = make_incident(make_component())
    with pytest.raises(WrongState):
        post_update(incident, Draft(state, "Text"), actor=None)


def test_second_person_reads_first_where_the_rules_say_so(app: Flask) -> None:
    author, checker, stranger = make_user("incident_manager"), make_user("incident_manager"), make_user()
    change_policy(actor=author, second_check=SecondCheck.PUBLIC)
    incident = make_incident(make_component("Mail"), actor=author)
    [update] = incident.updates
    assert (update.publication, incident.published_at) == (Publication.AWAITING_CHECK, None)
    assert state_now() == OK
    with pytest.raises(NotAllowed, match="Somebody else"):
        approve_update(update, actor=author)
    with pytest.raises(NotAllowed):
        approve_update(update, actor=stranger)
    approve_update(update, actor=checker)
    assert (update.checker_name, state_now()) == (str(checker), MAJOR)
    with pytest.raises(CheckRefused):
        approve_update(update, actor=checker)


def test_returned_text_is_never_shown(app: Flask) -> None:
    author, checker = make_user("incident_manager"), make_user("incident_manager")
    change_policy(actor=author, second_check=SecondCheck.ALWAYS)
    incident = make_incident(make_component(), actor=author, audience=("agents",))
    return_update(incident.updates[0], actor=checker, note="Say since when.")
    db.session.commit()
    assert (incident.updates[0].publication, incident.updates[0].return_note) == (
        Publication.RETURNED,
        "Say since when.",
    )
    assert list(build_board({"public", "agents"}).incidents) == []


def test_emergency_goes_out_at_once_and_is_recorded(app: Flask) -> None:
    author = make_user("incident_manager")
    change_policy(actor=author, second_check=SecondCheck.PUBLIC)
    incident = make_incident(make_component(), actor=author, bypass_reason="Nobody else is awake")
    assert incident.published_at is not None
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.CHECK_BYPASSED)).one()
    assert event.reason == "Nobody else is awake"


def test_back_dated_entry_moves_the_history_and_shows_as_such(app: Flask, clock: HeldClock) -> None:
    mail = make_component("Mail", observed_since=clock.now() - timedelta(days=5))
    began = clock.now() - timedelta(hours=3)
    incident = make_incident(mail, happened_at=began)
    assert incident.started_at == began and incident.updates[0].is_backdated
    post_update(incident, Draft(IncidentState.RESOLVED, "Over", happened_at=began + timedelta(hours=1)), actor=None)
    db.session.commit()
    assert build_board(PUBLIC).components[0].days[-1].seconds == {MAJOR: 3600}
    with pytest.raises(WrongTime):
        make_incident(mail, happened_at=clock.now() + timedelta(minutes=1))


def test_correction_is_kept_with_its_reason_and_moves_the_bars(app: Flask, clock: HeldClock) -> None:
    mail = make_component("Mail", observed_since=clock.now() - timedelta(days=5))
    incident = make_incident(mail)
    user = make_user()
    clock.forward(minutes=30)
    post_update(incident, Draft(IncidentState.RESOLVED, "Over"), actor=user)
    first, last = incident.published_updates
    earlier = last.happened_at - timedelta(minutes=10)
    correct_update(last, actor=user, body="It was over.", reason="The log tells 09:20", happened_at=earlier)
    db.session.commit()
    assert (incident.ended_at, last.corrections[0].body_before) == (earlier, "Over")
    assert build_board(PUBLIC).components[0].days[-1].seconds == {MAJOR: 1200}
    with pytest.raises(WrongTime):
        correct_update(first, actor=user, body="x", reason="y", happened_at=clock.now() + timedelta(days=1))


def test_update_between_two_others_changes_neither_state_nor_end(app: Flask, clock: HeldClock) -> None:
    mail = make_component()
    incident = make_incident(mail)
    clock.forward(minutes=30)
    post_update(incident, Draft(IncidentState.MONITORING, "Fixed"), actor=None)
    clock.forward(minutes=1)
    earlier = Draft(IncidentState.IDENTIFIED, "Found", happened_at=clock.now() - timedelta(minutes=20))
    post_update(incident, earlier, actor=None)
    assert incident.state == IncidentState.MONITORING
    assert [u.state for u in get_incident(incident.id).published_updates] == [
        "investigating",
        "identified",
        "monitoring",
    ]


def test_each_update_is_told_once(app: Flask) -> None:
    incident = make_incident(make_component())
    post_update(incident, Draft(IncidentState.IDENTIFIED, "Quietly", notifies=False), actor=None)
    db.session.commit()
    assert [row.update_id for row in db.session.scalars(sa.select(Broadcast))] == [incident.updates[0].id]
