"""Programs write with a key: limited to its scopes, acting for a person, in the words of the Statuspage API."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import RoleAssignment, User
from status_page.board import build_board
from status_page.enums import ComponentState, Event, IncidentState, TokenScope
from status_page.models import Incident, WriteToken
from status_page.permissions import PUBLIC
from status_page.services.write_tokens import create_write_token, revoke_write_token
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident

BOTH = (TokenScope.INCIDENTS, TokenScope.COMPONENTS)


@pytest.fixture
def holder(app: Flask) -> User:
    return make_user("incident_manager")


def make_key(holder: User, *scopes: TokenScope, **values: Any) -> str:
    _, text = create_write_token("Robot", scopes=scopes or BOTH, actor=holder, **values)
    db.session.commit()
    return text


def send(client: CheckingClient, method: str, path: str, key: str, document: Any) -> TestResponse:
    client.csrf = False
    return client.open(path, method=method, json=document, headers={"Authorization": f"Bearer {key}"})


def test_open_update_and_resolve_an_incident(app: Flask, client: CheckingClient, holder: User) -> None:
    mail, key = make_component("Mail"), make_key(holder)
    document = {
        "incident": {"name": "Mail is down", "body": "We look.", "components": {mail.public_id: "major_outage"}}
    }
    answer = send(client, "POST", "/api/v2/incidents.json", key, document)
    assert answer.status_code == 201
    told = answer.get_json()["incident"]
    assert (told["status"], told["impact"], told["components"][0]["name"]) == ("investigating", "critical", "Mail")
    path = f"/api/v2/incidents/{told['id']}.json"
    answer = send(client, "PATCH", path, key, {"incident": {"status": "resolved", "body": "It works."}})
    assert answer.get_json()["incident"]["status"] == "resolved"
    assert build_board(PUBLIC).components[0].state == ComponentState.OPERATIONAL
    again = send(client, "PATCH", path, key, {"incident": {"status": "investigating", "body": "Again"}})
    assert again.status_code == 422 and "is over" in again.get_json()["detail"]
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.INCIDENT_OPENED)).one()
    assert event.actor_id == holder.id


def test_set_the_state_of_a_component(app: Flask, client: CheckingClient, holder: User) -> None:
    mail, key = make_component("Mail"), make_key(holder)
    path = f"/api/v2/components/{mail.public_id}.json"
    answer = send(client, "PATCH", path, key, {"component": {"status": "partial_outage"}})
    assert answer.get_json()["component"]["status"] == "partial_outage"
    assert build_board(PUBLIC).components[0].state == ComponentState.PARTIAL


@pytest.mark.parametrize(
    ("incident", "sentence"),
    [
        ({"name": "x", "body": "y", "components": {"000000000000": "major_outage"}}, "no component 000000000000"),
        ({"name": "x", "body": "y", "components": ["a"]}, "list of ids"),
        ({"name": "x", "body": "y", "status": "exploded"}, "not a status"),
        ({"name": "x", "body": "y", "status": ["a"]}, "not a status"),
        ({"name": "x"}, "“body” is missing"),
        ({"body": "y"}, "“name” is missing"),
        ({"name": 5, "body": {}}, "is missing"),
        ({"name": "x", "body": "y", "started_at": "yesterday"}, "not a moment"),
        ({"name": "x", "body": "y", "started_at": "2126-01-01T00:00:00Z"}, "in the future"),
        ("x", "Send a JSON document"),
    ],
)
def test_wrong_documents_are_refused_with_a_sentence(
    app: Flask, client: CheckingClient, holder: User, incident: Any, sentence: str
) -> None:
    answer = send(client, "POST", "/api/v2/incidents.json", make_key(holder), {"incident": incident})
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert sentence in answer.get_json()["detail"]
    assert db.session.scalars(sa.select(Incident)).all() == []


def test_unknown_things_are_not_found(app: Flask, client: CheckingClient, holder: User) -> None:
    key = make_key(holder)
    body = {"incident": {"body": "x"}, "component": {"status": "operational"}}
    assert send(client, "PATCH", "/api/v2/incidents/0.json", key, body).status_code == 404
    assert send(client, "PATCH", "/api/v2/components/0.json", key, body).status_code == 404


def test_key_must_be_valid_and_for_this(app: Flask, client: CheckingClient, holder: User, clock: HeldClock) -> None:
    incident = make_incident(make_component())
    path, body = f"/api/v2/incidents/{incident.public_id}.json", {"incident": {"body": "x", "status": "resolved"}}
    narrow = make_key(holder, TokenScope.COMPONENTS)
    short = make_key(holder, expires_at=clock.now() + timedelta(minutes=1))
    gone = make_key(holder)
    revoke_write_token(
        db.session.scalars(sa.select(WriteToken).order_by(WriteToken.id.desc()).limit(1)).one(), actor=holder
    )
    clock.forward(minutes=2)
    for key in ("", "x", narrow, short, gone):
        assert send(client, "PATCH", path, key, body).status_code == 401
    key = make_key(holder)
    db.session.execute(sa.delete(RoleAssignment).where(RoleAssignment.user_id == holder.id))
    assert send(client, "PATCH", path, key, body).status_code == 403
    holder.is_active = False
    assert send(client, "PATCH", path, key, body).status_code == 401
    assert db.session.get_one(Incident, incident.id).state == IncidentState.INVESTIGATING


def test_key_is_made_in_the_browser_and_shown_once(app: Flask, client: CheckingClient) -> None:
    path = "/status/manage/keys"
    assert client.get(path).status_code == 303
    client.sign_in(make_user("incident_manager"))
    assert client.get(path).status_code == 403
    client.sign_in(make_user("administrator"))
    assert client.post(path, data={"name": "Robot"}).status_code == 422
    answer = client.post(path, data={"name": "Robot", "scopes": ["components"]})
    assert "portico_status_" in answer.get_data(as_text=True) and answer.headers["Cache-Control"] == "no-store"
    token = db.session.scalars(sa.select(WriteToken)).one()
    assert "portico_status_" not in client.get(path).get_data(as_text=True)
    assert client.post(f"{path}/{token.id}/revoke").status_code == 303
    assert client.post(f"{path}/999/revoke").status_code == 404
    db.session.expire_all()
    assert token.revoked_at is not None
