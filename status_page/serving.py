"""Giving out the finished pages: from files alone, with nothing but the standard library.

The same code answers inside the portal's web server, before anything of the application is asked, and inside the
small process of ``portico status-serve``, which needs neither database nor application.
"""

import gzip
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from threading import Lock

PREFIX = "/status"
API_PREFIX = "/api/v2/"
CURRENT = "current"
MANIFEST = "manifest.json"
AGE_MARK = b"<!--age-->"
# The pages are written again every five minutes although nothing changed; this much later something is wrong.
STALE_SECONDS = 8 * 60
MOST_CACHED = 4096

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
}
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
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
class _File:
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
            ("Last-Modified", format_datetime(self.modified, usegmt=True)),
            ("Cache-Control", _KEEP_FOR_EVER if lasting else _KEEP_SHORTLY),
            ("Vary", "Accept-Encoding"),
            *self.headers,
        ]
        if status == 304:
            return Answer(304, headers)
        body = self.packed.get(encoding, self.plain)
        headers += [("Content-Encoding", encoding)] if encoding else []
        headers.append(("Content-Length", str(len(body))))
        return Answer(status, headers, b"" if head_only else body)


class Library:
    """The current set of finished pages; a new set is noticed at the next question, without a restart."""

    prefixes = (PREFIX, API_PREFIX)

    def __init__(self, folder: Path) -> None:
        self._current = folder / CURRENT
        self._lock = Lock()
        self._version = ""
        self._files: dict[str, _File] = {}
        self._aged: dict[str, tuple[int, _File]] = {}
        self._manifest: dict[str, object] = {}
        self._listed: Mapping[str, Mapping[str, str]] = {}
        self._written_at = 0.0

    @property
    def age_seconds(self) -> float | None:
        """How long ago the pages were written, None when there are none."""
        self._notice_change()
        return time.time() - self._written_at if self._version else None

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Answer | None:
        """Return what a request gets, or None when these pages have nothing to do with it.

        ``headers`` have names in lower case.
        """
        name = name_of(path)
        if name is None or not self._notice_change():
            return None
        if path in (PREFIX, f"{PREFIX}/"):
            return to_language(headers.get("accept-language", ""), headers.get("cookie", ""))
        if name not in self._listed:
            return _redirect(path) if f"{name}/index.html" in self._listed and not path.endswith("/") else None
        if method == "OPTIONS":
            return Answer(204, [*_cross_origin(), ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")])
        file = self._file(name)
        return None if file is None else _answer(file, method, query, headers)

    def _notice_change(self) -> bool:
        try:
            version = os.readlink(self._current)  # noqa: PTH115 (the fast way, on the hot path)
        except OSError:
            return bool(self._version)
        if version != self._version:
            with self._lock:
                self._load(version)
        return bool(self._version)

    def _load(self, version: str) -> None:
        if version == self._version:
            return
        try:
            manifest = json.loads((self._current.parent / version / MANIFEST).read_bytes())
        except (OSError, ValueError):
            # The set before stays in use: an old page is better than none.
            return
        self._listed = manifest["files"]
        self._manifest = manifest
        self._written_at = datetime.fromisoformat(manifest["written_at"]).timestamp()
        self._files, self._aged, self._version = {}, {}, version

    def _file(self, name: str) -> _File | None:
        file = self._files.get(name)
        if file is None:
            file = self._read(name)
            if file is None:
                return None
            if len(self._files) < MOST_CACHED:
                self._files[name] = file
        age = time.time() - self._written_at
        return file if age < STALE_SECONDS or AGE_MARK not in file.plain else self._with_age(name, file, age)

    def _read(self, name: str) -> _File | None:
        entry, folder = self._listed[name], self._current.parent / self._version
        try:
            plain = (folder / name).read_bytes()
            packed = {"gzip": (folder / f"{name}.gz").read_bytes()}
            brotli = folder / f"{name}.br"
            if brotli.exists():
                packed["br"] = brotli.read_bytes()
        except OSError:
            return None
        modified = datetime.fromisoformat(entry["changed_at"])
        return _File(plain, packed, f'W/"{entry["sha256"][:24]}"', modified, type_headers(name))

    def _with_age(self, name: str, file: _File, age: float) -> _File:
        """Return the page with a sentence that says how old it is, made once a minute."""
        minute = int(age // 60)
        kept = self._aged.get(name)
        if kept is None or kept[0] != minute:
            plain = file.plain.replace(AGE_MARK, self._age_notice(name, minute).encode(), 1)
            etag = f'{file.etag[:-1]}-{minute}"'
            aged = _File(plain, {"gzip": gzip.compress(plain, 5)}, etag, datetime.now(UTC), file.headers)
            kept = self._aged[name] = (minute, aged)
        return kept[1]

    def _age_notice(self, name: str, minutes: int) -> str:
        notices = self._manifest["age_notices"]
        assert isinstance(notices, dict)
        text = str(notices.get(name.split("/", maxsplit=1)[0], notices["en"]))
        length = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
        return f'<p class="age" role="status">{text.replace("{age}", length)}</p>'


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


def _answer(file: _File, method: str, query: str, headers: Mapping[str, str]) -> Answer:
    lasting = bool(query) and file.headers[0][1].startswith("text/css")
    if _is_known(file, headers):
        return file.answer(304, lasting=lasting)
    accepted = headers.get("accept-encoding", "")
    wanted = (name for name in ("br", "gzip") if name in accepted and f"{name};q=0" not in accepted)
    encoding = next((name for name in wanted if name in file.packed), "")
    return file.answer(200, encoding, lasting=lasting, head_only=method == "HEAD")


def _is_known(file: _File, headers: Mapping[str, str]) -> bool:
    tags = headers.get("if-none-match")
    if tags is not None:
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
        headers += _cross_origin()
    return tuple(headers)


def _cross_origin() -> list[tuple[str, str]]:
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


def _redirect(path: str) -> Answer:
    return Answer(308, [("Location", f"{path}/"), ("Content-Length", "0")])
