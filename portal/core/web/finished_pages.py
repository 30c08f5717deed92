"""Pages that lie finished in files: answered before the application, a session or the database is asked.

A feature offers them once. The web server's own loop asks for them first (``portal.operations.prompt_worker``); what
it does not understand at a glance, and every other server, comes by the WSGI way below. Requests are counted as all
others are and not logged one by one: machines ask for these pages all the time.
"""

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask

from portal.core.health.metrics import count_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

ENDPOINT = "finished_page"
_EXTENSION = "portico_finished_pages"
_METHODS = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    "HTTP_ACCEPT_ENCODING": "accept-encoding",
    "HTTP_ACCEPT_LANGUAGE": "accept-language",
    "HTTP_COOKIE": "cookie",
    "HTTP_IF_NONE_MATCH": "if-none-match",
    "HTTP_IF_MODIFIED_SINCE": "if-modified-since",
}


class FinishedAnswer(Protocol):
    """What goes back to a reader."""

    @property
    def status(self) -> int: ...
    @property
    def status_line(self) -> str: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def head(self) -> bytes:
        """Status line and headers as HTTP/1.1 writes them, without the date and the empty line at the end."""


class FinishedPages(Protocol):
    """Knows the pages; must be quick, and must wait for nothing but the disk."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """How every path begins that these pages may answer."""

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> FinishedAnswer | None:
        """Return the answer, or None to leave it to the application; names of headers are in lower case."""


def offer_finished_pages(app: Flask, pages: FinishedPages) -> None:
    """Put the pages in front of the application."""
    app.extensions[_EXTENSION] = pages
    app.wsgi_app = _InFront(app.wsgi_app, pages)  # type: ignore[method-assign]


def finished_pages(app: Flask) -> FinishedPages:
    pages: FinishedPages = app.extensions[_EXTENSION]
    return pages


class _InFront:
    def __init__(self, application: "WSGIApplication", pages: FinishedPages) -> None:
        self._application, self._pages = application, pages

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        started = perf_counter()
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if path.startswith(self._pages.prefixes) and method in _METHODS:
            headers = {name: environ[key] for key, name in _HEADERS.items() if key in environ}
            answer = self._pages.answer(method, path, environ.get("QUERY_STRING", ""), headers)
            if answer is not None:
                start_response(answer.status_line, list(answer.headers))
                count_request(ENDPOINT, method, answer.status, perf_counter() - started)
                return [answer.body] if answer.body else []
        return self._application(environ, start_response)
