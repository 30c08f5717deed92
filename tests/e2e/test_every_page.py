"""Every place of every role: reached, readable by everyone (axe), and photographed for the eye."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.e2e.conftest import People, Portal

PLACES = {
    "": [
        "/",
        "/search?q=vpn",
        "/search?q=zzzzqqqq",
        "/articles",
        "/ask",
        "/sign-in",
        "/about",
        "/design",
        "/status/en/",
        "/status/de/history.html",
        "/status/en/maintenance.html",
        "/status/en/component-mail.html",
        "/status/subscribe",
        "/nowhere",
    ],
    "user.finance": ["/", "/tickets", "/ask", "/notifications", "/account", "/services"],
    "agent.servicedesk": ["/queue", "/tickets"],
    "owner.knowledge": [
        "/knowledge",
        "/drafts",
        "/articles/new",
        "/articles/1/edit",
        "/knowledge/sections",
        "/knowledge/sections/1",
        "/knowledge/rules",
        "/knowledge/service-changed",
        "/known-errors",
    ],
    "manager.incident": [
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
    "admin.portal": ["/admin", "/admin/people", "/admin/deliveries"],
    "auditor.internal": ["/audit"],
}
VIEWS = [("wide", "light"), ("phone", "dark")]


@pytest.mark.parametrize(("viewport", "scheme"), VIEWS, ids=["wide-light", "phone-dark"])
@pytest.mark.parametrize("username", PLACES, ids=lambda name: name or "visitor")
def test_places_are_accessible(browser: Browser, portal: Portal, username: str, viewport: str, scheme: str) -> None:
    people = People(browser, portal, javascript=True)
    options = {"viewport": viewport, "scheme": scheme}
    page = people.sign_in(username, **options) if username else people.visitor(**options)
    pictures = os.environ.get("PICTURES")
    problems = []
    for path in PLACES[username]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} scrolls sideways"
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:120] for node in violation["nodes"][:2]]
                problems.append(f"{path}: {violation['id']} {nodes}")
        if pictures:
            name = f"{username or 'visitor'}{path.split('?')[0].replace('/', '_')}-{viewport}-{scheme}.png"
            page.screenshot(path=Path(pictures) / name)
    people.close()
    assert problems == []
    assert people.failures == []
