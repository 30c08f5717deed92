"""The web server's loop answers finished pages itself, and takes nothing that it does not wholly understand."""

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http import get_parser
from gunicorn.http.errors import NoMoreData
from hypothesis import given
from hypothesis import strategies as st

from portal.core.settings import load_settings
from portal.operations.prompt_worker import read_plain_request
from status_page.manifest import VERSION, digest, key_from, signature
from tests.processes import free_port, listens, portico_environment, run_portico, running, wait_until

PLAIN = b"GET /status/en/?x=1 HTTP/1.1\r\nHost: a\r\nAccept-Encoding:  gzip \r\nConnection: keep-alive\r\n\r\n"


def test_plain_request_is_read() -> None:
    found = read_plain_request(PLAIN)
    assert found is not None
    assert (found.method, found.path, found.query) == ("GET", "/status/en/", "x=1")
    assert found.headers == {"host": "a", "accept-encoding": "gzip", "connection": "keep-alive"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET /status/en/ HTTP/1.1\r\nHost: a\r\n",
        PLAIN + PLAIN,
        PLAIN + b"x",
        PLAIN.replace(b"GET", b"POST"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"Host: a\r\n", b""),
        PLAIN.replace(b"Host: a\r\n", b"Host: a\r\nHost: b\r\n"),
        PLAIN.replace(b"Host: a\r\n", b"Host: a\r\n folded\r\n"),
        PLAIN.replace(b"Host: a\r\n", b"Host : a\r\n"),
        PLAIN.replace(b"Host: a", b"Host: a\x00"),
        PLAIN.replace(b"Host: a", b"Host: a\nX: b"),
        PLAIN.replace(b"keep-alive", b"close"),
        PLAIN.replace(b"keep-alive", b"Upgrade"),
        PLAIN.replace(b"Connection: keep-alive", b"Content-Length: 0"),
        PLAIN.replace(b"Connection: keep-alive", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Connection: keep-alive", b"Expect: 100-continue"),
        PLAIN.replace(b"/status", b"/%73tatus"),
        PLAIN.replace(b"/status", b"http://a/status"),
    ],
)
def test_anything_else_is_left_to_gunicorn(data: bytes) -> None:
    assert read_plain_request(data) is None


_PIECES = st.sampled_from(
    [
        b"GET /status/en/ HTTP/1.1\r\n", b"HEAD /a HTTP/1.1\r\n", b"GET ", b"/b", b"?q=1", b" HTTP/1.1\r\n", b"Host: a\r\n",
        b"Content-Length: 3\r\n", b"content-length:0\r\n", b"Transfer-Encoding: chunked\r\n", b"X: y\r\n", b"X:\r\n",
        b"\r\n", b"\r", b"\n", b" ", b"\t", b":", b"abc", b"\x00", b"\xe4", b"\x0b", b"Connection: keep-alive\r\n",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=8).map(b"".join))
def test_what_is_taken_means_the_same_to_gunicorn_and_leaves_nothing_behind(middle: bytes) -> None:
    for data in (middle, b"GET /status/en/ HTTP/1.1\r\nHost: a\r\n" + middle + b"\r\n"):
        found = read_plain_request(data)
        if found is None:
            continue
        parser = get_parser(Config(), iter([data]), ("127.0.0.1", 1))
        request = next(parser)
        assert (request.method, request.path, request.query) == (found.method, found.path, found.query)
        assert {name.lower(): value for name, value in request.headers} == found.headers
        assert not request.should_close() and request.body.read() == b""
        with pytest.raises((StopIteration, NoMoreData)):
            next(parser)


def write_site(data_dir: Path, files: dict[str, bytes], name: str = "1") -> None:
    """Write a set of finished pages as the worker does."""
    folder, now = data_dir / "status", datetime.now(UTC).isoformat()
    target, listed = folder / "sets" / name, {}
    for path, content in files.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        packed = gzip.compress(content)
        (target / path).write_bytes(content)
        (target / f"{path}.gz").write_bytes(packed)
        listed[path] = {"sha256": digest(content), "packed": {"gzip": digest(packed)}, "changed_at": now}
    manifest = {"version": VERSION, "written_at": now, "files": listed}
    key = key_from(load_settings(data_dir=data_dir).secret_key.get_secret_value())
    (target / "manifest.json").write_text(json.dumps(manifest | {"signature": signature(manifest, key)}))
    (folder / f"{name}.draft").symlink_to(f"sets/{name}")
    (folder / f"{name}.draft").replace(folder / "current")


