"""The current set of finished files."""

import gzip
import json
import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from status_page import manifest as signed_list
from status_page.serving.answers import (
    API_PREFIX,
    PREFIX,
    Answer,
    File,
    answer_for,
    cross_origin,
    name_of,
    to_language,
    type_headers,
    with_slash,
)

logger = logging.getLogger(__name__)

CURRENT = "current"
AGE_MARK = b"<!--age-->"
# The pages are written again every five minutes although nothing changed; this much later something is wrong.
STALE_SECONDS = 8 * 60
MOST_CACHED = 4096
SUFFIXES = {"gzip": ".gz", "br": ".br"}


class Library:
    """The current set of finished pages; a new set is noticed at the next question, without a restart."""

    prefixes = (PREFIX, API_PREFIX)

    def __init__(self, folder: Path, key: bytes = b"") -> None:
        """Look into ``folder``. With the ``key`` the list of files must bear the portal's signature.

        A machine that holds the files alone has no key; it still refuses files that do not match their list.
        """
        self._current, self._key = folder / CURRENT, key
        self._lock = Lock()
        self._version = ""
        self._files: dict[str, File] = {}
        self._aged: dict[str, tuple[int, File]] = {}
        self._manifest: dict[str, Any] = {}
        self._listed: Mapping[str, Mapping[str, Any]] = {}
        self._written_at = 0.0
        self._refused = ""

    @property
    def age_seconds(self) -> float | None:
        """How long ago the pages were written, None when there are none."""
        self._notice_change()
        return time.time() - self._written_at if self._version else None

    @property
    def is_refused(self) -> bool:
        """Whether there is nothing to give out because the list of files was not signed by the portal."""
        return bool(self._refused) and not self._version

    def holds(self, path: str) -> bool:
        """Whether a path means a file of the list: then one that is not given out was changed or lost."""
        return name_of(path) in self._listed

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
            return with_slash(path) if f"{name}/index.html" in self._listed and not path.endswith("/") else None
        if method == "OPTIONS":
            return Answer(204, [*cross_origin(), ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")])
        file = self._file(name)
        return None if file is None else answer_for(file, method, query, headers)

    def _notice_change(self) -> bool:
        try:
            version = os.readlink(self._current)  # noqa: PTH115 (the fast way, on the hot path)
        except OSError:
            return bool(self._version)
        if version not in (self._version, self._refused):
            with self._lock:
                self._load(version)
        return bool(self._version)

    def _load(self, version: str) -> None:
        if version == self._version:
            return
        try:
            manifest = json.loads((self._current.parent / version / signed_list.NAME).read_bytes())
        except (OSError, ValueError):
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("version") != signed_list.VERSION:
            # The set before stays in use: an old page is better than none.
            return
        if self._key and not signed_list.is_genuine(manifest, self._key):
            logger.error("The finished pages in %s do not bear the portal's signature; they are not shown.", version)
            self._refused = version
            return
        self._listed = manifest["files"]
        self._manifest = manifest
        self._written_at = datetime.fromisoformat(manifest["written_at"]).timestamp()
        self._files, self._aged, self._version, self._refused = {}, {}, version, ""

    def _file(self, name: str) -> File | None:
        file = self._files.get(name)
        if file is None:
            file = self._read(name)
            if file is None:
                return None
            if len(self._files) < MOST_CACHED:
                self._files[name] = file
        age = time.time() - self._written_at
        return file if age < STALE_SECONDS or AGE_MARK not in file.plain else self._with_age(name, file, age)

    def _read(self, name: str) -> File | None:
        entry, path = self._listed[name], self._current.parent / self._version / name
        plain = _unchanged(path, entry["sha256"])
        if plain is None:
            return None
        packed = {
            encoding: content
            for encoding, checksum in entry["packed"].items()
            if (content := _unchanged(path.with_name(path.name + SUFFIXES[encoding]), checksum)) is not None
        }
        modified = datetime.fromisoformat(entry["changed_at"])
        return File(plain, packed, f'W/"{entry["sha256"][:24]}"', modified, type_headers(name))

    def _with_age(self, name: str, file: File, age: float) -> File:
        """Return the page with a sentence that says how old it is, made once a minute."""
        minute = int(age // 60)
        kept = self._aged.get(name)
        if kept is None or kept[0] != minute:
            plain = file.plain.replace(AGE_MARK, self._age_notice(name, minute).encode(), 1)
            etag = f'{file.etag[:-1]}-{minute}"'
            aged = File(plain, {"gzip": gzip.compress(plain, 5)}, etag, datetime.now(UTC), file.headers)
            kept = self._aged[name] = (minute, aged)
        return kept[1]

    def _age_notice(self, name: str, minutes: int) -> str:
        notices = self._manifest["age_notices"]
        text = str(notices.get(name.split("/", maxsplit=1)[0], notices["en"]))
        length = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
        return f'<p class="age" role="status">{text.replace("{age}", length)}</p>'


def _unchanged(path: Path, checksum: str) -> bytes | None:
    """Return the content of a file, None when it is not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if signed_list.digest(content) != checksum:
        logger.error("%s was changed after it was written; it is not shown.", path)
        return None
    return content
