"""Gunicorn's worker with threads, which answers finished pages at once, in the loop that waits for requests.

Two reasons. Readers come to the status page when the rest is slow or stuck: then every thread waits for a database
that does not answer, and the page must not wait with them. And the way through the parser, a thread and back costs
several times what the answer itself does.

The loop looks at what a connection has sent without taking it (MSG_PEEK). Only a whole, plain GET or HEAD in the
strictest reading of HTTP/1.1 is answered here; anything else is left on the connection as it came, for gunicorn to
read. See docs/adr/0006-answers-in-the-loop.md.

The web processes also share new connections evenly. Connections stay open, and the process that happens to be awake
takes all that come at once: then one works for everybody while the others sleep.
"""

import errno
import gc
import mmap
import re
import selectors
import socket
import sys
import time
from concurrent.futures import Future
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gunicorn.workers.gthread import TConn, ThreadWorker

if TYPE_CHECKING:
    from portal.core.web.finished_pages import FinishedAnswer, FinishedPages

# A longer head is not plain.
_MOST_BYTES = 4096
_SECONDS_TO_TAKE_AN_ANSWER = 30
# Many readers send the same bytes: for so long they get the same answer without being read anew.
_SECONDS_REMEMBERED = 0.1
_MOST_REMEMBERED = 256
# A thread that computes gives way to the loop after so long; Python's own 5 ms, a few times for each answer, are felt.
_SECONDS_OF_A_TURN = 0.001
# How long and how often a process with more connections than another leaves a new one to the others.
_SECONDS_TO_LET_OTHERS_GO_FIRST = 0.001
_MOST_LEFT_TO_OTHERS = 10
# The connections of each web process, in memory that all share: it is made in their parent, before they are forked.
_PROCESSES = 256
_NOBODY = -1
_connections = memoryview(mmap.mmap(-1, 4 * _PROCESSES)).cast("i")
for _place in range(_PROCESSES):
    _connections[_place] = _NOBODY
_PLAIN_REQUEST = re.compile(
    rb"(GET|HEAD) (/[A-Za-z0-9._/-]*)(?:\?([A-Za-z0-9._=&-]*))? HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)+)\r\n"
)
# These say that a body follows, or that the connection becomes something else.
_NOT_PLAIN = {"content-length", "transfer-encoding", "expect", "upgrade", "trailer", "te"}


