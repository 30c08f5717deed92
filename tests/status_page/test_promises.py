"""What readers were promised, and in whose time: shown when it was kept and when it was not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from portal.core.db import db, unit_of_work
from status_page.board import build_board
from status_page.enums import IncidentState
from status_page.permissions import PUBLIC
from status_page.queries import get_page
from status_page.services.clockwork import do_what_is_due
from status_page.services.updates import Draft, post_update
from status_page.site.tree import find_item
from status_page.site.words import Moments
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident


def read(name: str) -> str:
    item = find_item(build_board(PUBLIC), name)
    assert item is not None
    return " ".join(item.render().decode().replace("\N{NO-BREAK SPACE}", " ").split())


def test_promise_that_was_not_kept_stays_visible_until_the_next_update(app: Flask, clock: HeldClock) -> None:
    clock.moment = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    incident = make_incident(make_component("Mail"))
    incident.next_update_at = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    get_page().time_zone = "Europe/Berlin"
    db.session.commit()
    story = f"en/incident-{incident.public_id}.html"
    assert "Next update by <time" in read("en/index.html") and "next update by <time" in read(story)
    clock.forward(minutes=31)
    before = get_page().revision
    with unit_of_work():
        do_what_is_due()
    db.session.expire_all()
    assert get_page().revision > before, "the finished pages are written again"
    for name, words in (("en/index.html", "The next update was due at <time"), (story, "next update was due at <time")):
        assert words in read(name) and "10:30 CET</time>" in read(name)
        assert "update by" not in read(name)
    assert "Die nächste Meldung war" in read("de/index.html")
    with unit_of_work():
        post_update(incident, Draft(IncidentState.IDENTIFIED, "A cable."), actor=None)
    assert "was due" not in read("en/index.html") + read(story)


def test_rules_say_in_whose_time_the_page_speaks(client: CheckingClient) -> None:
    client.sign_in(make_user("administrator"))
    path = "/status/manage/rules"
    assert "That of the portal (UTC)" in client.get(path).get_data(as_text=True)
    rules = {
        "second_check": "never", "cadence_minutes": "60", "long_running_hours": "24", "announce_minutes": "60",
        "weight_degraded": "0", "weight_partial": "30", "weight_major": "100",
    }  # fmt: skip
    assert client.post(path, data=rules | {"time_zone": "Nowhere/Land"}).status_code == 422
    assert client.post(path, data=rules | {"time_zone": "America/New_York"}).status_code == 303
    db.session.expire_all()
    assert get_page().time_zone == "America/New_York"
    assert "America/New_York" in read("en/index.html")


def test_visitors_find_the_status_in_the_navigation(client: CheckingClient) -> None:
    link = '<li><a href="{}">Status</a></li>'
    assert link.format("/status/") in client.get("/").get_data(as_text=True)
    client.sign_in(make_user())
    assert link.format("/status/internal") in client.get("/").get_data(as_text=True)


def test_window_says_its_zone_once_and_both_when_the_clock_changes_in_it() -> None:
    start = datetime(2026, 10, 24, 20, tzinfo=UTC)
    when = Moments("en", ZoneInfo("Europe/Berlin"), start)
    plain = [
        when.span(start, start + timedelta(hours=hours)).striptags().replace("\N{NO-BREAK SPACE}", " ")
        for hours in (1, 6)
    ]
    assert plain == ["24 Oct 2026, 22:00 – 23:00 CEST", "24 Oct 2026, 22:00 CEST – 25 Oct 2026, 03:00 CET"]
