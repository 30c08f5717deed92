"""The small process that gives out the finished pages when nothing else of the portal runs. Standard library only."""

import os
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from status_page.serving import PREFIX, Library

# Holds the key of the signed list in hexadecimal digits, when there is one.
KEY_VARIABLE = "STATUS_PAGE_KEY"
_NOTHING_YET = b"The status page was not written yet. Please try again in a minute.\n"
_CHANGED = (
    b"This page was changed after the portal wrote it, so it is not shown. "
    b"Whoever runs the portal finds out more with: portico status-verify\n"
)
_NOT_FOUND = b"There is nothing here. The status page is at /status/.\n"


class StatusServer(ThreadingHTTPServer):
    """Gives out a folder of finished pages; it never writes and never asks anybody else."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, folder: Path, key: bytes = b"") -> None:
        self.library = Library(folder, key)
        super().__init__((host, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of readers who went away in the middle."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "portico-status"
    sys_version = ""
    # Head and body leave together: sent apart, each answer would wait for the reader's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 30

    def do_GET(self) -> None:
        library = self.server.library  # type: ignore[attr-defined]
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = library.answer(self.command, PREFIX if path == "/" else path, query, headers)
        if answer is None:
            self._explain(library, path)
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("X-Snapshot-Age", str(round(library.age_seconds or 0)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_HEAD = do_OPTIONS = do_GET  # noqa: N815 (the names http.server asks for)

    def _explain(self, library: Library, path: str) -> None:
        if library.is_refused or library.holds(path):
            self._plain(503, _CHANGED)
        elif library.age_seconds is None:
            self._plain(503, _NOTHING_YET)
        else:
            self._plain(404, _NOT_FOUND)

    def _plain(self, status: int, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of the base class)
        """Stay silent: this process must live on a full disk too."""


def main() -> None:
    """Serve ``FOLDER PORT [HOST]``: all that a machine needs which holds nothing but the finished pages."""
    folder, port, *host = sys.argv[1:]
    key = bytes.fromhex(os.environ.get(KEY_VARIABLE, ""))
    with suppress(KeyboardInterrupt):
        StatusServer(host[0] if host else "127.0.0.1", int(port), Path(folder), key).serve_forever()


if __name__ == "__main__":
    main()