class PlainRequest(NamedTuple):
    """A request without a body, on a connection that stays open."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


def read_plain_request(data: bytes) -> PlainRequest | None:
    """Return the request when the bytes are exactly one plain request, else None. Header names get lower case."""
    found = _PLAIN_REQUEST.fullmatch(data)
    if found is None:
        return None
    method, path, query, lines = found.groups(b"")
    headers: dict[str, str] = {}
    for line in lines.decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name = name.lower()
        if name in headers or name in _NOT_PLAIN:
            return None
        headers[name] = value.strip(" \t")
    if "host" not in headers or headers.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return PlainRequest(method.decode(), path.decode(), query.decode(), headers)


class PromptWorker(ThreadWorker):
    """Threads for the application, and the loop itself for what lies finished."""

    _pages: "FinishedPages"
    _remembered: dict[bytes, tuple[str, "FinishedAnswer"]]
    _remembered_since = 0.0
    _second = 0
    _date = b""
    _accepting = False
    _count_of_connections = 0
    _left_to_others = 0

    @property
    def nr_conns(self) -> int:
        """How many connections are open, as gunicorn counts them; the other processes see it."""
        return self._count_of_connections

    @nr_conns.setter
    def nr_conns(self, count: int) -> None:
        self._count_of_connections = count
        self._show_count()

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        self._show_count()

    def _show_count(self) -> None:
        _connections[self.age % _PROCESSES] = self._count_of_connections if self._accepting else _NOBODY

    def _another_has_fewer(self) -> bool:
        return any(_NOBODY < count < self._count_of_connections for count in _connections)

    def load_wsgi(self) -> None:
        super().load_wsgi()
        # Only the web processes know the application; their parent, which imports this module, stays small.
        from portal.core.health.metrics import count_request
        from portal.core.web.finished_pages import ENDPOINT, finished_pages

        self._pages, self._remembered, self._is_tls = finished_pages(self.wsgi), {}, self.cfg.is_ssl
        self._count = partial(count_request, ENDPOINT)
        sys.setswitchinterval(_SECONDS_OF_A_TURN)
        # What lives as long as the process need not be searched for garbage, which holds up everything.
        gc.collect()
        gc.freeze()

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, and wait for its first request in the loop, where waiting holds up nobody."""
        if self._another_has_fewer() and self._left_to_others < _MOST_LEFT_TO_OTHERS:
            # The connection goes on waiting, and the loop comes back to it after what else there is to do.
            self._left_to_others += 1
            time.sleep(_SECONDS_TO_LET_OTHERS_GO_FIRST)
            return
        self._left_to_others = 0
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(client, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        rest = self._answer(client)
        if rest is None:
            super().on_pending_socket_readable(conn, client)
            return
        self.pending_conns.remove(conn)
        self.poller.modify(client, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))
        self._keep(conn, rest)

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        rest = self._answer(client)
        if rest is None:
            super().on_client_socket_readable(conn, client)
            return
        self.keepalived_conns.remove(conn)
        self._keep(conn, rest)

    def _answer(self, client: socket.socket) -> bytes | None:
        """Answer a plain request for a finished page; return what could not be sent yet, None when it is none."""
        if not self.alive or self._is_tls or len(self.keepalived_conns) >= self.max_keepalived:
            return None
        started = time.perf_counter()
        try:
            data = client.recv(_MOST_BYTES, socket.MSG_PEEK)
            found = self._find(data)
            if found is None:
                return None
            client.recv(len(data))
        except OSError:
            # Gunicorn meets the same on its way and knows what to do.
            return None
        method, answer = found
        whole = b"%bDate: %b\r\n\r\n%b" % (answer.head, self._now(), answer.body)
        try:
            sent = client.send(whole)
        except OSError:
            sent = 0
        self._count(method, answer.status, time.perf_counter() - started)
        return whole[sent:]

    def _find(self, data: bytes) -> "tuple[str, FinishedAnswer] | None":
        """Return the method and the answer of a plain request for a finished page, None when it is none."""
        now = time.monotonic()
        if now - self._remembered_since > _SECONDS_REMEMBERED:
            self._remembered.clear()
            self._remembered_since = now
        found = self._remembered.get(data)
        if found is not None:
            return found
        request = read_plain_request(data)
        if request is None or not request.path.startswith(self._pages.prefixes):
            return None
        answer = self._pages.answer(*request)
        if answer is None:
            return None
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[data] = request.method, answer
        return request.method, answer

    def _keep(self, conn: Any, rest: bytes) -> None:
        """Keep the connection for its next request; a reader too slow for the whole answer gets a thread."""
        if rest:
            self.poller.unregister(conn.sock)
            sending = self.tpool.submit(_send_rest, conn, rest)
            sending.add_done_callback(partial(self._defer_finish, conn))
            return
        conn.set_timeout()
        self.keepalived_conns.append(conn)

    def _defer_finish(self, conn: Any, sending: "Future[bool]") -> None:
        self.method_queue.defer(self.finish_request, conn, sending)

    def _now(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second, self._date = second, formatdate(second, usegmt=True).encode()
        return self._date


def forget_connections(_arbiter: Any, worker: PromptWorker) -> None:
    """Gunicorn's hook in the parent for a process that has ended, however it did."""
    _connections[worker.age % _PROCESSES] = _NOBODY


def _send_rest(conn: Any, rest: bytes) -> bool:
    """Send the end of an answer from a thread; returns whether the connection stays."""
    conn.init()
    conn.sock.settimeout(_SECONDS_TO_TAKE_AN_ANSWER)
    try:
        conn.sock.sendall(rest)
    except OSError:
        return False
    conn.sock.settimeout(None)
    return True
