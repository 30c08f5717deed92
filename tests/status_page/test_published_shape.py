"""Every field of every document in the published shape, and the calendar as a calendar program reads it.

The tables follow the fields that Statuspage publishes for its API v2, as client libraries declare them (one such is
npm's statuspage.io): a name, and what its value may be.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core import clock as portal_clock
from status_page.enums import IncidentState
from status_page.services.clockwork import do_what_is_due
from status_page.services.maintenance import cancel_maintenance
from status_page.services.updates import Draft, post_update
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import DEGRADED, make_component, make_group, make_incident, make_maintenance

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
Kind = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def moment(value: Any) -> bool:
    return text(value) and _MOMENT.fullmatch(value) is not None


def truth(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def maybe(kind: Kind) -> Kind:
    return lambda value: value is None or kind(value)


def one_of(*words: str) -> Kind:
    return lambda value: value in words


def each(table: dict[str, Kind]) -> Kind:
    return lambda value: isinstance(value, list) and all(fits(item, table) for item in value)


def fits(value: Any, table: dict[str, Kind]) -> bool:
    """Fail with the name of the first field that is missing or of another kind."""
    assert isinstance(value, dict)
    for name, kind in table.items():
        assert name in value and kind(value[name]), f"{name}: {value.get(name, 'missing')!r}"
    return True


STATES = one_of("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
STAGES = one_of("investigating", "identified", "monitoring", "resolved", "postmortem")
STEPS = one_of("scheduled", "in_progress", "verifying", "completed")
PAGE = {
    "page": lambda value: fits(value, {"id": text, "name": text, "url": text, "time_zone": text, "updated_at": moment})
}
COMPONENT: dict[str, Kind] = {
    "id": text, "name": text, "status": STATES, "created_at": moment, "updated_at": moment, "position": number,
    "description": maybe(text), "showcase": truth, "start_date": maybe(text), "group_id": maybe(text), "page_id": text,
    "group": truth, "only_show_if_degraded": truth,
}  # fmt: skip
AFFECTED: dict[str, Kind] = {"code": text, "name": text, "old_status": STATES, "new_status": STATES}


def incident_table(stages: Kind, impacts: Kind) -> dict[str, Kind]:
    update: dict[str, Kind] = {
        "id": text, "status": stages, "body": text, "incident_id": text, "created_at": moment, "updated_at": moment,
        "display_at": moment, "affected_components": maybe(each(AFFECTED)), "deliver_notifications": truth,
        "custom_tweet": maybe(text), "tweet_id": maybe(text),
    }  # fmt: skip
    return {
        "id": text, "name": text, "status": stages, "created_at": moment, "updated_at": moment,
        "monitoring_at": maybe(moment), "resolved_at": maybe(moment), "impact": impacts, "shortlink": text,
        "started_at": moment, "page_id": text, "incident_updates": each(update), "components": each(COMPONENT),
    }  # fmt: skip


INCIDENT = incident_table(STAGES, one_of("none", "minor", "major", "critical"))
MAINTENANCE = incident_table(STEPS, one_of("maintenance", "none", "minor", "major", "critical")) | {
    "scheduled_for": moment,
    "scheduled_until": moment,
}
STATUS: dict[str, Kind] = {
    "status": lambda value: fits(
        value, {"indicator": one_of("none", "minor", "major", "critical", "maintenance"), "description": text}
    )
}
COMPONENTS: dict[str, Kind] = {"components": each(COMPONENT)}
INCIDENTS: dict[str, Kind] = {"incidents": each(INCIDENT)}
MAINTENANCES: dict[str, Kind] = {"scheduled_maintenances": each(MAINTENANCE)}
DOCUMENTS = {
    "summary": STATUS | COMPONENTS | INCIDENTS | MAINTENANCES,
    "status": STATUS,
    "components": COMPONENTS,
    "incidents": INCIDENTS,
    "incidents/unresolved": INCIDENTS,
    "scheduled-maintenances": MAINTENANCES,
    "scheduled-maintenances/upcoming": MAINTENANCES,
    "scheduled-maintenances/active": MAINTENANCES,
}


@pytest.fixture
def eventful(app: Flask, clock: HeldClock) -> None:
    """A page on which every stage of an incident and of planned work is to be seen."""
    component = make_component("VPN", group_id=make_group("Network").id)
    make_component("Mail", description="Mail and calendar")
    for state in (IncidentState.IDENTIFIED, IncidentState.MONITORING, IncidentState.RESOLVED):
        incident = make_incident(component, title=f"To {state}", body="")
        clock.forward(minutes=5)
        post_update(incident, Draft(state, "", impacts={component.id: DEGRADED}), actor=None)
    others = [make_component() for _ in range(3)]
    make_maintenance(component, title="Done", starts_in=timedelta(minutes=1), hours=0.1)
    make_maintenance(others[0], title="Under way", starts_in=timedelta(minutes=1), hours=5)
    make_maintenance(others[1], title="To come; with, commas\\ and", starts_in=timedelta(days=3))
    cancel_maintenance(make_maintenance(others[2], title="Called off"), body="Not now.", actor=make_user())
    clock.forward(minutes=2)
    do_what_is_due()
    clock.forward(minutes=30)
    do_what_is_due()


@pytest.mark.usefixtures("eventful")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_field_is_there_and_of_its_kind(client: CheckingClient, name: str) -> None:
    response = client.get(f"/api/v2/{name}.json")
    document = json.loads(response.get_data())
    assert fits(document, PAGE | DOCUMENTS[name])
    assert set(document) == set(PAGE | DOCUMENTS[name]), "clients check for unknown keys"
    listed = [value for key, value in document.items() if key not in ("page", "status")]
    assert all(listed), "an empty list proves nothing"


@pytest.mark.usefixtures("eventful")
def test_calendar_program_reads_windows_with_their_moments(client: CheckingClient) -> None:
    calendar: Any = Calendar.from_ical(client.get("/status/de/maintenance.ics").get_data())
    events: dict[str, Any] = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    coming = events["To come; with, commas\\ and"]
    assert coming["DTEND"].dt - coming["DTSTART"].dt == timedelta(hours=1)
    assert coming["DTSTART"].dt > portal_clock.now() and coming["DTSTART"].dt.tzinfo is not None
    assert coming["DTSTAMP"].dt <= portal_clock.now() and str(coming["DESCRIPTION"])
    assert str(coming["URL"]).startswith("http://localhost/status/de/incident-")
    assert len({str(event["UID"]) for event in events.values()}) == len(events)
    assert {str(event["STATUS"]) for event in events.values()} <= {"CONFIRMED", "CANCELLED"}
    assert events["Called off"]["STATUS"] == "CANCELLED"
