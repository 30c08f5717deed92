"""Unpacking a zip that somebody else made: no path leads out, and it cannot grow without bound."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from flask_babel import gettext

from knowledge.errors import ArchiveRefused

MOST_FILES = 50_000
LARGEST_TOTAL = 1024 * 1024 * 1024
LARGEST_FILE = 64 * 1024 * 1024
# Text packs ten to one at best; a bomb a thousand to one.
MOST_PACKED = 200
_CHUNK = 256 * 1024


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the unpacked files of a zip in a folder that is removed afterwards.

    Raises:
        ArchiveRefused: it is no zip, is encrypted, names paths that lead out, or unpacks to too much.
    """
    with TemporaryDirectory(prefix="portico-import-") as folder:
        root = Path(folder).resolve() / (path.stem or "import")
        root.mkdir()
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, root)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise ArchiveRefused(
                gettext("%(name)s cannot be unpacked: it is damaged or encrypted.", name=path.name)
            ) from error
        yield root


def _unpack(archive: zipfile.ZipFile, root: Path) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    declared = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_FILES or declared > LARGEST_TOTAL:
        raise ArchiveRefused(
            gettext("The zip unpacks to too much: at most %(files)d files and 1 GB.", files=MOST_FILES)
        )
    left = LARGEST_TOTAL
    for entry in entries:
        target = root / _safe_path(entry)
        target.parent.mkdir(parents=True, exist_ok=True)
        left -= _write(archive, entry, target, limit=min(left, LARGEST_FILE))


def _safe_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or is_link or ":" in path.parts[0] or "\x00" in entry.filename:
        raise ArchiveRefused(gettext("The zip names a path that leads out of it: %(path)s.", path=entry.filename))
    return path


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, *, limit: int) -> int:
    """Write one file, counting what really comes out: the sizes a zip declares may lie."""
    packed, written = max(entry.compress_size, 1), 0
    with archive.open(entry) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limit or written > max(packed * MOST_PACKED, 1024 * 1024):
                raise ArchiveRefused(gettext("%(path)s in the zip unpacks to too much.", path=entry.filename))
            sink.write(chunk)
    return written
