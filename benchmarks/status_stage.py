"""What the benchmark of the status page acts on: subscribers, a page with a long history, a mail server, a killed worker."""

import gzip
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.app import FEATURES, create_app
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.settings import Settings
from portal.directory.roles import apply_builtin_roles
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from status_page.enums import ComponentState, IncidentState
from status_page.fan_out import queue_open_broadcasts
from status_page.models import Component
from status_page.queries import list_components
from status_page.services.components import create_component, set_own_state
from status_page.services.incidents import open_incident
from status_page.services.updates import Draft, post_update
from status_page.snapshot import folder, read_manifest, write_when_stale
from tests.client import count_queries
from tests.factories.status_page import add_subscribers
from tests.processes import running, wait_until
from tests.smtp import catching_server


def prepare(settings: Settings, *, components: int, subscribers: int) -> Flask:
    """Make a database with components and confirmed subscribers."""
    migrate(make_engine(settings))
    app = create_app(settings)
    with app.app_context(), unit_of_work():
        apply_builtin_roles(FEATURES)
        for number in range(components):
            create_component(actor=None, name=f"Service {number}")
        if subscribers:
            add_subscribers(subscribers)
    return app


def open_outage(component: Component) -> float:
    """Open an incident and return how many seconds its author waits."""
    started = time.perf_counter()
    with unit_of_work():
        draft = Draft(IncidentState.INVESTIGATING, "We look.", impacts={component.id: ComponentState.MAJOR})
        open_incident("Service 0 is down", draft, actor=None)
    return time.perf_counter() - started


def tell_all(app: Flask) -> dict[str, Any]:
    """Queue an update for every subscriber, and write the pages of a small page."""
    with app.app_context():
        posting = open_outage(list_components()[0])
        started = time.perf_counter()
        queue_open_broadcasts()
        seconds = time.perf_counter() - started
        queued, different = db.session.execute(
            sa.select(sa.func.count(), sa.func.count(sa.distinct(OutboxMessage.recipient)))
        ).one()
        # The mail itself is another measurement.
        with unit_of_work():
            db.session.execute(sa.delete(OutboxMessage))
        started = time.perf_counter()
        write_when_stale()
        written = time.perf_counter() - started
        db.engine.dispose()
    return {
        "queued": queued,
        "different_recipients": different,
        "queue_seconds": round(seconds, 2),
        "posting_milliseconds": round(posting * 1000, 1),
        "write_pages_seconds": round(written, 2),
    }


def tell_once(app: Flask, environment: dict[str, str], place: Path, subscribers: int) -> dict[str, Any]:
    """Send an update by a real worker that is killed twice while the mail server holds a message unanswered."""
    with app.app_context(), _mail_server(place / "arrived") as (url, kill, arrived):
        open_outage(list_components()[0])
        environment = environment | {"PORTICO_SMTP_URL": url, "PORTICO_JOB_THREADS": "1"}
        started = time.perf_counter()
        for share in (subscribers // 4, subscribers // 2):
            with running("worker", environment=environment, log=place / "worker.log") as worker:
                kill[0].value, kill[1].value = worker.pid, share
                wait_until(lambda: worker.poll() is not None, seconds=600, what="the worker is killed")
        with running("worker", environment=environment, log=place / "worker.log"):
            wait_until(lambda: arrived.value >= subscribers and not _open(), seconds=1200, what="everybody is told")
        seconds = time.perf_counter() - started
        uncertain = _count(MessageState.UNCERTAIN)
        db.engine.dispose()
    times = Counter(Counter((place / "arrived").read_text().split()).values())
    return {
        "subscribers": subscribers,
        "told_once": times[1],
        "told_more_than_once": sum(count for often, count in times.items() if often > 1),
        "told_never": subscribers - sum(times.values()),
        "kills": 2,
        "uncertain": uncertain,
        "seconds": round(seconds, 1),
    }


def _open() -> int:
    time.sleep(0.5)
    return _count(MessageState.QUEUED, MessageState.SENDING, MessageState.HANDED_OVER)


def _count(*states: MessageState) -> int:
    db.session.rollback()
    query = sa.select(sa.func.count()).select_from(OutboxMessage).where(OutboxMessage.state.in_(states))
    return db.session.scalar(query) or 0


@contextmanager
def _mail_server(log: Path) -> Iterator[tuple[str, Any, Any]]:
    """Run a mail server in a process of its own that notes every recipient, and kills a process at a message."""
    context = multiprocessing.get_context("spawn")
    kill, arrived, address = (context.Value("i", 0), context.Value("i", 0)), context.Value("i", 0), context.Queue()
    process = context.Process(target=_serve, args=(str(log), kill, arrived, address), daemon=True)
    process.start()
    try:
        yield address.get(timeout=60), kill, arrived
    finally:
        process.terminate()


def _serve(log: str, kill: Any, arrived: Any, address: Any) -> None:
    with catching_server() as server, Path(log).open("w") as file:

        def note(recipient: str) -> None:
            server.messages.clear()
            file.write(f"{recipient}\n")
            file.flush()
            arrived.value += 1
            if arrived.value == kill[1].value:
                # The message is here and nothing is answered yet: the worst moment.
                os.kill(kill[0].value, signal.SIGKILL)

        server.on_data = note
        address.put(server.url)
        time.sleep(3600)


def long_history(settings: Settings, *, components: int, years: int) -> dict[str, Any]:
    """Write the pages of many components and years: from nothing, and after one change."""
    app = prepare(settings, components=components, subscribers=0)
    with app.app_context():
        rows, began = list_components(), clock.now() - timedelta(days=365 * years)
        for number in range(12 * years):
            at = began + timedelta(days=30 * number, hours=number % 20)
            with unit_of_work():
                impacts = {rows[number % len(rows)].id: ComponentState.PARTIAL}
                began_so = Draft(IncidentState.INVESTIGATING, "?", impacts=impacts, happened_at=at)
                incident = open_incident(f"Trouble {number}", began_so, actor=None)
                over = Draft(IncidentState.RESOLVED, "Over.", happened_at=at + timedelta(hours=2))
                post_update(incident, over, actor=None)
        started = time.perf_counter()
        write_when_stale()
        first = time.perf_counter() - started
        with unit_of_work():
            set_own_state(list_components()[1], ComponentState.DEGRADED, actor=None)
        started = time.perf_counter()
        with count_queries() as counted:
            write_when_stale()
        again = time.perf_counter() - started
        manifest, current = read_manifest(), folder() / "current"
        assert manifest is not None
        packed = sum((current / name).stat().st_size for name in ("en/index.html.gz", "status.css.gz", "status.js.gz"))
        summary = len(gzip.compress((current / "api/v2/summary.json").read_bytes()))
        db.engine.dispose()
    return {
        "components": components,
        "years": years,
        "incidents": 12 * years,
        "files": len(manifest["files"]),
        "page_packed_bytes": packed,
        "summary_packed_bytes": summary,
        "first_write_seconds": round(first, 2),
        "write_after_change_seconds": round(again, 2),
        "queries_after_change": len(counted),
    }
