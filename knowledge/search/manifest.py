"""The one file that says what the index holds. Replacing it is the only way the index changes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1
"""Raised whenever segments written by an older version can no longer be read."""
_NAME = "manifest.json"


class IndexDamaged(Exception):
    """The index cannot be read and must be rebuilt."""


@dataclass(frozen=True)
class Entry:
    """A segment in use, and its rows that no longer count."""

    name: str
    deleted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The segments in use. The generation grows by one with each change."""

    engine: str
    generation: int = 0
    segments: tuple[Entry, ...] = ()
    format: int = FORMAT


def manifest_stamp(root: Path) -> tuple[int, int] | None:
    """Changes whenever the manifest was replaced; None while there is none."""
    try:
        status = (root / _NAME).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def read_manifest(root: Path) -> Manifest | None:
    """The manifest, or None for an index that was never written.

    :raises IndexDamaged: when it cannot be read or was written by another version.
    """
    try:
        values = json.loads((root / _NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"The manifest of the search index cannot be read: {error}") from error
    try:
        entries = tuple(Entry(str(e["name"]), tuple(int(r) for r in e["deleted"])) for e in values["segments"])
        manifest = Manifest(str(values["engine"]), int(values["generation"]), entries, int(values["format"]))
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(f"The manifest of the search index is not complete: {error}") from error
    if manifest.format != FORMAT:
        raise IndexDamaged(f"The search index has format {manifest.format}; this version reads {FORMAT}.")
    return manifest


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Replaces the manifest in one step; what it names must be complete on disk before."""
    new = root / f"{_NAME}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(root / _NAME)
    sync_folder(root)


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_files(folder: Path) -> None:
    """Makes all files under a folder survive a loss of power."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


@contextmanager
def exclusive(root: Path, name: str) -> Iterator[None]:
    """Holds a lock among all processes; the system gives it back when its holder dies, however it dies."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
