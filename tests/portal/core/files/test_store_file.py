"""Attachments: what is taken, what is refused with which sentence, and how it is given out."""

import io
import zipfile

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from portal.core.files.content_types import ACCEPTED, detect
from portal.core.files.models import StoredFile
from portal.core.files.services import FileRefused, path_of, send_stored, store_file
from tests.factories.directory import make_user

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def archive(*names: str, **contents: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, contents.get(name, "x"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PNG, "PNG picture"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 9, "JPEG picture"),
        (b"%PDF-1.7\n", "PDF document"),
        (archive("[Content_Types].xml", "word/document.xml"), "Word document"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "Excel workbook"),
        (archive("readme.txt"), "ZIP archive"),
        ("Grüße aus dem Protokoll\n".encode(), "text file"),
    ],
)
def test_kind_is_told_by_content(content: bytes, words: str) -> None:
    kind = detect(content)
    assert kind is not None
    assert kind.words == words


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00" + b"\x00" * 60, b"\x7fELF\x02\x01", b"PK\x03\x04broken", b"\xff\xfe\x00x"]
)
def test_other_content_is_no_accepted_kind(content: bytes) -> None:
    assert detect(content) is None


def test_a_character_cut_by_the_peek_is_still_text() -> None:
    assert detect(b"a" * 8191 + "ü".encode() * 10) is not None


def test_accepted_file_is_stored_under_its_digest(app: Flask) -> None:
    file = store_file(io.BytesIO(PNG), "C:\\Users\\me\\error message.png", actor=make_user())
    assert (file.name, file.media_type, file.size) == ("error message.png", "image/png", len(PNG))
    assert path_of(file).read_bytes() == PNG
    assert app.static_folder is not None
    assert app.static_folder not in str(path_of(file))


def test_the_same_content_is_stored_once(app: Flask) -> None:
    first, second = (store_file(io.BytesIO(PNG), name, actor=None) for name in ("a.png", "b.png"))
    assert path_of(first) == path_of(second)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.txt", "is empty"),
        (b"MZ\x90\x00" + b"\x00" * 60, "invoice.pdf", "of a kind that is not accepted"),
        (PNG, "holiday.txt", "its content is a PNG picture"),
        (b"<script>alert(1)</script>", "page.png", "its content is a text file"),
        (b"<html></html>", "page.html", "not what its name says"),
    ],
)
def test_refusal_names_the_file_and_leaves_no_row(app: Flask, content: bytes, name: str, words: str) -> None:
    with app.test_request_context(), pytest.raises(FileRefused, match=words) as refusal:
        store_file(io.BytesIO(content), name, actor=None)
    assert name in str(refusal.value)
    assert db.session.scalars(sa.select(StoredFile)).all() == []


def test_too_large_a_file_is_refused(app: Flask) -> None:
    limit = app.extensions["portico_settings"].max_upload_mb * 1024 * 1024
    with app.test_request_context(), pytest.raises(FileRefused, match="larger than 25 MB"):
        store_file(io.BytesIO(b"a" * (limit + 1)), "long.txt", actor=None)


def test_answer_cannot_act_in_the_portals_name(app: Flask) -> None:
    file = store_file(io.BytesIO(b"<script>alert(1)</script>\n"), "note.txt", actor=None)
    with app.test_request_context():
        response = send_stored(file)
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in response.headers["Content-Security-Policy"]
        response.close()


def test_every_accepted_kind_has_an_ending() -> None:
    assert all(suffix.startswith(".") for kind in ACCEPTED for suffix in kind.suffixes)
    assert all(kind.suffixes for kind in ACCEPTED)
