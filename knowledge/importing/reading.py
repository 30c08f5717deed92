"""Reading one file of an import, without the database."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from flask_babel import gettext

from knowledge.content import ArticleContent
from knowledge.importing.front_matter import FileRefused, split_front_matter
from knowledge.importing.mapping import MAPPING, Fields, fields_of
from knowledge.rendering.document import LARGEST_BODY
from portal.core.files.content_types import ACCEPTED

SUFFIXES = (".md", ".markdown")
MOST_FILES = 200
_ATTACHED = "|".join(suffix[1:] for kind in ACCEPTED for suffix in kind.suffixes if suffix not in SUFFIXES)
# Anything that looks like the address of a file to bring along; whether it is one, the folder says.
_REFERENCE = re.compile(rf"""[^\s()<>"'\[\]|]+\.(?:{_ATTACHED})\b""", re.IGNORECASE)


@dataclass(frozen=True)
class ReadFile:
    """A file that can become an article."""

    path: str
    fields: Fields
    body: str
    digest: str
    # Address in the text -> file on disk.
    attachments: dict[str, Path]


def find_files(folder: Path) -> list[PurePosixPath]:
    """Return the Markdown files of a folder in stable order; hidden folders and links that lead out are left alone."""
    return sorted(_walk(folder, PurePosixPath()))


def read_file(root: Path, path: PurePosixPath, *, root_name: str, language: str, options_digest: str) -> ReadFile:
    """Read, check and digest a file.

    Raises:
        FileRefused: it is empty, too large, not UTF-8, or its front matter is broken.
    """
    full = root / path
    if full.stat().st_size > LARGEST_BODY:
        raise FileRefused(
            gettext("The file is larger than %(limit)d kB. Split it into several articles.", limit=LARGEST_BODY // 1024)
        )
    content = full.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(
            gettext("The file is not UTF-8 (byte %(position)d). Save it as UTF-8.", position=error.start)
        ) from None
    front, body = split_front_matter(text.replace("\r\n", "\n"))
    if not body.strip():
        raise FileRefused(gettext("The file is empty."))
    attachments = _attachments(root, path, body)
    digest = hashlib.sha256(f"{MAPPING} {options_digest}\n".encode())
    digest.update(content)
    for address, file in attachments.items():
        digest.update(address.encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    fields = fields_of(front, body, path, root_name=root_name, language=language)
    return ReadFile(str(path), fields, body, digest.hexdigest(), attachments)


def content_of(
    file: ReadFile, *, services: tuple[str, ...], tags: tuple[str, ...], audience: tuple[str, ...]
) -> ArticleContent:
    fields = file.fields
    return ArticleContent(
        title=fields.title,
        body=file.body,
        summary=fields.summary,
        type=fields.type,
        language=fields.language,
        tags=(*fields.tags, *tags),
        services=services,
        audience=audience,
    ).tidied()


def _walk(folder: Path, below: PurePosixPath) -> Iterator[PurePosixPath]:
    with os.scandir(folder / below) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir():
                yield from _walk(folder, below / entry.name)
            elif entry.name.lower().endswith(SUFFIXES):
                yield below / entry.name


def _attachments(root: Path, path: PurePosixPath, body: str) -> dict[str, Path]:
    """Return the files beside the article that its text names and that lie in the folder of the import."""
    found: dict[str, Path] = {}
    for match in _REFERENCE.finditer(body):
        address = unquote(match[0]).removeprefix("./")
        if "://" in address or address.startswith(("/", "\\")) or address in found or len(address) > 500:
            continue
        file = (root / path.parent / address).resolve()
        if file.is_relative_to(root) and file.is_file() and len(found) < MOST_FILES:
            found[address] = file
    return found
