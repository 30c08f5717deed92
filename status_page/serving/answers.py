"""What goes back to a reader: headers, encodings, what is known already, languages. Standard library only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus

PREFIX = "/status"
API_PREFIX = "/api/v2/"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
}
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
_EMBEDDED = ("banner.html", "badge.svg")
_KEEP_SHORTLY = "public, max-age=5, stale-if-error=86400"
_KEEP_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Answer:
    """What goes back to a reader."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    @cached_property
    def status_line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @cached_property
    def head(self) -> bytes:
        """Status line and headers as HTTP/1.1 writes them, without the date and the empty line at the end."""
        lines = [f"HTTP/1.1 {self.status_line}", *(f"{name}: {value}" for name, value in self.headers)]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


@dataclass(frozen=True)
class File:
    plain: bytes
    packed: dict[str, bytes]
    etag: str
    modified: datetime
    headers: tuple[tuple[str, str], ...]
    # Answers are made at their first use: by status, encoding, whether it may be kept for ever, whether it is a HEAD.
    answers: dict[tuple[int, str, bool, bool], Answer] = field(default_factory=dict)

    def answer(self, status: int, encoding: str = "", *, lasting: bool = False, head_only: bool = False) -> Answer:
        key = (status, encoding, lasting, head_only)
        if key not in self.answers:
            self.answers[key] = self._make(*key)
        return self.answers[key]

    def _make(self, status: int, encoding: str, lasting: bool, head_only: bool) -> Answer:
        headers = [
            ("ETag", self.etag),
            ("Cache-Control", _KEEP_FOR_EVER if lasting else _KEEP_SHORTLY),
            ("Vary", "Accept-Encoding"),
        ]
        if status == 304:
            # RFC 9110 (15.4.5): what describes the content goes without saying; whoever has it has that too.
            return Answer(304, headers + [header for header in cross_origin() if header in self.headers])
        headers += [("Last-Modified", format_datetime(self.modified, usegmt=True)), *self.headers]
        body = self.packed.get(encoding, self.plain)
        headers += [("Content-Encoding", encoding)] if encoding else []
        headers.append(("Content-Length", str(len(body))))
        return Answer(status, headers, b"" if head_only else body)


def name_of(path: str) -> str | None:
    """Return the file a path means, or None when it lies outside the page."""
    if path.startswith(API_PREFIX):
        return path[1:]
    if path == PREFIX:
        return ""
    if not path.startswith(f"{PREFIX}/"):
        return None
    name = path[len(PREFIX) + 1 :]
    return f"{name}index.html" if name.endswith("/") else name


def answer_for(file: File, method: str, query: str, headers: Mapping[str, str]) -> Answer:
    lasting = bool(query) and file.headers[0][1].startswith(("text/css", "text/javascript"))
    if _is_known(file, headers):
        return file.answer(304, lasting=lasting)
    accepted = headers.get("accept-encoding", "")
    wanted = (name for name in ("br", "gzip") if name in accepted and f"{name};q=0" not in accepted)
    encoding = next((name for name in wanted if name in file.packed), "")
    return file.answer(200, encoding, lasting=lasting, head_only=method == "HEAD")


def _is_known(file: File, headers: Mapping[str, str]) -> bool:
    tags = headers.get("if-none-match")
    if tags is not None:
        if tags == file.etag:
            return True
        wanted = file.etag.removeprefix("W/")
        return tags.strip() == "*" or any(tag.strip().removeprefix("W/") == wanted for tag in tags.split(","))
    since = headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return file.modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def type_headers(name: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that follow from what a file is; the type comes first."""
    suffix = name[name.rfind(".") :]
    headers = [("Content-Type", _TYPES.get(suffix, "application/octet-stream")), ("X-Content-Type-Options", "nosniff")]
    if suffix == ".html":
        ancestors = "*" if name.endswith(_EMBEDDED) else "'none'"
        headers += [
            ("Content-Security-Policy", f"{_POLICY}frame-ancestors {ancestors}"),
            ("Referrer-Policy", "same-origin"),
        ]
    else:
        headers += cross_origin()
    return tuple(headers)


def cross_origin() -> list[tuple[str, str]]:
    return [("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin")]


def to_language(accepted: str, cookies: str) -> Answer:
    """Lead a reader to the page in the language they chose in the portal, else the one their browser prefers."""
    chosen = next((p.split("=")[1] for p in cookies.split("; ") if p.startswith("portico_locale=")), "")
    locale = chosen if chosen in ("en", "de") else _preferred(accepted)
    headers = [("Location", f"{PREFIX}/{locale}/"), ("Vary", "Accept-Language, Cookie"), ("Cache-Control", "no-cache")]
    return Answer(302, [*headers, ("Content-Length", "0")])


def _preferred(accepted: str) -> str:
    """Return the language of an Accept-Language header that there is, the most wanted first."""
    wanted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    known: Iterable[str] = (tag for _, tag in sorted(wanted, key=lambda item: item[0]) if tag in ("en", "de"))
    return next(iter(known), "en")


def with_slash(path: str) -> Answer:
    return Answer(308, [("Location", f"{path}/"), ("Content-Length", "0")])
