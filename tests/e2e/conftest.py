"""One running portal with the demo organisation, and a browser with and without JavaScript."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.processes import free_port, portico_environment, run_portico, running, wait_until

START_SECONDS = 120
PASSWORD = "portico-demo"
VIEWPORTS = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser tests in one process: they share one running portal."""
    for item in items:
        if "tests/e2e" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@dataclass(frozen=True)
class Portal:
    """A running portal."""

    url: str
    data_dir: Path
    environment: dict[str, str]

    def is_ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_portico(*arguments, environment=self.environment)

    def errors(self) -> str:
        """Return what the server said of its errors, for the report of a test that met one."""
        log = (self.data_dir / "server.log").read_text()
        return log[max(log.find("Traceback"), 0) :][-6000:]

    def mails(self) -> list[str]:
        """Return the messages sent so far, as the built-in mail folder keeps them."""
        return [path.read_text() for path in sorted((self.data_dir / "mail").glob("*.eml"))]


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    data_dir = tmp_path_factory.mktemp("portal")
    port = free_port()
    environment = portico_environment(data_dir, port=port, log_format="text")
    portal = Portal(f"http://127.0.0.1:{port}", data_dir, environment)
    log = data_dir / "server.log"
    with running("run", "--demo", environment=environment, log=log) as process:
        try:
            wait_until(lambda: portal.is_ready() or process.poll() is not None, seconds=START_SECONDS, what="ready")
        finally:
            if not portal.is_ready():
                pytest.fail(f"The portal did not start:\n{log.read_text()}")
        yield portal


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


class People:
    """Opens browsers for several people at once, each with a session of their own."""

    def __init__(self, browser: Browser, portal: Portal, *, javascript: bool) -> None:
        self.browser, self.portal, self.javascript = browser, portal, javascript
        self.contexts: list[BrowserContext] = []
        self.failures: list[str] = []

    def visitor(self, *, viewport: str = "wide", scheme: str = "light", locale: str = "en-GB") -> Page:
        context = self.browser.new_context(
            base_url=self.portal.url,
            java_script_enabled=self.javascript,
            viewport=VIEWPORTS[viewport],  # type: ignore[arg-type]
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=locale,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.failures.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._note(page, message.type, message.text))
        return page

    def sign_in(self, username: str, **options: str) -> Page:
        page = self.visitor(**options)
        page.goto("/sign-in")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    def _note(self, page: Page, kind: str, text: str) -> None:
        # A refused inline script or style shows here; so does any script error.
        if kind == "error" and "status of 4" not in text:
            self.failures.append(f"{page.url}: {text}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture(params=[True, False], ids=["script", "noscript"])
def people(request: pytest.FixtureRequest, browser: Browser, portal: Portal) -> Iterator[People]:
    people = People(browser, portal, javascript=request.param)
    yield people
    people.close()
    assert people.failures == [], portal.errors()
