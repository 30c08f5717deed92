"""Taking in, finding and giving out the bytes of attachments."""

import hashlib
import os
from pathlib import Path, PurePath
from typing import BinaryIO

from flask import Response, current_app, send_file
from flask_babel import gettext

from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.files.content_types import agrees, detect
from portal.core.files.models import StoredFile

_INLINE = ("image/", "application/pdf")


class FileRefused(Refused):
    """An upload is empty, too large, of a kind that is not accepted, or not what its name says."""


def store_file(stream: BinaryIO, name: str, *, actor: Actor | None) -> StoredFile:
    """Check an upload and store it; the row joins the current transaction.

    The bytes are written before the commit under the digest of their content. When the transaction is rolled back,
    a nightly job removes what no row names.

    Raises:
        FileRefused: with a sentence that names the file and says what to do.
    """
    name = PurePath(name.replace("\\", "/")).name.strip()[:255] or "attachment"
    limit = int(current_app.extensions["portico_settings"].max_upload_mb)
    content = stream.read(limit * 1024 * 1024 + 1)
    if not content:
        raise FileRefused(gettext("“%(name)s” is empty. Choose the file again.", name=name))
    if len(content) > limit * 1024 * 1024:
        raise FileRefused(
            gettext("“%(name)s” is larger than %(limit)d MB. Send a smaller file.", name=name, limit=limit)
        )
    kind = detect(content)
    if kind is None:
        raise FileRefused(
            gettext(
                "What “%(name)s” holds is of a kind that is not accepted. Send a picture, PDF, office document or text.",
                name=name,
            )
        )
    if not agrees(kind, name):
        raise FileRefused(
            gettext(
                "“%(name)s” is not what its name says: its content is a %(kind)s. Rename it and send it again.",
                name=name,
                kind=kind.words,
            )
        )
    digest = hashlib.sha256(content).hexdigest()
    _write(digest, content)
    file = StoredFile(
        digest=digest,
        name=name,
        media_type=kind.media_type,
        size=len(content),
        uploaded_by_id=actor.id if actor else None,
    )
    db.session.add(file)
    db.session.flush()
    return file


def path_of(file: StoredFile) -> Path:
    return _path(file.digest)


def send_stored(file: StoredFile) -> Response:
    """Answer with the bytes of a file; whoever calls has checked the right to see it."""
    response = send_file(
        path_of(file),
        mimetype=file.media_type,
        as_attachment=not file.media_type.startswith(_INLINE),
        download_name=file.name,
        etag=file.digest,
        max_age=0,
    )
    # Whatever the file contains, it cannot act in the portal's name.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def folder() -> Path:
    root: Path = current_app.extensions["portico_settings"].data_dir
    return root / "files"


def _path(digest: str) -> Path:
    return folder() / digest[:2] / digest


def _write(digest: str, content: bytes) -> None:
    path = _path(digest)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{digest}.{os.getpid()}.{os.urandom(4).hex()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
