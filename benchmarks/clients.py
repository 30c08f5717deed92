"""Keep-alive clients on raw sockets: as little work as possible, because they share the machine with the server."""

import asyncio
import re
import time
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Measured:
    """What came of the requests for one page."""

    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    def report(self) -> dict[str, object]:
        ordered = sorted(self.milliseconds) or [0.0]
        at = {share: ordered[min(int(len(ordered) * share / 100), len(ordered) - 1)] for share in (50, 95, 99)}
        return {
            "requests_per_second": round(len(self.milliseconds) / self.seconds, 1) if self.seconds else 0,
            "p50_ms": round(at[50], 2),
            "p95_ms": round(at[95], 2),
            "p99_ms": round(at[99], 2),
            "requests": len(self.milliseconds),
            "errors": self.errors,
            "statuses": self.statuses,
        }


def measure(
    port: int, paths: list[str], *, clients: int, seconds: float, cookie: str = "", headers: tuple[str, ...] = ()
) -> Measured:
    """Ask for the paths in turn from several connections at once, for so long; ``headers`` are whole lines."""
    return asyncio.run(_measure(port, [request(path, port, cookie, headers) for path in paths], clients, seconds))


async def _measure(port: int, requests: list[bytes], clients: int, seconds: float) -> Measured:
    measured = Measured()
    # A short run-up fills caches and opens connections; it is not counted.
    await asyncio.gather(*(_client(port, requests, time.perf_counter() + 1.0, Measured()) for _ in range(clients)))
    started = time.perf_counter()
    await asyncio.gather(*(_client(port, requests, started + seconds, measured, turn) for turn in range(clients)))
    measured.seconds = time.perf_counter() - started
    return measured


async def _client(port: int, requests: list[bytes], until: float, measured: Measured, turn: int = 0) -> None:
    connection = Connection(port)
    while time.perf_counter() < until:
        turn += 1
        if answer := await connection.timed(requests[turn % len(requests)], measured):
            measured.errors += answer.status >= 400
    connection.close()


@dataclass(frozen=True)
class Answer:
    """What came back for a request."""

    status: int
    head: bytes
    body: bytes


class Connection:
    """One kept connection to the server, opened when it is needed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return Answer(int(head[9:12]), head, await reader.readexactly(int(length[1]) if length else 0))

    async def timed(self, request: bytes, measured: Measured) -> Answer | None:
        """Ask, and put down how long it took; a broken connection is an error and is opened anew."""
        started = time.perf_counter()
        try:
            answer = await self.ask(request)
        except (OSError, asyncio.IncompleteReadError):
            measured.errors += 1
            self.close()
            return None
        measured.milliseconds.append((time.perf_counter() - started) * 1000)
        measured.statuses[answer.status] = measured.statuses.get(answer.status, 0) + 1
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


def request(path: str, port: int, cookie: str, headers: tuple[str, ...] = (), form: str | None = None) -> bytes:
    """Return the bytes of a request: GET, or POST when there is a form."""
    lines = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1"]
    lines += [f"Host: localhost:{port}", "Accept: text/html", "Accept-Language: en"]
    lines += [f"Cookie: {cookie}"] if cookie else []
    if form is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
    return "\r\n".join([*lines, *headers, "", form or ""]).encode()
