"""The finished pages: whole, current, signed, and given out without the application."""

import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.core.db import db
from status_page.enums import IncidentState
from status_page.services.components import set_own_state
from status_page.services.updates import Draft, post_update
from status_page.serving import Library
from status_page.snapshot import find_forged, read_manifest, write_when_stale
from status_page.tasks import sweep
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock, hold_clock
from tests.factories.status_page import MAJOR, make_component, make_incident


def write() -> bool:
    db.session.commit()
    return write_when_stale()


def test_written_once_for_each_change(site_folder: Path) -> None:
    mail = make_component("Mail")
    assert write() and not write()
    set_own_state(mail, MAJOR, actor=None)
    assert write() and not write()
    assert "Mail is down" in (site_folder / "current/en/index.html").read_text()
    assert "Mail" in (site_folder / "current/api/v2/summary.json").read_text()


def test_every_language_document_and_feed_is_there_with_its_packed_twin(site_folder: Path) -> None:
    make_incident(make_component("Mail"))
    write()
    manifest = read_manifest()
    assert manifest is not None
    for name in ("en/index.html", "de/index.html", "de/feed.atom", "en/feed.rss", "en/maintenance.ics", "en/badge.svg"):
        assert name in manifest["files"]
    for name in manifest["files"]:
        assert (
            gzip.decompress((site_folder / f"current/{name}.gz").read_bytes())
            == (site_folder / "current" / name).read_bytes()
        )


def test_no_link_leads_outside_by_an_absolute_path(site_folder: Path) -> None:
    make_incident(make_component("Mail"))
    write()
    for page in (site_folder / "current").rglob("*.html"):
        assert 'href="/' not in page.read_text(), page


def test_unchanged_pages_are_linked_not_written(site_folder: Path) -> None:
    mail = make_component("Mail")
    old = make_incident(mail, state=IncidentState.RESOLVED)
    write()
    page = site_folder / f"current/en/incident-{old.public_id}.html"
    before = page.stat().st_ino
    set_own_state(mail, MAJOR, actor=None)
    write()
    assert page.stat().st_ino == before
    assert len(list((site_folder / "sets").iterdir())) <= 3


def test_manifest_is_signed_and_finds_what_was_changed(site_folder: Path) -> None:
    make_component("Mail")
    write()
    assert find_forged() == []
    page = (site_folder / "current/en/index.html").resolve()
    page.write_text(page.read_text().replace("All systems work", "All is lost"))
    assert find_forged() == ["en/index.html"]
    path = (site_folder / "current/manifest.json").resolve()
    path.write_text(path.read_text().replace('"revision": ', '"revision": 9'))
    assert find_forged() == ["manifest.json", "en/index.html"]


def test_sweep_heals_what_a_killed_worker_left_behind(site_folder: Path, clock: HeldClock) -> None:
    mail = make_component("Mail")
    write()
    set_own_state(mail, MAJOR, actor=None)
    db.session.commit()
    (site_folder / "sets" / "half-written").mkdir()
    sweep()
    assert "Mail is down" in (site_folder / "current/en/index.html").read_text()
    (site_folder / "current/manifest.json").resolve().write_text("{")
    sweep()
    assert read_manifest() is not None


def test_sweep_keeps_the_page_young(site_folder: Path, clock: HeldClock) -> None:
    make_component("Mail")
    write()
    clock.forward(minutes=4)
    sweep()
    manifest = read_manifest()
    assert manifest and manifest["written_at"] == (clock.now() - timedelta(minutes=4)).isoformat()
    clock.forward(minutes=2)
    sweep()
    manifest = read_manifest()
    assert manifest and manifest["written_at"] == clock.now().isoformat()


