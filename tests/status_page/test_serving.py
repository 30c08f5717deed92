"""Database gone, web server gone: the page is still read."""

import gzip
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from portal.cli import portico
from portal.core.db import db
from status_page.serve import StatusServer
from status_page.serving import Library, to_language
from status_page.snapshot import signing_key, write_when_stale
from tests.factories.status_page import make_component, make_incident


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


@pytest.fixture
def lonely_server(site_folder: Path, project_root: Path) -> Iterator[int]:
    """The small process, started with an environment that names no database at all."""
    make_incident(make_component("Mail"), title="Mail is away")
    db.session.commit()
    write_when_stale()
    port = free_port()
    command = [sys.executable, "-m", "status_page.serve", str(site_folder), str(port)]
    process = subprocess.Popen(command, cwd=project_root, env={"PATH": os.environ["PATH"]})
    for _ in range(100):
        try:
            get(port, "/status/en/")
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_page_json_and_feed_are_read_without_application_and_database(lonely_server: int) -> None:
    page = get(lonely_server, "/status/en/")
    assert page.status == 200 and b"Mail is down" in page.body  # type: ignore[attr-defined]
    assert get(lonely_server, "/api/v2/summary.json").getheader("Access-Control-Allow-Origin") == "*"
    assert b"<feed" in get(lonely_server, "/status/de/feed.atom").body  # type: ignore[attr-defined]
    etag = page.getheader("ETag") or ""
    assert get(lonely_server, "/status/en/", **{"If-None-Match": etag}).status == 304
    assert get(lonely_server, "/", **{"Accept-Language": "de"}).getheader("Location") == "/status/de/"
    assert get(lonely_server, "/status/../../secret").status == 404


def test_small_process_imports_nothing_of_the_application(project_root: Path) -> None:
    program = "import status_page.serve, sys; print([m for m in ('flask', 'sqlalchemy', 'portal') if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=project_root, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_pages_not_written_yet_are_a_sentence(tmp_path: Path, project_root: Path) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "status_page.serve", str(tmp_path), str(port)], cwd=project_root)
    try:
        for _ in range(100):
            try:
                answer = get(port, "/status/en/")
                break
            except OSError:
                time.sleep(0.05)
        assert answer.status == 503 and b"not written yet" in answer.body  # type: ignore[attr-defined]
    finally:
        process.kill()
        process.wait()


def test_busy_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        arguments = ["status-serve", "--port", str(busy.getsockname()[1]), "--folder", str(tmp_path)]
        result = CliRunner().invoke(portico, arguments)
    assert result.exit_code == 1 and "cannot be used" in result.output


@pytest.mark.parametrize(
    ("accepted", "cookies", "expected"),
    [
        ("", "", "en"),
        ("de-AT, en;q=0.5", "", "de"),
        ("fr, de;q=0.3, en;q=0.8", "", "en"),
        ("de", "a=b; portico_locale=en", "en"),
        ("garbage;q=x, de;q=nan", "", "de"),
    ],
)
def test_language_is_that_of_the_reader(accepted: str, cookies: str, expected: str) -> None:
    assert dict(to_language(accepted, cookies).headers)["Location"] == f"/status/{expected}/"


def test_changed_page_is_refused_with_a_sentence(lonely_server: int, site_folder: Path) -> None:
    page = site_folder / "current" / "de" / "history.html"
    page.write_text(page.read_text().replace("Mail", "Lies"))
    answer = get(lonely_server, "/status/de/history.html")
    assert answer.status == 503 and b"changed after the portal wrote it" in answer.body  # type: ignore[attr-defined]
    assert get(lonely_server, "/status/en/").status == 200
    assert get(lonely_server, "/status/en/no-such-page.html").status == 404


def test_changed_packed_page_is_replaced_by_the_plain_one(site_folder: Path) -> None:
    make_component("Mail")
    db.session.commit()
    write_when_stale()
    for packed in (site_folder / "current" / "en").glob("index.html.*"):
        packed.write_bytes(gzip.compress(b"All is lost"))
    answer = Library(site_folder).answer("GET", "/status/en/", "", {"accept-encoding": "gzip, br"})
    assert answer is not None and b"All systems work" in answer.body


def test_list_without_the_portals_signature_is_refused(site_folder: Path) -> None:
    make_component("Mail")
    db.session.commit()
    write_when_stale()
    key, before = signing_key(), (site_folder / "current").readlink()
    knows_the_one_before = Library(site_folder, key)
    assert knows_the_one_before.answer("GET", "/status/en/", "", {}) is not None
    forged = site_folder / "sets" / "forged"
    shutil.copytree(site_folder / before, forged)
    content = b"<h1>All is lost</h1>"
    (forged / "en" / "index.html").write_bytes(content)
    manifest = json.loads((forged / "manifest.json").read_bytes())
    manifest["files"]["en/index.html"]["sha256"] = hashlib.sha256(content).hexdigest()
    (forged / "manifest.json").write_text(json.dumps(manifest))
    (site_folder / "current").unlink()
    (site_folder / "current").symlink_to("sets/forged")
    answer = knows_the_one_before.answer("GET", "/status/en/", "", {})
    assert answer is not None and b"All is lost" not in answer.body
    server = StatusServer("127.0.0.1", 0, site_folder, key)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        refused = get(server.server_address[1], "/status/en/")
        assert refused.status == 503 and b"not shown" in refused.body  # type: ignore[attr-defined]
        # The worker sees it too, and writes the page again.
        assert write_when_stale()
        assert b"All systems work" in get(server.server_address[1], "/status/en/").body  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
