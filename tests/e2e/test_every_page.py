"""Every place of every role: reached, readable by everyone (axe), and photographed for the eye."""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import People, Portal

PLACES = {
    "": [
        "/",
        "/search?q=vpn",
        "/search?q=zzzzqqqq",
        "/search?q=pasword+reset",
        "/articles",
        "/ask",
        "/sign-in",
        "/about",
        "/status/en/",
        "/status/de/history.html",
        "/status/en/maintenance.html",
        "/status/en/component-mail.html",
        "/status/subscribe",
        "/nowhere",
    ],
    "user.finance": ["/", "/tickets", "/ask", "/notifications", "/account", "/services"],
    "agent.servicedesk": ["/queue", "/tickets", "/tickets/1012", "/tickets/1012/articles"],
    "owner.knowledge": [
        "/knowledge",
        "/knowledge/results?list=unknown",
        "/articles/1/usage",
        "/drafts",
        "/articles/new",
        "/articles/1/edit",
        "/knowledge/sections",
        "/knowledge/sections/1",
        "/knowledge/rules",
        "/knowledge/service-changed",
        "/knowledge/search",
        "/knowledge/search/synonyms/new",
        "/knowledge/search/promoted/new",
        "/knowledge/health",
        "/knowledge/import",
        "/knowledge/export",
        "/knowledge/duplicates",
        "/articles/1/work",
        "/reviews",
        "/known-errors",
        "/known-errors?state=resolved",
    ],
    "manager.incident": [
        "/articles/1/emergency",
        "/status/internal",
        "/status/manage",
        "/status/manage/incidents/new",
        "/status/manage/incidents/1",
        "/status/manage/incidents/1/change",
        "/status/manage/incidents/1/messages/new",
        "/status/manage/maintenance/new",
        "/status/manage/components",
        "/status/manage/subscribers",
    ],
    "admin.portal": ["/admin", "/admin/people", "/admin/deliveries", "/admin/jobs"],
    "auditor.internal": ["/audit"],
}
VIEWS = [("wide", "light"), ("phone", "dark")]


# Where the pictures of a run stay, for a person to look at.
PICTURES = Path(os.environ.get("PICTURES", Path(__file__).parents[2] / "build" / "pictures"))


def problems_of(page: Page, path: str) -> list[str]:
    """Open a page, keep its picture, and return what keeps people from using it."""
    page.goto(path)
    found = []
    if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
        found.append(f"{path} scrolls sideways")
    serious = [one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")]
    return found + [f"{path}: {one['id']} {[node['html'][:120] for node in one['nodes'][:2]]}" for one in serious]


def photograph(page: Page, *names: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", "-".join(names))
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("viewport", "scheme"), VIEWS, ids=["wide-light", "phone-dark"])
@pytest.mark.parametrize("username", PLACES, ids=lambda name: name or "visitor")
def test_places_are_accessible(browser: Browser, portal: Portal, username: str, viewport: str, scheme: str) -> None:
    people = People(browser, portal, javascript=True)
    options = {"viewport": viewport, "scheme": scheme}
    page = people.sign_in(username, **options) if username else people.visitor(**options)
    problems = []
    for path in PLACES[username]:
        problems += problems_of(page, path)
        photograph(page, (username or "visitor") + path.split("?")[0], viewport, scheme)
    people.close()
    assert problems == []
    assert people.failures == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", ["wide", "phone"])
def test_the_design_system_is_photographed(browser: Browser, portal: Portal, viewport: str, scheme: str) -> None:
    """Every component in every state, as it really is: the living page."""
    people = People(browser, portal, javascript=True)
    page = people.visitor(viewport=viewport, scheme=scheme)
    problems = problems_of(page, "/design")
    photograph(page, "design", viewport, scheme)
    # The picture is of the scheme it says: the page is light in one and dark in the other.
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3
    assert (lightness > 128) == (scheme == "light"), colour
    # Nothing on it is without size, and each part of the list of contents is there.
    parts = page.locator("main a[href^='#']").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(parts) > 5
    for part in parts:
        assert page.locator(part).bounding_box(), f"{part} is not on the page"
    people.close()
    assert problems == []
    assert people.failures == []