def test_hot_path_asks_neither_database_nor_session(client: CheckingClient, site_folder: Path) -> None:
    make_component("Mail")
    with hold_clock(datetime.now(UTC)):
        write()
    db.session.commit()
    with count_queries() as counted:
        for path in ("/status/en/", "/api/v2/summary.json", "/status/en/feed.atom", "/status/status.css"):
            response = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert response.status_code == 200 and response.headers["Content-Encoding"] == "gzip"
            assert "Set-Cookie" not in response.headers and "X-Request-Id" not in response.headers
            again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
            assert (again.status_code, again.get_data()) == (304, b"")
            assert again.headers["ETag"] == response.headers["ETag"] and "Cache-Control" in again.headers
            origins = [each.headers.get("Access-Control-Allow-Origin") for each in (response, again)]
            assert origins[0] == origins[1], "a browser asks for the permission again"
            since = client.get(path, headers={"If-Modified-Since": response.headers["Last-Modified"]})
            assert since.status_code == 304
    assert len(counted) == 0
    assert client.get("/api/v2/summary.json").headers["Access-Control-Allow-Origin"] == "*"
    assert client.head("/status/en/").get_data() == b""
    assert client.get("/status").headers["Location"].endswith("/status/en/")


def test_page_that_is_not_written_yet_comes_from_the_application(client: CheckingClient, site_folder: Path) -> None:
    make_component("Mail")
    write()
    incident = make_incident(make_component("New"))
    assert client.get(f"/status/en/incident-{incident.public_id}.html").status_code == 200


@pytest.mark.parametrize(
    "path", ["/status/../../secrets/secret_key", "/status/manifest.json", "/status/en/../../x", "/statusx"]
)
def test_only_listed_files_are_given_out(site_folder: Path, path: str) -> None:
    make_component("Mail")
    write()
    assert Library(site_folder).answer("GET", path, "", {}) is None


def test_old_page_says_how_old_it_is(site_folder: Path) -> None:
    make_component("Mail")
    with hold_clock(datetime.now(UTC) - timedelta(minutes=25)):
        db.session.commit()
        write_when_stale()
    library = Library(site_folder)
    for locale in ("en", "de"):
        answer = library.answer("GET", f"/status/{locale}/", "", {"accept-encoding": "gzip"})
        assert answer is not None and b"25 min" in gzip.decompress(answer.body)
    assert library.age_seconds is not None and library.age_seconds > 24 * 60
    answer = library.answer("GET", "/api/v2/status.json", "", {})
    assert answer is not None and json.loads(answer.body)["status"]["indicator"] == "none"


def test_half_written_manifest_leaves_the_set_before_in_use(site_folder: Path) -> None:
    make_component("Mail")
    write()
    library = Library(site_folder)
    assert library.answer("GET", "/status/en/", "", {}) is not None
    (site_folder / "sets" / "broken").mkdir()
    (site_folder / "current").unlink()
    (site_folder / "current").symlink_to("sets/broken")
    assert library.answer("GET", "/status/en/", "", {}) is not None


def test_copy_of_the_data_folder_that_followed_links_is_gone_on_with(site_folder: Path) -> None:
    mail = make_component("Mail")
    write()
    copy, current = site_folder / "copy", site_folder / "current"
    shutil.copytree(current, copy)
    current.unlink()
    copy.rename(current)
    set_own_state(mail, MAJOR, actor=None)
    assert write() and current.is_symlink()
    assert "Mail is down" in (current / "en/index.html").read_text()


def test_ten_years_of_history_cost_little_at_the_next_change(site_folder: Path, clock: HeldClock) -> None:
    mail = make_component("Mail")
    for month in range(120):
        began = clock.now() - timedelta(days=30 * month, hours=3)
        incident = make_incident(mail, happened_at=began)
        post_update(incident, Draft(IncidentState.RESOLVED, "Over", happened_at=began + timedelta(hours=1)), actor=None)
    write()
    set_own_state(mail, MAJOR, actor=None)
    db.session.commit()
    with count_queries() as counted:
        assert write_when_stale()
    assert len(counted) < 60, "the work must not grow with the history"
    manifest = read_manifest()
    assert manifest and len([name for name in manifest["files"] if name.startswith("en/history-")]) >= 115
