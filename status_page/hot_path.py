"""The finished pages before everything else: no session, no database, no route is asked."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from status_page.serving import API_PREFIX, PREFIX, Library

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_METHODS = ("GET", "HEAD", "OPTIONS")
_REASONS = {
    200: "200 OK",
    204: "204 No Content",
    302: "302 Found",
    304: "304 Not Modified",
    308: "308 Permanent Redirect",
}
_HEADERS = {
    "HTTP_ACCEPT_ENCODING": "accept-encoding",
    "HTTP_ACCEPT_LANGUAGE": "accept-language",
    "HTTP_COOKIE": "cookie",
    "HTTP_IF_NONE_MATCH": "if-none-match",
    "HTTP_IF_MODIFIED_SINCE": "if-modified-since",
}


class HotPath:
    """Answers what the finished pages hold, and leaves everything else to the application."""

    def __init__(self, application: "WSGIApplication", library: Library) -> None:
        self._application, self._library = application, library

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith((PREFIX, API_PREFIX)) and environ["REQUEST_METHOD"] in _METHODS:
            headers = {name: environ[key] for key, name in _HEADERS.items() if key in environ}
            answer = self._library.answer(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers)
            if answer is not None:
                start_response(_REASONS[answer.status], answer.headers)
                return [answer.body] if answer.body else []
        application: Callable[..., Iterable[bytes]] = self._application
        return application(environ, start_response)
