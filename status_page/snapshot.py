"""Writing the finished pages: a whole new set beside the old one, then one switch.

A set that is being written is never seen, and one that is being read is never changed. Files that say the same as
before are linked, not written, so that ten years of incidents cost nothing at the next change.
"""

import fcntl
import gzip
import hashlib
import hmac
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import force_locale

from portal.core import clock
from portal.core.settings import LOCALES, Settings
from portal.core.texts import gettext
from status_page.board import Board, build_board
from status_page.permissions import PUBLIC
from status_page.queries import get_page
from status_page.serving import CURRENT, MANIFEST
from status_page.site.items import Item
from status_page.site.tree import list_items
from status_page.site.words import Moments

logger = logging.getLogger(__name__)

# A page says "as of"; while all is well it is never much older than this.
REFRESH_AFTER = timedelta(minutes=5)
_KEPT_SETS = 3


def folder() -> Path:
    settings: Settings = current_app.extensions["portico_settings"]
    return settings.data_dir / "status"


def write_when_stale(*, refresh: bool = False) -> bool:
    """Write the finished pages when the data has moved on, or with ``refresh`` when they are some minutes old.

    Returns whether anything was written. Two workers at once do the work once.
    """
    with _alone():
        manifest = read_manifest()
        if manifest is not None and not _is_stale(manifest, refresh=refresh):
            return False
        write(manifest)
        return True


def write(previous: dict[str, Any] | None) -> None:
    """Write a whole set of pages and switch to it."""
    root = folder()
    board = build_board(PUBLIC)
    name = f"sets/{board.page.revision}-{secrets.token_hex(4)}"
    target = root / name
    target.mkdir(parents=True)
    source = (root / CURRENT).resolve() if previous else None
    known = previous["files"] if previous else {}
    files = {item.path: _place(target, item, known.get(item.path), source) for item in list_items(board)}
    manifest = {
        "version": 1,
        "revision": board.page.revision,
        "written_at": board.at.isoformat(),
        "changed_at": board.page.changed_at.isoformat(),
        "age_notices": {locale: _age_notice(board, locale) for locale in LOCALES},
        "files": files,
    }
    manifest["signature"] = signature(manifest)
    _write_through(target / MANIFEST, json.dumps(manifest, sort_keys=True).encode())
    draft = root / f".{CURRENT}-{secrets.token_hex(4)}"
    draft.symlink_to(name)
    draft.replace(root / CURRENT)
    _remove_old_sets(root, keep=name)


def read_manifest() -> dict[str, Any] | None:
    """Return the manifest of the current set, None when there is none that can be read."""
    try:
        manifest = json.loads((folder() / CURRENT / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("version") == 1 else None


def signature(manifest: dict[str, Any]) -> str:
    """Return the HMAC-SHA-256 over everything in a manifest but the signature, with a key of the portal's."""
    settings: Settings = current_app.extensions["portico_settings"]
    key = hmac.digest(settings.secret_key.get_secret_value().encode(), b"status manifest", "sha256")
    content = {name: value for name, value in manifest.items() if name != "signature"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(key, canonical, hashlib.sha256).hexdigest()


def find_forged() -> list[str]:
    """Return what does not match the signed manifest: its own name, or files that were changed or are missing."""
    manifest = read_manifest()
    if manifest is None:
        return [MANIFEST]
    wrong = [] if hmac.compare_digest(manifest.get("signature", ""), signature(manifest)) else [MANIFEST]
    for name, entry in manifest["files"].items():
        path = folder() / CURRENT / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            wrong.append(name)
    return wrong


def _is_stale(manifest: dict[str, Any], *, refresh: bool) -> bool:
    written_at = datetime.fromisoformat(manifest["written_at"])
    if refresh and not timedelta() <= clock.now() - written_at < REFRESH_AFTER:
        return True
    return bool(get_page().revision != manifest["revision"])


def _place(target: Path, item: Item, before: dict[str, str] | None, previous: Path | None) -> dict[str, str]:
    name, source = item.path, item.source
    path = target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if before and previous and source and before["source"] == source and _link(previous, target, name):
        return before
    content = item.render()
    checksum = hashlib.sha256(content).hexdigest()
    if before and previous and before["sha256"] == checksum and _link(previous, target, name):
        return before | {"source": source}
    path.write_bytes(content)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    if find_spec("brotli"):
        # Taken along where it is installed; nothing depends on it.
        import brotli

        path.with_name(f"{path.name}.br").write_bytes(brotli.compress(content))
    return {"sha256": checksum, "source": source, "changed_at": clock.now().isoformat()}


def _link(previous: Path, target: Path, name: str) -> bool:
    """Take a file over from the set before; False when it is not whole there."""
    for suffix, needed in (("", True), (".gz", True), (".br", False)):
        try:
            os.link(previous / f"{name}{suffix}", target / f"{name}{suffix}")
        except OSError:
            if needed:
                (target / name).unlink(missing_ok=True)
                return False
    return True


def _age_notice(board: Board, locale: str) -> str:
    with force_locale(locale):
        return gettext(
            "This is a copy from %(moment)s, {age} old: the portal itself does not answer right now. "
            "What you read here was true then.",
            moment=Moments(locale, board.zone, board.at).dated(board.at),
        )


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove_old_sets(root: Path, *, keep: str) -> None:
    sets = sorted((root / "sets").iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in sets[_KEPT_SETS:]:
        if f"sets/{path.name}" != keep:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time write."""
    root = folder()
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
