"""Components by YAML, and the history of another page."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from status_page.board import build_board
from status_page.enums import ComponentState, IncidentState
from status_page.models import Broadcast, Component, Incident
from status_page.permissions import PUBLIC
from status_page.services.configuration import export_configuration, import_configuration
from status_page.services.dependencies import add_dependency
from status_page.services.history_import import import_history
from status_page.services.refusals import ConfigurationRefused, DependencyCycle
from status_page.site.api_v2 import incident_fields
from tests.clock import HeldClock
from tests.factories.directory import make_service
from tests.factories.status_page import make_component, make_group, make_incident


def test_what_was_exported_imports_without_a_change(app: Flask) -> None:
    group, service = make_group("Network"), make_service("Network")
    network = make_component("Network", group_id=group.id, service_id=service.id, audience=("agents", "public"))
    vpn = make_component("VPN", translations={"de": {"name": "Fernzugang"}})
    add_dependency(vpn, network, actor=None)
    text = export_configuration()
    assert import_configuration(text, actor=None) == {"created": 0, "changed": 0, "unchanged": 3}
    assert export_configuration() == text
    assert import_configuration(text.replace("Fernzugang", "VPN-Zugang"), actor=None)["changed"] == 1


def test_file_makes_groups_components_and_dependencies(app: Flask) -> None:
    make_service("Mail", key="mail")
    text = """
version: 1
groups: [{key: office, name: Office, translations: {de: {name: Büro}}}]
components:
  - {key: mail, name: Mail, group: office, service: mail, needs: {net: same}}
  - {key: net, name: Network, audience: [agents]}
"""
    assert import_configuration(text, actor=None)["created"] == 3
    mail = db.session.scalars(sa.select(Component).where(Component.key == "mail")).one()
    assert mail.group is not None and mail.group.name_in("de") == "Büro" and mail.service_id
    assert [item.effect for item in mail.dependencies] == ["same"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid YAML"),
        ("version: 2", "version: 1"),
        ("- a", "version: 1"),
        ("{version: 1, components: 5}", "must be a list"),
        ("{version: 1, components: [{key: a}]}", "needs a key and a name"),
        ("{version: 1, components: [{key: a, name: A, colour: red}]}", "“colour” is unknown"),
        ("{version: 1, components: [{key: a, name: A, position: first}]}", "wrong kind"),
        ("{version: 1, components: [{key: a, name: A, needs: {b: same}}]}", "no component “b”"),
        ("{version: 1, components: [{key: a, name: A, needs: {a: much}}]}", "an effect is one of"),
        ("{version: 1, components: [{key: a, name: A, group: b}]}", "no group “b”"),
    ],
)
def test_wrong_file_is_refused_by_the_name_of_the_place(app: Flask, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationRefused, match=sentence):
        import_configuration(text, actor=None)


def test_cycle_in_a_file_is_refused(app: Flask) -> None:
    text = "{version: 1, components: [{key: a, name: A, needs: {b: same}}, {key: b, name: B, needs: {a: same}}]}"
    with pytest.raises(DependencyCycle):
        import_configuration(text, actor=None)


def export(**changes: Any) -> str:
    affected = {"code": "c", "name": "Mail", "old_status": "operational", "new_status": "major_outage"}
    well = affected | {"new_status": "operational"}
    incident = {
        "id": "x1",
        "name": "Mail &amp; calendar away",
        "status": "resolved",
        "created_at": "2026-02-20T10:05:00.000Z",
        "started_at": "2026-02-20T10:00:00.000Z",
        "resolved_at": "2026-02-20T12:00:00.000Z",
        "incident_updates": [
            {
                "status": "resolved",
                "body": "Over",
                "created_at": "2026-02-20T12:00:00.000Z",
                "display_at": "2026-02-20T12:00:00.000Z",
                "affected_components": [well],
            },
            {
                "status": "investigating",
                "body": "First<br />second <script>x</script>",
                "created_at": "2026-02-20T10:05:00.000Z",
                "display_at": "2026-02-20T10:00:00.000Z",
                "affected_components": [affected],
            },
        ],
    }
    return json.dumps({"incidents": [incident | changes]})


def test_history_is_taken_over_once_and_nobody_is_told(app: Flask, clock: HeldClock) -> None:
    assert import_history(export(), actor=None).created == 1
    report = import_history(export(), actor=None)
    assert (report.created, report.known) == (0, 1)
    [incident] = db.session.scalars(sa.select(Incident))
    assert (incident.title, incident.state) == ("Mail & calendar away", IncidentState.RESOLVED)
    assert incident.published_updates[0].body == "First\nsecond x"
    db.session.commit()
    [mail] = build_board(PUBLIC).components
    assert {s: n for day in mail.days for s, n in day.seconds.items()} == {ComponentState.MAJOR: 7200}
    assert db.session.scalars(sa.select(Broadcast)).all() == []


def test_our_own_documents_can_be_taken_over(app: Flask, clock: HeldClock) -> None:
    began = clock.now() - timedelta(days=3)
    incident = make_incident(make_component("VPN"), state=IncidentState.RESOLVED, happened_at=began)
    document = json.dumps({"incidents": [incident_fields(build_board(PUBLIC), incident)]})
    report = import_history(document, actor=None)
    assert (report.created, report.refused) == (1, [])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "investigating"}, "it is not over yet"),
        ({"status": "odd"}, "“odd” is not a status"),
        ({"created_at": "today", "started_at": "today"}, "“today” is not a moment"),
        ({"started_at": "2026-02-20T10:00:00"}, "“2026-02-20T10:00:00” is not a moment"),
        ({"incident_updates": []}, "it has no update"),
        ({"incident_updates": [{"status": "resolved"}]}, "the field “created_at” is missing"),
        ({"incident_updates": 5}, "a field holds something else"),
    ],
)
def test_what_cannot_be_taken_over_is_named_and_leaves_nothing(
    app: Flask, changes: dict[str, Any], sentence: str
) -> None:
    report = import_history(export(**changes), actor=None)
    assert (report.created, len(report.refused)) == (0, 1)
    assert sentence in report.refused[0] and "was left out" in report.refused[0]
    assert db.session.scalars(sa.select(Incident)).all() == []


@pytest.mark.parametrize("text", ["", "[]", "5", "{"])
def test_something_else_is_refused(app: Flask, text: str) -> None:
    with pytest.raises(ConfigurationRefused):
        import_history(text, actor=None)
