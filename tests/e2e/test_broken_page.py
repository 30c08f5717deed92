"""The public page while much is broken: looked at from the finished files alone, with nothing else of the portal."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from portal.core import clock
from portal.core.db import db
from status_page.enums import ComponentState, IncidentState
from status_page.queries import get_page
from status_page.serve import StatusServer
from status_page.services.dependencies import add_dependency
from status_page.services.updates import Draft, correct_update, post_update
from status_page.snapshot import write
from tests.e2e.conftest import VIEWPORTS
from tests.e2e.test_every_page import PICTURES
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident, make_maintenance


@pytest.fixture
def broken_page(site_folder: Path) -> Iterator[tuple[str, list[str]]]:
    """An outage with a dependency and a broken promise, a second trouble, and planned work; served from files."""
    mail, meetings, files = (make_component(name) for name in ("Mail and calendar", "Video meetings", "Team folders"))
    add_dependency(meetings, mail, actor=None)
    get_page().time_zone = "Europe/Berlin"
    now = clock.now()
    outage = make_incident(mail, title="Nobody gets mail", happened_at=now - timedelta(hours=2))
    update = post_update(outage, Draft(IncidentState.IDENTIFIED, "A full disk.\n\nUse the phone."), actor=None)
    correct_update(update, actor=make_user(), body="A full disk.", reason="The phone is not needed.")
    outage.next_update_at = now - timedelta(minutes=5)
    make_incident(files, title="Folders open slowly", impact=ComponentState.DEGRADED)
    make_maintenance(files)
    db.session.commit()
    write(None)
    server = StatusServer("127.0.0.1", 0, site_folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pages = ["index", f"incident-{outage.public_id}", f"component-{meetings.key}", "maintenance", "history", "banner"]
    yield f"http://127.0.0.1:{server.server_address[1]}/status", pages
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("viewport", "scheme", "locale"),
    [("wide", "light", "en"), ("wide", "dark", "de"), ("phone", "dark", "en"), ("phone", "light", "de")],
)
def test_everybody_can_read_what_is_broken(
    browser: Browser, broken_page: tuple[str, list[str]], viewport: str, scheme: str, locale: str
) -> None:
    address, pages = broken_page
    context = browser.new_context(viewport=VIEWPORTS[viewport], color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    PICTURES.mkdir(parents=True, exist_ok=True)
    problems = []
    for name in pages:
        page.goto(f"{address}/{locale}/{name}.html")
        page.screenshot(path=PICTURES / f"broken-{name.partition('-')[0]}-{viewport}-{scheme}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            problems.append(f"{name} scrolls sideways")
        found = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
        problems += [f"{name}: {one['id']} {[node['html'][:120] for node in one['nodes'][:2]]}" for one in found]
    page.goto(f"{address}/{locale}/index.html")
    words = {"en": "The next update was due at", "de": "Die nächste Meldung war für"}[locale]
    hero = page.locator(".hero").inner_text()
    context.close()
    assert problems == []
    assert words in hero and "Mail and calendar" in hero
