"""What a file really is, by its content; the name only has to agree."""

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

from flask_babel import LazyString, lazy_gettext

PEEK_BYTES = 8192
# Control characters that no text file has; tab, line ends, form feed and escape (colours in logs) it may have.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True)
class ContentType:
    """A kind of file that may be uploaded."""

    media_type: str
    words: LazyString
    suffixes: tuple[str, ...]


PNG = ContentType("image/png", lazy_gettext("PNG picture"), (".png",))
JPEG = ContentType("image/jpeg", lazy_gettext("JPEG picture"), (".jpg", ".jpeg"))
GIF = ContentType("image/gif", lazy_gettext("GIF picture"), (".gif",))
WEBP = ContentType("image/webp", lazy_gettext("WebP picture"), (".webp",))
PDF = ContentType("application/pdf", lazy_gettext("PDF document"), (".pdf",))
ZIP = ContentType("application/zip", lazy_gettext("ZIP archive"), (".zip",))
DOCX = ContentType(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", lazy_gettext("Word document"), (".docx",)
)
XLSX = ContentType(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", lazy_gettext("Excel workbook"), (".xlsx",)
)
PPTX = ContentType(
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    lazy_gettext("PowerPoint presentation"),
    (".pptx",),
)
ODT = ContentType("application/vnd.oasis.opendocument.text", lazy_gettext("OpenDocument text"), (".odt",))
ODS = ContentType("application/vnd.oasis.opendocument.spreadsheet", lazy_gettext("OpenDocument spreadsheet"), (".ods",))
MP4 = ContentType("video/mp4", lazy_gettext("MP4 video"), (".mp4", ".m4v"))
TEXT = ContentType(
    "text/plain", lazy_gettext("text file"), (".txt", ".log", ".csv", ".md", ".json", ".eml", ".ini", ".conf")
)

ACCEPTED = (PNG, JPEG, GIF, WEBP, PDF, ZIP, DOCX, XLSX, PPTX, ODT, ODS, MP4, TEXT)
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
)
_OFFICE_FOLDERS = (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX))


def accepted_suffixes() -> str:
    """Return the value of a file input's ``accept``."""
    return ",".join(suffix for kind in ACCEPTED for suffix in kind.suffixes)


def detect(content: bytes) -> ContentType | None:
    """Return the accepted kind of the content, or None when it is none of them."""
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp":
        return MP4
    if content.startswith(b"PK\x03\x04"):
        return _detect_archive(content)
    return TEXT if _is_text(content) else None


def agrees(kind: ContentType, name: str) -> bool:
    """Whether the name's ending is one of the kind's."""
    return PurePath(name).suffix.lower() in kind.suffixes


def _detect_archive(content: bytes) -> ContentType | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            declared = archive.read("mimetype")[:100].decode("ascii", "replace") if "mimetype" in names else ""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, KeyError):
        return None
    for kind in (ODT, ODS):
        if declared == kind.media_type:
            return kind
    if "[Content_Types].xml" in names:
        for folder, kind in _OFFICE_FOLDERS:
            if any(name.startswith(folder) for name in names):
                return kind
    return ZIP


def _is_text(content: bytes) -> bool:
    peek = content[:PEEK_BYTES]
    if _NO_TEXT.search(peek):
        return False
    for cut in range(4):
        # The peek may end in the middle of a character.
        try:
            peek[: len(peek) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