BIG = bytes(range(256)) * 32_768
SITE = {"en/index.html": b"<h1>All systems work</h1>", "en/banner.html": b"one", "big.svg": BIG}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def port(data_dir: Path) -> Iterator[int]:
    """A web server with a single thread, which a test may occupy."""
    folder, number = data_dir, free_port()
    environment = portico_environment(folder, port=number, web_workers=1, web_threads=1, log_format="text")
    assert run_portico("upgrade", "--quiet", environment=environment).returncode == 0
    write_site(folder, SITE)
    with running("serve", environment=environment, log=folder / "log"):
        wait_until(lambda: listens(number), what="the web server listens")
        yield number


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def test_finished_page_is_answered_while_every_thread_is_busy(port: int) -> None:
    with connect(port), connect(port) as half:
        # A request that never ends holds the only thread; a connection that says nothing must hold none.
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
        reader = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(3):
            reader.request("GET", "/status/en/", headers={"Accept-Encoding": "gzip"})
            answer = reader.getresponse()
            assert answer.status == 200 and answer.getheader("Date")
            assert gzip.decompress(answer.read()) == b"<h1>All systems work</h1>"
        reader.request("GET", "/status/en/", headers={"If-None-Match": answer.getheader("ETag") or ""})
        again = reader.getresponse()
        assert (again.status, again.read()) == (304, b"")
        reader.request("HEAD", "/status/en/")
        head = reader.getresponse()
        assert head.getheader("Content-Length") == "25" and head.read() == b""
        half.sendall(b"\r\n")
        assert half.recv(4096).startswith(b"HTTP/1.1 200")
        reader.request("GET", "/healthz")
        assert reader.getresponse().read() == b"ok\n"
        reader.close()


def test_new_set_of_pages_is_noticed_by_readers_who_ask_again_and_again(port: int, data_dir: Path) -> None:
    reader = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def banner() -> bytes:
        reader.request("GET", "/status/en/banner.html")
        return reader.getresponse().read()

    assert banner() == banner() == b"one"
    write_site(data_dir, SITE | {"en/banner.html": b"two"}, "2")
    wait_until(lambda: banner() == b"two", what="the new set is given out")
    reader.request("HEAD", "/status/en/banner.html")
    assert reader.getresponse().read() == b""
    reader.close()


def test_requests_sent_at_once_are_answered_in_their_order(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(
            PLAIN.replace(b"Accept-Encoding:  gzip \r\n", b"")
            + b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        text = _all_of(sock)
    assert text.count(b"HTTP/1.1 200") == 2
    assert text.index(b"All systems work") < text.index(b"ok\n")


def test_other_methods_reach_the_application(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/v2/incidents.json", body=b"{}", headers={"Content-Type": "application/json"})
    assert connection.getresponse().status in (401, 404, 405)
    connection.close()


def test_slow_reader_gets_the_whole_answer_and_keeps_the_connection(port: int) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(30)
        sock.connect(("127.0.0.1", port))
        sock.sendall(b"GET /status/big.svg HTTP/1.1\r\nHost: a\r\n\r\n")
        reader = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        reader.request("GET", "/status/en/")
        assert reader.getresponse().status == 200, "others are not held up"
        reader.close()
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert answer.read() == BIG
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert _all_of(sock).endswith(b"ok\n")


def _all_of(sock: socket.socket) -> bytes:
    found = b""
    while piece := sock.recv(65536):
        found += piece
    return found


def test_connections_are_shared_among_the_processes(tmp_path: Path) -> None:
    number = free_port()
    environment = portico_environment(tmp_path, port=number, web_workers=2, web_threads=2, log_format="text")
    assert run_portico("upgrade", "--quiet", environment=environment).returncode == 0
    with running("serve", environment=environment, log=tmp_path / "log") as server:
        wait_until(lambda: listens(number), what="the web server listens")
        with ExitStack() as early:
            # Whoever has loaded the application first takes all until the other has.
            wait_until(lambda: min(_open_and_count(server.pid, number, 1, early)) > 0, what="both take connections")
        with ExitStack() as opened:
            counts = _open_and_count(server.pid, number, 24, opened)
        # Which one takes a connection is up to the machine; that one takes nearly all is what must not be.
        assert min(counts) >= 8, counts


def _open_and_count(server: int, port: int, number: int, opened: ExitStack) -> list[int]:
    """Open connections at once, and return how many each process has; 0 while not all processes are there."""
    sockets = [opened.enter_context(connect(port)) for _ in range(number)]
    for sock in sockets:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    for sock in sockets:
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # State 01 is an established connection.
    ours = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"}
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    counts = [sum(str(link.readlink()) in ours for link in Path(f"/proc/{child}/fd").iterdir()) for child in children]
    return counts if len(counts) == 2 else [0]
