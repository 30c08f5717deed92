"""The pages of communicators and of those who keep the components, as people with and without the right use them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import User
from status_page.board import build_board
from status_page.enums import ComponentState, Event, IncidentState, Publication, SecondCheck
from status_page.models import Component, Incident, StatusPage, UpdateTemplate
from status_page.permissions import PUBLIC
from status_page.services.clockwork import do_what_is_due
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_group, make_incident, make_maintenance


@pytest.fixture
def manager(client: CheckingClient) -> User:
    user = make_user("incident_manager", "administrator")
    client.sign_in(user)
    return user


def incident() -> Incident:
    db.session.expire_all()
    return db.session.scalars(sa.select(Incident)).one()


PAGES = [
    "/status/manage",
    "/status/manage/incidents/new",
    "/status/manage/incidents/{incident}",
    "/status/manage/incidents/{incident}/change",
    "/status/manage/incidents/{work}/change",
    "/status/manage/incidents/{incident}/messages/new",
    "/status/manage/updates/{update}/messages",
    "/status/manage/updates/{update}/correct",
    "/status/manage/updates/{update}/return",
    "/status/manage/maintenance/new",
    "/status/manage/maintenance/{work}/cancel",
    "/status/manage/maintenance/{work}/windows/{window}",
    "/status/manage/components",
    "/status/manage/components/new",
    "/status/manage/components/{component}",
    "/status/manage/groups/new",
    "/status/manage/groups/{group}",
    "/status/manage/rules",
    "/status/manage/templates",
    "/status/manage/templates/new",
    "/status/internal",
]


def filled(path: str) -> str:
    group = make_group()
    component = make_component(group_id=group.id)
    told, work = make_incident(component), make_maintenance(component)
    return path.format(
        incident=told.id,
        update=told.updates[0].id,
        work=work.id,
        window=work.windows[0].id,
        component=component.id,
        group=group.id,
    )


@pytest.mark.parametrize("path", PAGES)
def test_page_works_whole_and_in_part(app: Flask, client: CheckingClient, manager: User, path: str) -> None:
    path = filled(path)
    whole = client.get(path)
    assert whole.status_code == 200 and "<html" in whole.get_data(as_text=True)
    part = client.htmx(path)
    assert part.status_code == 200 and "<html" not in part.get_data(as_text=True)


@pytest.mark.parametrize("path", PAGES)
def test_page_is_for_those_with_the_right(app: Flask, client: CheckingClient, path: str) -> None:
    path = filled(path)
    assert client.get(path).status_code == 303
    client.sign_in(make_user())
    assert client.get(path).status_code == (200 if path == "/status/internal" else 403)


@pytest.mark.parametrize(
    "path",
    [
        "/status/manage/incidents/999",
        "/status/manage/incidents/999/change",
        "/status/manage/incidents/999/messages/new",
        "/status/manage/updates/999/correct",
        "/status/manage/updates/999/messages",
        "/status/manage/components/999",
        "/status/manage/groups/999",
        "/status/manage/templates/999",
        "/status/manage/maintenance/999/cancel",
    ],
)
def test_what_is_not_there_is_not_found(app: Flask, client: CheckingClient, manager: User, path: str) -> None:
    assert client.get(path).status_code == 404


def test_open_update_and_resolve(app: Flask, client: CheckingClient, manager: User, clock: HeldClock) -> None:
    mail = make_component("Mail")
    form = {
        "title": "Mail is down",
        "title_de": "E-Mail ist ausgefallen",
        "body": "We look.",
        "body_de": "Wir suchen.",
        "state": "investigating",
        f"impact_{mail.id}": "major_outage",
        "audience": ["public"],
        "notifies": "y",
        "ticket_references": "INC-12, INC-14",
    }
    response = client.post("/status/manage/incidents/new", data=form)
    told = incident()
    assert (response.status_code, told.ticket_references) == (303, ["INC-12", "INC-14"])
    assert told.title_in("de") == "E-Mail ist ausgefallen"
    assert build_board(PUBLIC).components[0].state == ComponentState.MAJOR
    text = client.get(f"/status/manage/incidents/{told.id}").get_data(as_text=True)
    assert 'selected value="major_outage"' in text
    clock.forward(minutes=5)
    update = {"body": "It works.", "state": "resolved", f"impact_{mail.id}": "operational"}
    assert client.post(f"/status/manage/incidents/{told.id}/updates", data=update).status_code == 303
    assert incident().state == IncidentState.RESOLVED
    review = {"body": "The disk was full.", "state": "postmortem"}
    assert client.post(f"/status/manage/incidents/{told.id}/updates", data=review).status_code == 303
    assert incident().state == IncidentState.POSTMORTEM


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "Say in a few words"),
        ({"body": " "}, "Write what people should know"),
        ({"body": "Down since {since}"}, "Fill in or remove {since}"),
        ({"title_de": "Titel"}, "Translate title and text, or neither"),
        ({"audience": []}, "Choose at least one group"),
        ({"happened_at": "2030-01-01T10:00"}, "cannot begin in the future"),
        ({"happened_at": "yesterday"}, "Not a valid"),
    ],
)
def test_wrong_incident_is_shown_again_and_changes_nothing(
    app: Flask, client: CheckingClient, manager: User, change: dict[str, object], sentence: str
) -> None:
    form = {"title": "Kept title", "body": "Kept text", "state": "investigating", "audience": ["public"]} | change
    response = client.post("/status/manage/incidents/new", data=form)
    text = response.get_data(as_text=True)
    assert response.status_code == 422 and sentence in text
    assert "Kept t" in text
    assert db.session.scalars(sa.select(Incident)).all() == []


def test_checker_publishes_or_gives_back(app: Flask, client: CheckingClient, manager: User) -> None:
    db.session.get_one(StatusPage, 1).second_check = SecondCheck.PUBLIC
    form = {"title": "Mail", "body": "Text", "state": "investigating", "audience": ["public"]}
    client.post("/status/manage/incidents/new", data=form)
    [update] = incident().updates
    assert update.publication == Publication.AWAITING_CHECK
    assert client.post(f"/status/manage/updates/{update.id}/approve").status_code == 403
    client.sign_in(make_user("incident_manager"))
    path = f"/status/manage/updates/{update.id}/return"
    assert client.post(path, data={"note": ""}).status_code == 422
    assert client.post(path, data={"note": "Say since when."}).status_code == 303
    assert "Say since when." in client.get(f"/status/manage/incidents/{incident().id}").get_data(as_text=True)
    assert client.post(f"/status/manage/updates/{update.id}/approve").status_code == 409
    client.sign_in(manager)
    client.post(f"/status/manage/incidents/{incident().id}/updates", data={"body": "Since 9", "state": "investigating"})
    client.sign_in(make_user("incident_manager"))
    assert client.post(f"/status/manage/updates/{incident().updates[-1].id}/approve").status_code == 303
    assert incident().published_at is not None


def test_correction(app: Flask, client: CheckingClient, manager: User) -> None:
    update = make_incident(make_component()).updates[0]
    path = f"/status/manage/updates/{update.id}/correct"
    assert client.post(path, data={"body": "New", "reason": ""}).status_code == 422
    assert client.post(path, data={"body": "New", "reason": "Typo"}).status_code == 303
    assert incident().updates[0].body == "New"


def test_plan_extend_and_call_off(app: Flask, client: CheckingClient, manager: User, clock: HeldClock) -> None:
    mail = make_component("Mail")
    form = {
        "title": "New disks",
        "body": "Mail is away for an hour.",
        "components": [str(mail.id)],
        "starts_at": (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "minutes": "60",
        "repeat": "weekly",
        "times": "3",
        "audience": ["public"],
    }
    assert client.post("/status/manage/maintenance/new", data=form | {"components": []}).status_code == 422
    assert client.post("/status/manage/maintenance/new", data=form).status_code == 303
    work = incident()
    assert [w.starts_at - clock.now() for w in work.windows] == [timedelta(hours=1, weeks=week) for week in range(3)]
    again = client.post("/status/manage/maintenance/new", data=form)
    assert again.status_code == 422 and "already covers" in again.get_data(as_text=True)
    clock.forward(minutes=90)
    do_what_is_due()
    path = f"/status/manage/maintenance/{work.id}/windows/{work.windows[0].id}"
    later = {"ends_at": (clock.now() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"), "body": "It takes longer."}
    assert client.post(path, data=later | {"ends_at": "2026-01-01T00:00"}).status_code == 422
    assert client.post(path, data=later).status_code == 303
    assert client.post(f"/status/manage/maintenance/{work.id}/finish").status_code == 303
    assert client.post(f"/status/manage/maintenance/{work.id}/finish").status_code == 409
    cancel = f"/status/manage/maintenance/{work.id}/cancel"
    assert client.post(cancel, data={"body": ""}).status_code == 422
    assert client.post(cancel, data={"body": "Not needed."}).status_code == 303
    assert client.post(cancel, data={"body": "Not needed."}).status_code == 422
    assert incident().state == IncidentState.CANCELLED


def test_component_from_making_to_removing(app: Flask, client: CheckingClient, manager: User, clock: HeldClock) -> None:
    group, network = make_group("Network"), make_component("Network")
    form = {"name": "VPN", "name_de": "VPN-Zugang", "group_id": str(group.id), "service_id": "0", "position": "1"}
    path = "/status/manage/components/new"
    assert client.post(path, data=form).status_code == 422
    assert client.post(path, data=form | {"audience": ["public", "agents"]}).status_code == 303
    taken = client.post(path, data=form | {"audience": ["public"]})
    assert taken.status_code == 422 and "is taken" in taken.get_data(as_text=True)
    vpn = db.session.scalars(sa.select(Component).where(Component.key == "vpn")).one()
    base = f"/status/manage/components/{vpn.id}"
    assert client.post(base, data=form | {"audience": ["agents"], "internal_name": "fw-2"}).status_code == 303
    assert (sorted(vpn.audience), vpn.internal_name, vpn.key) == (["agents"], "fw-2", "vpn")
    assert client.post(f"{base}/state", data={"state": "major_outage", "reason": "x"}).status_code == 303
    clock.forward(minutes=1)
    assert client.post(f"{base}/override", data={"state": "operational", "reason": ""}).status_code == 422
    assert client.post(f"{base}/override", data={"state": "operational", "reason": "Drill"}).status_code == 303
    assert "Overridden: Drill" in client.get(base).get_data(as_text=True)
    assert client.post(f"{base}/release").status_code == 303
    need = {"needs_id": str(network.id), "effect": "same"}
    assert client.post(f"{base}/dependencies", data=need).status_code == 303
    back = {"needs_id": str(vpn.id), "effect": "same"}
    assert client.post(f"/status/manage/components/{network.id}/dependencies", data=back).status_code == 409
    assert client.post(f"{base}/dependencies/{network.id}/remove").status_code == 303
    assert client.post(f"{base}/remove").status_code == 303
    assert client.get(base).status_code == 404


def test_rules(app: Flask, client: CheckingClient, manager: User) -> None:
    form = {
        "second_check": "always",
        "cadence_minutes": "30",
        "long_running_hours": "12",
        "announce_minutes": "120",
        "weight_degraded": "10",
        "weight_partial": "50",
        "weight_major": "100",
    }
    assert client.post("/status/manage/rules", data=form | {"weight_partial": "200"}).status_code == 422
    assert client.post("/status/manage/rules", data=form).status_code == 303
    assert "10% of the time slow" in client.get("/status/en/").get_data(as_text=True)
    assert db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.POLICY_CHANGED)).one()


def test_prepared_text_fills_what_is_known(app: Flask, client: CheckingClient, manager: User) -> None:
    form = {"name": "Outage", "title": "{service} is down", "body": "Down since {since}. Cause: {cause}."}
    assert client.post("/status/manage/templates/new", data=form | {"body": ""}).status_code == 422
    assert client.post("/status/manage/templates/new", data=form).status_code == 303
    assert client.post("/status/manage/templates/new", data=form).status_code == 422
    prepared = db.session.scalars(sa.select(UpdateTemplate)).one()
    told = make_incident(make_component("Mail"))
    text = client.get(f"/status/manage/incidents/{told.id}?template={prepared.id}").get_data(as_text=True)
    assert "Down since" in text and "{since}" not in text and "{cause}" in text
    assert client.post(f"/status/manage/templates/{prepared.id}", data=form | {"body": "Short"}).status_code == 303
    assert client.post(f"/status/manage/templates/{prepared.id}/remove").status_code == 303
    assert db.session.scalars(sa.select(UpdateTemplate)).all() == []


def test_overview_takes_the_same_number_of_queries(app: Flask, client: CheckingClient, manager: User) -> None:
    def queries() -> int:
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as counted:
            assert client.get("/status/manage").status_code == 200
        return len(counted)

    make_incident(make_component())
    with_one = queries()
    for _ in range(2):
        make_incident(make_component())
    assert queries() == with_one


def test_internal_page_shows_what_the_person_may_know(app: Flask, client: CheckingClient) -> None:
    make_incident(make_component("Vault", audience=("agents",)), audience=("agents",), title="Sealed")
    make_component("Mail")
    client.sign_in(make_user())
    text = client.get("/status/internal").get_data(as_text=True)
    assert "Mail" in text and "Vault" not in text and "Sealed" not in text
    client.sign_in(make_user("agent"))
    text = client.get("/status/internal").get_data(as_text=True)
    assert "Vault" in text and "Sealed" in text
