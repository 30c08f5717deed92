"""Whatever is not for everyone leaves no trace in any file of the public page."""

import json
from datetime import timedelta

import pytest
from flask import Flask

from portal.core import clock as portal_clock
from portal.core.db import db
from status_page.board import build_board
from status_page.enums import Effect, IncidentState
from status_page.models import Incident
from status_page.permissions import PUBLIC
from status_page.services.components import override_state, set_own_state
from status_page.services.dependencies import add_dependency
from status_page.services.incidents import open_incident
from status_page.services.updates import Draft, post_update
from status_page.site.tree import list_items
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import DEGRADED, MAJOR, make_component, make_group, make_incident, make_maintenance

SECRET = "Zanzibar"


def site() -> dict[str, str]:
    db.session.commit()
    db.session.expire_all()
    items = list(list_items(build_board(PUBLIC)))
    return {item.path: item.render().decode() for item in items}


@pytest.fixture
def secrets(app: Flask, clock: HeldClock) -> list[str]:
    """A public page with much behind it that is not for everyone; returns the words that must not appear."""
    mail = make_component("Mail")
    make_incident(mail, impact=DEGRADED, title="Mail is slow")
    hidden = make_component(
        f"{SECRET} vault",
        audience=("agents",),
        key="zanzibar-vault",
        internal_name="zanzibar-7",
        group_id=make_group(f"{SECRET} group").id,
        description=f"Where {SECRET} is kept.",
    )
    team_only = make_component(f"{SECRET} team", audience=("team:1",))
    add_dependency(mail, hidden, actor=None, effect=Effect.SAME)
    set_own_state(hidden, MAJOR, actor=None, reason=f"{SECRET} burns")
    override_state(team_only, MAJOR, actor=make_user(), reason=f"{SECRET} drill")
    make_incident(hidden, title=f"{SECRET} sealed", audience=("agents",))
    make_incident(mail, title=f"{SECRET} inside", audience=("role:agent",), body=f"{SECRET} words")
    # Its own audience says everyone, but all it is about is not for everyone.
    make_incident(team_only, title=f"{SECRET} by mistake")
    make_maintenance(hidden, title=f"{SECRET} work", audience=("agents",))
    make_maintenance(hidden, title=f"{SECRET} work by mistake", starts_in=timedelta(days=3))
    over = make_incident(hidden, title=f"{SECRET} past", happened_at=portal_clock.now() - timedelta(days=40))
    post_update(over, Draft(IncidentState.RESOLVED, f"{SECRET} is back"), actor=None)
    # About both: told to everyone, but only as far as it concerns what everyone may know.
    impacts = {mail.id: DEGRADED, hidden.id: MAJOR}
    open_incident("Two at once", Draft(IncidentState.INVESTIGATING, "We look.", impacts=impacts), actor=None)
    return [SECRET, SECRET.lower(), hidden.public_id, team_only.public_id, over.public_id]


def test_no_file_of_the_public_page_names_what_is_private(secrets: list[str]) -> None:
    found = site()
    assert len(found) > 30
    leaks = [(path, word) for path, text in found.items() for word in secrets if word in text or word in path]
    assert leaks == []


def test_counts_and_states_are_those_of_what_is_public(app: Flask, secrets: list[str]) -> None:
    found = site()
    for name in ("summary", "status"):
        assert json.loads(found[f"api/v2/{name}.json"])["status"]["indicator"] == "minor"
    assert [item["impact"] for item in json.loads(found["api/v2/incidents.json"])["incidents"]] == ["minor", "minor"]
    assert [item["name"] for item in json.loads(found["api/v2/components.json"])["components"]] == ["Mail"]
    assert "#855200" in found["en/badge.svg"], "the colour of something slow"


def test_the_line_of_the_portal_says_to_strangers_what_the_public_page_says(
    app: Flask, client: CheckingClient, secrets: list[str]
) -> None:
    db.session.commit()
    text = client.get("/").get_data(as_text=True)
    assert SECRET not in text
    client.sign_in(make_user())
    for path in ("/", "/status/internal", "/ask"):
        assert SECRET not in client.get(path).get_data(as_text=True)


@pytest.mark.usefixtures("secrets")
def test_address_of_something_private_answers_like_one_that_never_was(app: Flask, client: CheckingClient) -> None:
    db.session.commit()
    hidden = db.session.query(Incident).filter_by(title=f"{SECRET} sealed").one()
    for path in (f"incident-{hidden.public_id}.html", "component-zanzibar-vault.html"):
        assert client.get(f"/status/en/{path}").status_code == 404
