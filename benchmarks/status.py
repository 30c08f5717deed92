"""How fast the status page is, how soon it is right, and whether everybody is told once: ``python -m benchmarks.status``.

Prints one JSON object: requests a second and latencies of page and summary.json from the portal's web server, also as
304, from the small process and through the shipped nginx configuration; how long 10,000 subscribers take to be queued
and whether each gets one message though the worker is killed; how long after a change the finished page says so; a
page with many components and years; and each aim with what was reached.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import wrk
from benchmarks.clients import measure
from benchmarks.stage import server
from benchmarks.status_stage import long_history, prepare, tell_all, tell_once
from portal.app import create_app
from portal.core.db import db, unit_of_work
from portal.core.settings import Settings, load_settings
from status_page.enums import ComponentState
from status_page.queries import list_components
from status_page.serve import StatusServer
from status_page.services.components import set_own_state
from tests.nginx import nginx_program, nginx_serving

PAGE, SUMMARY = "/status/en/", "/api/v2/summary.json"
GZIP = "Accept-Encoding: gzip"
SMALLEST = "/healthz"
_TURNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", type=int, default=12)
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--mails", type=int, default=10_000, help="how many of them are really sent their message")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--port", type=int, default=8371)
    parser.add_argument("--client", choices=["wrk", "python"], default="wrk" if wrk.is_installed() else "python")
    parser.add_argument("--long", default="500x10", help="components and years of the long page; empty leaves it out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        # Files of another user's process, as nginx is one, must be readable.
        folder.chmod(0o755)
        print(json.dumps(run(arguments, folder), indent=2))


def run(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    data, port = folder / "data", arguments.port
    settings = load_settings(data_dir=data, port=port, semantic_search=False)
    app = prepare(settings, components=arguments.components, subscribers=arguments.subscribers)
    result: dict[str, Any] = {"client": arguments.client, "clients": arguments.clients, "cores": os.cpu_count()}
    result["subscribers"] = tell_all(app)
    environment = os.environ | {
        "PORTICO_DATA_DIR": str(data),
        "PORTICO_PORT": str(port),
        "PORTICO_SEMANTIC_SEARCH": "false",
    }
    with server(port, environment, folder / "log"):
        result["web_server"] = _pages(port, arguments) | {
            "smallest answer of the application": _measure(port, SMALLEST, arguments)
        }
        result["snapshot_seconds_behind"] = _lag(settings, port)
    with _alone(data / "status", port + 1):
        result["status_serve"] = _pages(port + 1, arguments)
    if nginx_program():
        with nginx_serving(data, folder, port + 2):
            result["nginx"] = _pages(port + 2, arguments)
    if arguments.mails:
        result["mails"] = _mails(arguments, environment, folder)
    if arguments.long:
        components, years = map(int, arguments.long.split("x"))
        long_page = load_settings(data_dir=folder / "long", semantic_search=False)
        result["long_page"] = long_history(long_page, components=components, years=years)
    return result | {"aims": _aims(result)}


def _mails(arguments: argparse.Namespace, environment: dict[str, str], folder: Path) -> dict[str, Any]:
    data = folder / "mails"
    settings = load_settings(data_dir=data, semantic_search=False)
    app = prepare(settings, components=1, subscribers=arguments.mails)
    return tell_once(app, environment | {"PORTICO_DATA_DIR": str(data)}, folder, arguments.mails)


def _aims(result: dict[str, Any]) -> dict[str, Any]:
    """Return each figure that was asked for beside what was measured."""
    found: dict[str, Any] = {}
    for place, wanted in (("web_server", 2_000), ("nginx", 10_000)):
        for path in (PAGE, SUMMARY) if place in result else ():
            reached = result[place][path]["requests_per_second"]
            found[f"{place} {path} requests a second"] = {"aim": wanted, "reached": reached, "met": reached >= wanted}
    for path in (PAGE, SUMMARY):
        plain, known = result["web_server"][path], result["web_server"][f"{path} known"]
        found[f"web_server {path} p99 ms"] = {"aim": 20, "reached": plain["p99_ms"], "met": plain["p99_ms"] < 20}
        faster = known["times_as_fast"]
        found[f"web_server {path} 304s faster by"] = {"aim": 1, "reached": faster, "met": faster > 1}
    queued, behind = result["subscribers"]["queue_seconds"], result["snapshot_seconds_behind"]
    found["seconds to queue the subscribers"] = {"aim": 5, "reached": queued, "met": queued <= 5}
    found["seconds the page is behind"] = {"aim": 5, "reached": behind, "met": behind <= 5}
    if "mails" in result:
        once, asked = result["mails"]["told_once"], result["mails"]["subscribers"]
        found["told exactly once after two kills"] = {"aim": asked, "reached": once, "met": once == asked}
    if "long_page" in result:
        size = result["long_page"]["page_packed_bytes"]
        found["bytes of the long page"] = {"aim": 102_400, "reached": size, "met": size < 102_400}
    return found


def _pages(port: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure each answer five times in turn and return the middle one: what else runs here must not favour any.

    How much faster an unchanged one is, is compared within each turn.
    """
    asked: dict[str, tuple[str, tuple[str, ...]]] = {}
    for path in (PAGE, SUMMARY):
        known = f"If-None-Match: {_get(port, path).getheader('ETag')}"
        asked |= {path: (path, (GZIP,)), f"{path} known": (path, (GZIP, known))}
    rounds = [
        {name: _measure(port, path, arguments, *more) for name, (path, more) in asked.items()} for _ in range(_TURNS)
    ]
    found = {name: sorted((each[name] for each in rounds), key=_speed)[_TURNS // 2] for name in asked}
    for path in (PAGE, SUMMARY):
        times = sorted(_speed(each[f"{path} known"]) / _speed(each[path]) for each in rounds)
        found[f"{path} known"]["times_as_fast"] = round(times[_TURNS // 2], 2)
    return found


def _speed(measured: dict[str, Any]) -> float:
    return float(measured["requests_per_second"])


def _measure(port: int, path: str, arguments: argparse.Namespace, *headers: str) -> dict[str, object]:
    how: dict[str, Any] = {"clients": arguments.clients, "seconds": arguments.seconds, "headers": headers}
    if arguments.client == "wrk":
        return wrk.measure(port, path, **how)
    return measure(port, [path], **how).report()


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
