from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from portal.core.notifications.models import Notification
from status_page.enums import IncidentState, SecondCheck
from status_page.services.clockwork import do_what_is_due
from status_page.services.page import change_policy
from status_page.services.updates import Draft, post_update, return_update
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident


def told(user_id: int) -> list[str]:
    return list(
        db.session.scalars(
            sa.select(Notification.text).where(Notification.user_id == user_id).order_by(Notification.id)
        )
    )


def test_checkers_hear_of_a_waiting_text_and_its_author_of_what_came_of_it(app: Flask) -> None:
    author, checker = make_user("incident_manager"), make_user("incident_manager", locale="de")
    change_policy(actor=author, second_check=SecondCheck.ALWAYS)
    incident = make_incident(make_component(), title="Mail", actor=author)
    assert (told(author.id), len(told(checker.id))) == ([], 1)
    return_update(incident.updates[0], actor=checker, note="Since when?")
    assert told(author.id) == ["Given back: Mail"]


def test_overdue_promise_is_reminded_of_once_until_the_next_one(app: Flask, clock: HeldClock) -> None:
    author = make_user("incident_manager")
    incident = make_incident(make_component(), title="Mail", actor=author)
    clock.forward(minutes=59)
    do_what_is_due()
    assert told(author.id) == []
    clock.forward(minutes=2)
    do_what_is_due()
    do_what_is_due()
    assert told(author.id) == ["Update overdue: Mail"]
    assert incident.is_overdue(clock.now())
    post_update(incident, Draft(IncidentState.IDENTIFIED, "Found"), actor=author)
    clock.forward(minutes=61)
    do_what_is_due()
    assert told(author.id) == ["Update overdue: Mail"] * 2


def test_incident_that_stays_open_is_reminded_of_each_day(app: Flask, clock: HeldClock) -> None:
    author = make_user("incident_manager")
    make_incident(make_component(), title="Mail", actor=author, next_update_at=clock.now() + timedelta(days=9))
    for _ in range(3):
        clock.forward(hours=25)
        do_what_is_due()
    assert told(author.id) == ["Still open: Mail"] * 3
