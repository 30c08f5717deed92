"""Writing the finished pages: a whole new set beside the old one, then one switch.

A set that is being written is never seen, and one that is being read is never changed. Files that say the same as
before are linked, not written, so that ten years of incidents cost nothing at the next change.
"""

import fcntl
import gzip
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
from status_page import manifest as signed_list
from status_page.board import Board, build_board
from status_page.manifest import NAME as MANIFEST
from status_page.manifest import digest, is_genuine, signature
from status_page.permissions import PUBLIC
from status_page.queries import get_page
from status_page.serving import CURRENT, SUFFIXES
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
        if manifest is not None and not is_genuine(manifest, signing_key()):
            # Somebody else's pages: nothing of them is taken over.
            manifest = None
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
        "version": signed_list.VERSION,
        "revision": board.page.revision,
        "written_at": board.at.isoformat(),
        "changed_at": board.page.changed_at.isoformat(),
        "age_notices": {locale: _age_notice(board, locale) for locale in LOCALES},
        "files": files,
    }
    manifest["signature"] = signature(manifest, signing_key())
    _write_through(target / MANIFEST, json.dumps(manifest, sort_keys=True).encode())
    draft = root / f".{CURRENT}-{secrets.token_hex(4)}"
    draft.symlink_to(name)
    if (root / CURRENT).is_dir() and not (root / CURRENT).is_symlink():
        # A copy of the data folder that followed links has a folder here, and no link replaces a folder.
        shutil.rmtree(root / CURRENT)
    draft.replace(root / CURRENT)
    _remove_old_sets(root, keep=name)


def read_manifest() -> dict[str, Any] | None:
    """Return the manifest of the current set, None when there is none that can be read."""
    try:
        manifest = json.loads((folder() / CURRENT / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("version") == signed_list.VERSION else None


def signing_key() -> bytes:
    settings: Settings = current_app.extensions["portico_settings"]
    return signed_list.key_from(settings.secret_key.get_secret_value())


def find_forged() -> list[str]:
    """Return what does not match the signed manifest: its own name, or files that were changed or are missing."""
    manifest = read_manifest()
    if manifest is None:
        return [MANIFEST]
    wrong = [] if is_genuine(manifest, signing_key()) else [MANIFEST]
    for name, entry in manifest["files"].items():
        packed = {f"{name}{SUFFIXES[encoding]}": checksum for encoding, checksum in entry["packed"].items()}
        for path, checksum in ({name: entry["sha256"]} | packed).items():
            file = folder() / CURRENT / path
            if not file.is_file() or digest(file.read_bytes()) != checksum:
                wrong.append(path)
    return wrong


def _is_stale(manifest: dict[str, Any], *, refresh: bool) -> bool:
    written_at = datetime.fromisoformat(manifest["written_at"])
    if refresh and not timedelta() <= clock.now() - written_at < REFRESH_AFTER:
        return True
    return bool(get_page().revision != manifest["revision"])


def _place(target: Path, item: Item, before: dict[str, Any] | None, previous: Path | None) -> dict[str, Any]:
    name, source = item.path, item.source
    path = target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if before and previous and source and before["source"] == source and _link(previous, target, name, before):
        return before
    content = item.render()
    checksum = digest(content)
    if before and previous and before["sha256"] == checksum and _link(previous, target, name, before):
        return before | {"source": source}
    packed = {"gzip": gzip.compress(content, 9, mtime=0)}
    if find_spec("brotli"):
        # Taken along where it is installed; nothing depends on it.
        import brotli

        # The highest quality takes ten times as long for a few bytes less.
        packed["br"] = brotli.compress(content, quality=7)
    path.write_bytes(content)
    for encoding, shorter in packed.items():
        path.with_name(path.name + SUFFIXES[encoding]).write_bytes(shorter)
    digests = {encoding: digest(shorter) for encoding, shorter in packed.items()}
    return {"sha256": checksum, "packed": digests, "source": source, "changed_at": clock.now().isoformat()}


def _link(previous: Path, target: Path, name: str, before: dict[str, Any]) -> bool:
    """Take a file over from the set before; False when it is not whole there."""
    made: list[Path] = []
    for suffix in ("", *(SUFFIXES[encoding] for encoding in before["packed"])):
        try:
            os.link(previous / f"{name}{suffix}", target / f"{name}{suffix}")
        except OSError:
            for path in made:
                path.unlink()
            return False
        made.append(target / f"{name}{suffix}")
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
