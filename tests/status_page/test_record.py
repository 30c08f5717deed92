"""What happens to an incident after it is out: changed, corrected, told by hand, and all of it on record."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage
from portal.directory.models import User
from status_page.board import build_board
from status_page.enums import ComponentState, Event, IncidentState, SecondCheck, SubscriberChannel, SubscriberState
from status_page.fan_out import queue_open_broadcasts
from status_page.models import HandMessage, Incident, StatusPage, Subscriber
from status_page.permissions import PUBLIC
from status_page.services.updates import approve_update
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident, make_maintenance


@pytest.fixture
def manager(client: CheckingClient) -> User:
    user = make_user("incident_manager")
    client.sign_in(user)
    return user


def actions() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


def incident_page(incident: Incident) -> str:
    return f"/status/en/incident-{incident.public_id}.html"


def test_title_readers_and_tickets_of_an_incident(app: Flask, client: CheckingClient, manager: User) -> None:
    told = make_incident(make_component("Mail"), title="Mial is down")
    path = f"/status/manage/incidents/{told.id}/change"
    form = {
        "title": "Mail is down",
        "title_de": "E-Mail ist ausgefallen",
        "audience": ["public"],
        "ticket_references": "#12, 14, 12",
    }
    assert client.post(path, data=form).status_code == 303
    db.session.expire_all()
    assert (told.title, told.title_in("de"), told.ticket_references) == (
        "Mail is down",
        "E-Mail ist ausgefallen",
        ["12", "14"],
    )
    assert "Before: “Mial is down”" in client.get(incident_page(told)).get_data(as_text=True)
    record = client.get(f"/status/manage/incidents/{told.id}").get_data(as_text=True)
    assert 'href="/tickets/14"' in record and "Everyone, also outside" in record
    assert Event.INCIDENT_CHANGED in actions()
    assert client.post(path, data=form | {"audience": ["agents"]}).status_code == 303
    assert client.get(incident_page(told)).status_code == 404


@pytest.mark.parametrize("change", [{"title": ""}, {"audience": []}, {"audience": ["role:nobody"]}])
def test_wrong_change_is_shown_again(
    app: Flask, client: CheckingClient, manager: User, change: dict[str, object]
) -> None:
    told = make_incident(make_component("Mail"), title="Mail")
    form = {"title": "Other", "audience": ["public"]} | change
    response = client.post(f"/status/manage/incidents/{told.id}/change", data=form)
    assert response.status_code == 422
    db.session.expire_all()
    assert told.title == "Mail" and Event.INCIDENT_CHANGED not in actions()


def test_change_without_a_difference_leaves_no_trace(app: Flask, client: CheckingClient, manager: User) -> None:
    told = make_incident(make_component("Mail"), title="Mail")
    edition = told.edition
    form = {"title": "Mail", "audience": ["public"]}
    assert client.post(f"/status/manage/incidents/{told.id}/change", data=form).status_code == 303
    db.session.expire_all()
    assert (told.edition, told.retitled_at) == (edition, None) and Event.INCIDENT_CHANGED not in actions()


def test_services_of_planned_work_can_be_corrected(app: Flask, client: CheckingClient, manager: User) -> None:
    mail, files, vpn = make_component("Mail"), make_component("Files"), make_component("VPN")
    work = make_maintenance(mail)
    make_maintenance(vpn, title="New firewall")
    path = f"/status/manage/incidents/{work.id}/change"
    form = {"title": work.title, "audience": ["public"]}
    assert client.post(path, data=form | {"components": []}).status_code == 422
    refused = client.post(path, data=form | {"components": [str(vpn.id)]})
    assert refused.status_code == 422 and "“New firewall” already covers" in refused.get_data(as_text=True)
    assert client.post(path, data=form | {"components": [str(mail.id), str(files.id)]}).status_code == 303
    db.session.expire_all()
    assert set(work.current_impacts) == {mail.id, files.id}
    assert "Files" in client.get("/status/en/maintenance.html").get_data(as_text=True)


def test_impact_of_an_update_can_be_corrected(
    app: Flask, client: CheckingClient, manager: User, clock: HeldClock
) -> None:
    mail, files = make_component("Mail"), make_component("Files")
    told = make_incident(mail)
    clock.forward(minutes=10)
    update = told.updates[0]
    path = f"/status/manage/updates/{update.id}/correct"
    assert 'selected value="major_outage"' in client.get(path).get_data(as_text=True)
    form = {
        "body": update.body,
        "reason": "It was the files.",
        f"impact_{files.id}": "degraded_performance",
        f"impact_{mail.id}": "",
    }
    assert client.post(path, data=form).status_code == 303
    db.session.expire_all()
    states = {item.row.id: item.state for item in build_board(PUBLIC).components}
    assert states == {mail.id: ComponentState.OPERATIONAL, files.id: ComponentState.DEGRADED}
    text = client.get(incident_page(told)).get_data(as_text=True)
    assert "It was the files." in text and "Corrected" in text


def test_correction_where_a_check_is_wanted_goes_out_and_is_read_afterwards(
    app: Flask, client: CheckingClient, manager: User
) -> None:
    told, checker = make_incident(make_component("Mail"), title="Mail"), make_user("incident_manager")
    db.session.get_one(StatusPage, 1).second_check = SecondCheck.ALWAYS
    db.session.commit()
    path = f"/status/manage/updates/{told.updates[0].id}/correct"
    assert client.post(path, data={"body": "Two sites.", "reason": "Typo"}).status_code == 303
    assert Event.CHECK_BYPASSED in actions()
    found = db.session.scalars(sa.select(Notification.text).where(Notification.user_id == checker.id)).all()
    assert found == ["Changed without a check: Mail"]


def test_messages_by_hand_stand_in_the_record(app: Flask, client: CheckingClient, manager: User) -> None:
    told = make_incident(make_component("Mail"))
    path = f"/status/manage/incidents/{told.id}/messages/new"
    form = {
        "channel": "press",
        "audience": "Harbour Post",
        "text": "Mail is <down> since nine.",
        "author_name": "Press office",
        "checker_name": "The management",
    }
    assert client.post(path, data=form).status_code == 303
    message = db.session.scalars(sa.select(HandMessage)).one()
    assert (message.author_name, message.checker_name, message.recorded_by_id) == (
        "Press office",
        "The management",
        manager.id,
    )
    text = client.get(f"/status/manage/incidents/{told.id}").get_data(as_text=True)
    for words in ("Harbour Post", "Press office", "The management", "Word to the press", "Mail is &lt;down&gt;"):
        assert words in text
    assert "Harbour Post" not in client.get(incident_page(told)).get_data(as_text=True)
    assert Event.MESSAGE_RECORDED in actions()


@pytest.mark.parametrize(
    "change",
    [{"audience": ""}, {"text": " "}, {"channel": "pigeon"}, {"sent_at": "2031-01-01T10:00"}, {"sent_at": "noon"}],
)
def test_wrong_message_by_hand_is_shown_again(
    app: Flask, client: CheckingClient, manager: User, change: dict[str, str]
) -> None:
    told = make_incident(make_component("Mail"))
    form = {"channel": "call", "audience": "Kept people", "text": "Kept words"} | change
    response = client.post(f"/status/manage/incidents/{told.id}/messages/new", data=form)
    assert response.status_code == 422 and "Kept" in response.get_data(as_text=True)
    assert db.session.scalars(sa.select(HandMessage)).all() == []


def test_record_tells_how_many_heard_and_what_came_of_it(app: Flask, client: CheckingClient, manager: User) -> None:
    for number in range(3):
        db.session.add(
            Subscriber(
                channel=SubscriberChannel.EMAIL,
                address=f"reader{number}@portico.example",
                state=SubscriberState.ACTIVE,
                nonce="n",
                confirmed_at=manager.created_at,
            )
        )
    db.session.commit()
    told = make_incident(make_component("Mail"), actor=manager)
    queue_open_broadcasts()
    db.session.scalars(sa.select(OutboxMessage)).first().state = MessageState.DEAD  # type: ignore[union-attr]
    db.session.commit()
    text = client.get(f"/status/manage/incidents/{told.id}").get_data(as_text=True)
    assert "3 subscribers" in text and "Failed: 1" in text and "Waiting: 2" in text
    listed = client.get(f"/status/manage/updates/{told.updates[0].id}/messages").get_data(as_text=True)
    assert "reader0@portico.example" in listed and "Failed" in listed


def test_preview_shows_both_languages_and_saves_nothing(
    app: Flask, client: CheckingClient, manager: User, clock: HeldClock
) -> None:
    mail = make_component("Mail", translations={"de": {"name": "E-Mail"}})
    form = {
        "title": "{service} is down",
        "title_de": "{service} ist ausgefallen",
        "body": "Down since {since}. We look into <it>. {cause}",
        "body_de": "Seit {since} gestört.",
        "state": "identified",
        "happened_at": clock.now().strftime("%Y-%m-%dT09:15"),
        f"impact_{mail.id}": "partial_outage",
        "audience": ["public"],
        "preview": "1",
    }
    response = client.post("/status/manage/incidents/new", data=form)
    text = response.get_data(as_text=True)
    assert response.status_code == 200 and db.session.scalars(sa.select(Incident)).all() == []
    for words in (
        "Mail is down",
        "E-Mail ist ausgefallen",
        "We look into &lt;it&gt;.",
        "Fill in or remove {cause}.",
        "Ursache gefunden",
        "E-Mail: Teilweise ausgefallen",
    ):
        assert words in text
    told = make_incident(mail)
    update = {"body": "{service} works.", "state": "monitoring", "preview": "1"}
    response = client.post(f"/status/manage/incidents/{told.id}/updates", data=update)
    assert response.status_code == 200 and "Mail works." in response.get_data(as_text=True)
    assert len(told.updates) == 1


def test_preview_of_a_prepared_text(app: Flask, client: CheckingClient, manager: User) -> None:
    form = {"name": "Outage", "body": "{service} is down since {since}. {cause}", "state": "identified", "preview": "1"}
    response = client.post("/status/manage/templates/new", data=form)
    text = response.get_data(as_text=True)
    assert response.status_code == 200 and "Mail is down since 09:15." in text and "Fill in or remove {cause}." in text


def test_what_is_known_is_filled_in_when_published(app: Flask, client: CheckingClient, manager: User) -> None:
    mail = make_component("Mail")
    form = {
        "title": "{service} is down",
        "body": "{service} does not answer.",
        "state": "investigating",
        f"impact_{mail.id}": "major_outage",
        "audience": ["public"],
    }
    assert client.post("/status/manage/incidents/new", data=form).status_code == 303
    told = db.session.scalars(sa.select(Incident)).one()
    assert (told.title, told.updates[0].body) == ("Mail is down", "Mail does not answer.")


def test_calling_off_under_check_ends_the_work_only_when_readers_are_told(
    app: Flask, client: CheckingClient, manager: User
) -> None:
    work, checker = make_maintenance(make_component("Mail"), starts_in=timedelta(0)), make_user("incident_manager")
    window = work.windows[0]
    window.started_at, work.state = window.starts_at, IncidentState.IN_PROGRESS
    db.session.get_one(StatusPage, 1).second_check = SecondCheck.ALWAYS
    db.session.commit()
    response = client.post(f"/status/manage/maintenance/{work.id}/cancel", data={"body": "Not needed."})
    assert response.status_code == 303
    db.session.expire_all()
    assert (work.state, window.ended_at) == (IncidentState.IN_PROGRESS, None)
    approve_update(work.updates[-1], actor=checker)
    assert work.state == IncidentState.CANCELLED and window.ended_at is not None


def test_planned_work_is_moved_with_a_word_to_the_readers(
    app: Flask, client: CheckingClient, manager: User, clock: HeldClock
) -> None:
    work = make_maintenance(make_component("Mail"))
    window = work.windows[0]
    path = f"/status/manage/maintenance/{work.id}/windows/{window.id}"
    start = clock.now().replace(second=0, microsecond=0) + timedelta(hours=5)
    form = {
        "starts_at": start.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "body": "It begins later.",
    }
    assert client.post(path, data=form | {"starts_at": "2026-01-01T00:00"}).status_code == 422
    assert client.post(path, data=form).status_code == 303
    db.session.expire_all()
    assert (window.starts_at, work.started_at, work.updates[-1].body) == (start, start, "It begins later.")
    assert Event.MAINTENANCE_MOVED in actions()


def test_moments_are_those_of_the_person_who_types_them(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    client.sign_in(make_user("incident_manager", time_zone="Europe/Berlin"))
    mail = make_component("Mail")
    form = {
        "title": "New disks",
        "body": "Mail is away.",
        "components": [str(mail.id)],
        "starts_at": "2026-06-01T22:00",
        "minutes": "60",
        "repeat": "once",
        "times": "1",
        "audience": ["public"],
    }
    assert client.post("/status/manage/maintenance/new", data=form).status_code == 303
    work = db.session.scalars(sa.select(Incident)).one()
    window = work.windows[0]
    assert window.starts_at == datetime(2026, 6, 1, 20, tzinfo=UTC)
    text = client.get(f"/status/manage/maintenance/{work.id}/windows/{window.id}").get_data(as_text=True)
    assert 'value="2026-06-01T22:00"' in text


def test_resolving_without_touching_the_services_says_that_they_work(
    app: Flask, client: CheckingClient, manager: User
) -> None:
    mail = make_component("Mail")
    told = make_incident(mail)
    form = {"body": "It works.", "state": "resolved", f"impact_{mail.id}": "major_outage"}
    assert client.post(f"/status/manage/incidents/{told.id}/updates", data=form).status_code == 303
    db.session.expire_all()
    assert told.updates[-1].impacts[0].state == ComponentState.OPERATIONAL
