"""JSON in the published shape, and feeds that a real reader understands."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from flask import Flask

from status_page.enums import ComponentState, IncidentState
from status_page.services.clockwork import do_what_is_due
from status_page.services.components import set_own_state
from status_page.services.updates import Draft, post_update
from status_page.snapshot import write_when_stale
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.status_page import (
    DEGRADED,
    MAJOR,
    PARTIAL,
    make_component,
    make_group,
    make_incident,
    make_maintenance,
)

# Fields and words as the Statuspage API documents them.
COMPONENT = {
    "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date",
    "group_id", "page_id", "group", "only_show_if_degraded",
}  # fmt: skip
INCIDENT = {
    "id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink",
    "started_at", "page_id", "incident_updates", "components", "reminder_intervals",
}  # fmt: skip
UPDATE = {
    "id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components",
    "deliver_notifications", "custom_tweet", "tweet_id",
}  # fmt: skip
STATES = {"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"}
INDICATORS = {"none", "minor", "major", "critical", "maintenance"}


def document(client: CheckingClient, name: str) -> dict[str, Any]:
    response = client.get(f"/api/v2/{name}.json")
    assert response.status_code == 200 and response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    found: dict[str, Any] = json.loads(response.get_data())
    assert set(found["page"]) >= {"id", "name", "url", "updated_at"}
    return found


@pytest.fixture
def busy(app: Flask, clock: HeldClock) -> None:
    group = make_group("Network")
    vpn = make_component("VPN", group_id=group.id)
    mail = make_component("Mail", description="Mail and calendar")
    told = make_incident(mail, title="Mail <b>is</b> away", body="A <script>alert(1)</script> & more")
    clock.forward(minutes=5)
    post_update(told, Draft(IncidentState.MONITORING, "Fixed", impacts={mail.id: DEGRADED}), actor=None)
    make_incident(vpn, title="Over", state=IncidentState.RESOLVED)
    make_maintenance(vpn, title="Now", starts_in=timedelta(minutes=1))
    make_maintenance(vpn, title="Later; with, commas", starts_in=timedelta(days=1))
    clock.forward(minutes=2)
    do_what_is_due()


@pytest.mark.usefixtures("busy")
def test_summary_has_the_published_fields_and_words(client: CheckingClient) -> None:
    found = document(client, "summary")
    assert set(found) == {"page", "components", "incidents", "scheduled_maintenances", "status"}
    assert found["status"]["indicator"] in INDICATORS and found["status"]["description"]
    for component in found["components"]:
        assert set(component) - {"components"} == COMPONENT and component["status"] in STATES
    group = next(item for item in found["components"] if item["group"])
    member = next(item for item in found["components"] if item["name"] == "VPN")
    assert group["components"] == [member["id"]] and member["group_id"] == group["id"]
    [incident] = found["incidents"]
    assert set(incident) == INCIDENT and incident["impact"] == "minor"
    assert [u["status"] for u in incident["incident_updates"]] == ["monitoring", "investigating"]
    assert all(set(update) == UPDATE for update in incident["incident_updates"])
    changed = incident["incident_updates"][0]["affected_components"][0]
    assert (changed["old_status"], changed["new_status"]) == ("major_outage", "degraded_performance")
    assert incident["monitoring_at"] and datetime.fromisoformat(incident["created_at"])
    assert [item["status"] for item in found["scheduled_maintenances"]] == ["in_progress", "scheduled"]
    assert all(item["scheduled_for"] < item["scheduled_until"] for item in found["scheduled_maintenances"])


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("name", "key", "titles"),
    [
        ("incidents", "incidents", ["Over", "Mail <b>is</b> away"]),
        ("incidents/unresolved", "incidents", ["Mail <b>is</b> away"]),
        ("scheduled-maintenances", "scheduled_maintenances", ["Later; with, commas", "Now"]),
        ("scheduled-maintenances/upcoming", "scheduled_maintenances", ["Later; with, commas"]),
        ("scheduled-maintenances/active", "scheduled_maintenances", ["Now"]),
    ],
)
def test_each_document_lists_what_its_name_says(client: CheckingClient, name: str, key: str, titles: list[str]) -> None:
    assert [item["name"] for item in document(client, name)[key]] == titles


@pytest.mark.parametrize(
    ("states", "indicator", "description"),
    [
        ((), "none", "All Systems Operational"),
        ((DEGRADED,), "minor", "Minor Service Outage"),
        ((PARTIAL,), "major", "Partial System Outage"),
        ((MAJOR,), "major", "Partial System Outage"),
        ((MAJOR, MAJOR, MAJOR), "critical", "Major System Outage"),
        ((ComponentState.UNDER_MAINTENANCE,), "maintenance", "Service Under Maintenance"),
    ],
)
def test_indicator_follows_the_components(
    app: Flask, client: CheckingClient, states: tuple[ComponentState, ...], indicator: str, description: str
) -> None:
    components = [make_component() for _ in range(4)]
    for component, state in zip(components, states, strict=False):
        set_own_state(component, state, actor=None)
    assert document(client, "status")["status"] == {"indicator": indicator, "description": description}
    assert len(document(client, "components")["components"]) == 4


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(("name", "version"), [("feed.atom", "atom10"), ("feed.rss", "rss20")])
def test_feed_is_read_by_a_feed_reader(client: CheckingClient, name: str, version: str) -> None:
    for locale in ("en", "de"):
        feed = feedparser.parse(client.get(f"/status/{locale}/{name}").get_data())
        assert (feed.bozo, feed.version, len(feed.entries)) == (False, version, 4)
        entry = next(item for item in feed.entries if "away" in item.title)
        content = entry.content[0].value if "content" in entry else entry.summary
        assert "Fixed" in content and "<script>" not in content
        assert entry.link.startswith(f"http://localhost/status/{locale}/incident-") and entry.id == entry.link
        assert entry.updated_parsed if version == "atom10" else entry.published_parsed


@pytest.mark.usefixtures("busy")
def test_json_feed_has_what_version_1_1_asks_for(client: CheckingClient) -> None:
    feed = json.loads(client.get("/status/en/feed.json").get_data())
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"]
    assert all({"id", "url", "content_html"} <= set(item) for item in feed["items"])


@pytest.mark.usefixtures("busy")
def test_calendar_has_a_window_for_each_stretch_of_work(client: CheckingClient) -> None:
    lines = client.get("/status/en/maintenance.ics").get_data(as_text=True).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert "SUMMARY:Later\\; with\\, commas" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    assert len({line for line in lines if line.startswith("UID:")}) == 2


def test_long_words_in_the_calendar_are_folded_between_characters(app: Flask, client: CheckingClient) -> None:
    make_maintenance(make_component(), title="Größe " * 30)
    text = client.get("/status/en/maintenance.ics").get_data(as_text=True)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert ("Größe " * 30).strip() in text.replace("\r\n ", "")


def test_badge_says_the_state_in_words(app: Flask, client: CheckingClient) -> None:
    make_incident(make_component("Mail & <more>"))
    text = client.get("/status/en/badge.svg").get_data(as_text=True)
    assert "Mail &amp; &lt;more&gt; is down" in text and text.startswith("<svg")


def test_banner_may_stand_in_other_sites(client: CheckingClient, site_folder: Path) -> None:
    make_component()
    write_when_stale()
    response = client.get("/status/en/banner.html")
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in response.headers
