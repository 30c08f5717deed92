"""How fast the status page is, and how soon it is right: ``python -m benchmarks.status``.

Prints JSON: requests a second and latencies of page and summary.json from the portal's web server, as 304, from the
small process and through the shipped nginx configuration; how long 10,000 subscribers take to be queued; and how long
after a change the finished page says so.
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.clients import measure
from benchmarks.stage import server
from portal.app import FEATURES, create_app
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.outbox.models import OutboxMessage
from portal.core.settings import Settings, load_settings
from portal.directory.roles import apply_builtin_roles
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from status_page.enums import ComponentState, IncidentState, SubscriberChannel, SubscriberState
from status_page.fan_out import queue_open_broadcasts
from status_page.models import Component, Subscriber
from status_page.queries import list_components
from status_page.serve import StatusServer
from status_page.services.components import create_component, set_own_state
from status_page.services.incidents import open_incident
from status_page.services.updates import Draft
from status_page.snapshot import write_when_stale

PAGES = ("/status/en/", "/api/v2/summary.json")
GZIP = "Accept-Encoding: gzip"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--components", type=int, default=12)
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--port", type=int, default=8371)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        # Files of another user's process, as nginx is one, must be readable.
        folder.chmod(0o755)
        settings = load_settings(data_dir=folder / "data", port=arguments.port)
        migrate(make_engine(settings))
        result: dict[str, Any] = {"subscribers": _prepare(settings, arguments)}
        environment = os.environ | {"PORTICO_DATA_DIR": str(folder / "data"), "PORTICO_PORT": str(arguments.port)}
        with server(arguments.port, environment, folder / "log"):
            result["web_server"] = _pages(arguments.port, arguments)
            result["snapshot_seconds_behind"] = _lag(settings, arguments.port)
        with _alone(folder / "data" / "status", arguments.port + 1):
            result["status_serve"] = _pages(arguments.port + 1, arguments)
        if shutil.which("nginx"):
            with _nginx(folder, arguments.port + 2):
                result["nginx"] = _pages(arguments.port + 2, arguments)
    print(json.dumps(result, indent=2))


def _prepare(settings: Settings, arguments: argparse.Namespace) -> dict[str, Any]:
    with create_app(settings).app_context():
        with unit_of_work():
            apply_builtin_roles(FEATURES)
            components = [create_component(actor=None, name=f"Service {n}") for n in range(arguments.components)]
            now = clock.now()
            rows = [
                {
                    "channel": SubscriberChannel.EMAIL,
                    "address": f"reader{number}@portico.example",
                    "locale": "de" if number % 2 else "en",
                    "state": SubscriberState.ACTIVE,
                    "nonce": "n",
                    "whole_page": True,
                    "includes_new": False,
                    "created_at": now,
                    "asked_at": now,
                    "confirmed_at": now,
                    "disabled_reason": "",
                }
                for number in range(arguments.subscribers)
            ]
            if rows:
                db.session.execute(sa.insert(Subscriber), rows)
        posting = _open(components[0])
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


def _open(component: Component) -> float:
    """Open an incident and return how long its author waits."""
    started = time.perf_counter()
    with unit_of_work():
        draft = Draft(IncidentState.INVESTIGATING, "We look.", impacts={component.id: ComponentState.MAJOR})
        open_incident("Service 0 is down", draft, actor=None)
    return time.perf_counter() - started


def _pages(port: int, arguments: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in PAGES:
        common = {"clients": arguments.clients, "seconds": arguments.seconds}
        found[path] = measure(port, [path], headers=(GZIP,), **common).report()
        known = f"If-None-Match: {_get(port, path).getheader('ETag')}"
        found[f"{path} known"] = measure(port, [path], headers=(GZIP, known), **common).report()
    return found


def _lag(settings: Settings, port: int) -> float:
    """Change a state while the server runs; return how many seconds later the page says so, at worst of five."""
    worst = 0.0
    with create_app(settings).app_context():
        for turn in range(5):
            before = _get(port, "/api/v2/summary.json").getheader("ETag")
            with unit_of_work():
                state = ComponentState.PARTIAL if turn % 2 else ComponentState.DEGRADED
                set_own_state(list_components()[1], state, actor=None)
            started = time.perf_counter()
            while _get(port, "/api/v2/summary.json").getheader("ETag") == before:
                if time.perf_counter() - started > 90:
                    break
                time.sleep(0.02)
            worst = max(worst, time.perf_counter() - started)
        db.engine.dispose()
    return round(worst, 2)


def _get(port: int, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": f"localhost:{port}", "Accept-Encoding": "gzip"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@contextmanager
def _alone(folder: Path, port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", StatusServer.__module__, str(folder), str(port)])
    try:
        _wait_for(port)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def _nginx(folder: Path, port: int) -> Iterator[None]:
    """Run nginx with the shipped configuration; only folder, port and process files are replaced."""
    shipped = (Path(__file__).parent.parent / "deploy" / "nginx-status.conf").read_text()
    site = shipped.replace("/var/lib/portico", str(folder / "data")).replace("listen 80;", f"listen {port};")
    main_part = f"worker_processes 2;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\ndaemon off;\n"
    http_part = (
        f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\nkeepalive_requests 1000000;\n{site}\n}}\n"
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(main_part + http_part)
    process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(folder)])
    try:
        _wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            _get(port, "/status/en/")
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Nothing answers on port {port}.")


if __name__ == "__main__":
    main()
