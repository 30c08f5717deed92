"""Reading one file of an import, without the database."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from flask_babel import gettext
from markdown_it import MarkdownIt

from knowledge.content import ArticleContent
from knowledge.importing.front_matter import FileRefused, split_front_matter
from knowledge.importing.mapping import MAPPING, Fields, fields_of, unknown_names
from knowledge.rendering.document import LARGEST_BODY
from portal.core.files.content_types import ACCEPTED

SUFFIXES = (".md", ".markdown")
HTML_SUFFIXES = (".html", ".htm")
MOST_FILES = 200
_ATTACHED = "|".join(suffix[1:] for kind in ACCEPTED for suffix in kind.suffixes if suffix not in SUFFIXES)
# Anything that looks like the address of a file to bring along; whether it is one, the folder says.
_REFERENCE = re.compile(rf"""[^\s()<>"'\[\]|]+\.(?:{_ATTACHED})\b""", re.IGNORECASE)


@dataclass(frozen=True)
class ReadFile:
    """A file that can become an article."""

    # Where it stands in the folder, and under which path it is known: an HTML page under that of a Markdown file.
    given: str
    path: str
    fields: Fields
    body: str
    digest: str
    # Address in the text -> file on disk.
    attachments: dict[str, Path]
    # Names in the front matter that mean nothing here.
    ignored: tuple[str, ...]
    # Addresses of files that were too large to come along.
    left_out: tuple[str, ...] = ()


def find_files(folder: Path) -> list[PurePosixPath]:
    """Return the Markdown and HTML files of a folder in stable order; hidden folders and links that lead out are left alone."""
    return sorted(_walk(folder, PurePosixPath()))


def source_path(path: PurePosixPath) -> PurePosixPath:
    """Return the path a file is known by: an HTML page counts as the Markdown file that an export makes of it."""
    return path.with_suffix(".md") if path.name.lower().endswith(HTML_SUFFIXES) else path


def read_file(
    root: Path,
    path: PurePosixPath,
    *,
    root_name: str,
    language: str,
    options_digest: str,
    largest_file: int | None = None,
) -> ReadFile:
    """Read, check and digest a file. Pictures and attachments of more than ``largest_file`` bytes stay behind.

    Raises:
        FileRefused: it is empty, too large, not UTF-8, or its front matter is broken.
    """
    full = root / path
    if full.stat().st_size > LARGEST_BODY:
        raise FileRefused(
            gettext("The file is larger than %(limit)d kB. Split it into several articles.", limit=LARGEST_BODY // 1024)
        )
    content = full.read_bytes()
    front, body, notes = _html(root, path, content) if source_path(path) != path else _markdown(content)
    attachments = _attachments(root, path, body)
    left_out = _too_large(attachments, largest_file)
    for address in left_out:
        del attachments[address]
        notes += (
            gettext(
                "“%(name)s” is larger than %(limit)d MB and was left out.",
                name=address,
                limit=(largest_file or 0) // (1024 * 1024),
            ),
        )
    digest = hashlib.sha256(f"{MAPPING} {options_digest}\n".encode())
    digest.update(content)
    for address, file in attachments.items():
        digest.update(address.encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    known = source_path(path)
    fields = fields_of(front, body, known, root_name=root_name, language=language)
    fields = replace(fields, notes=fields.notes + notes)
    ignored = unknown_names(front)
    return ReadFile(str(path), str(known), fields, body, digest.hexdigest(), attachments, ignored, tuple(left_out))


def _too_large(attachments: dict[str, Path], largest: int | None) -> list[str]:
    if largest is None:
        return []
    return [address for address, file in attachments.items() if file.stat().st_size > largest]


def _markdown(content: bytes) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(
            gettext("The file is not UTF-8 (byte %(position)d). Save it as UTF-8.", position=error.start)
        ) from None
    front, body = split_front_matter(text.replace("\r\n", "\n"))
    if not body.strip():
        raise FileRefused(gettext("The file is empty."))
    notes = (gettext("Scripts in the text were left out."),) if _has_script(body) else ()
    return front, body, notes


def _html(root: Path, path: PurePosixPath, content: bytes) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    # Loaded with the first page: most imports have none.
    from knowledge.importing.html_page import read_html

    twins = [source_path(path), *([path.with_suffix(".html")] if path.suffix.lower() == ".htm" else [])]
    if twin := next((twin for twin in twins if (root / twin).exists()), None):
        raise FileRefused(gettext("%(path)s stands beside it and is taken instead.", path=twin))
    page = read_html(content)
    return page.front, page.body, page.notes


def _has_script(body: str) -> bool:
    """Whether the text holds a script as HTML; one shown as code is none. Rare, so it may cost a second reading."""
    if "<script" not in body.lower():
        return False
    tokens = MarkdownIt("commonmark").parse(body)
    pieces = [piece for token in tokens for piece in (token, *(token.children or ()))]
    return any(piece.type in ("html_block", "html_inline") and "<script" in piece.content.lower() for piece in pieces)


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
            elif entry.name.lower().endswith((*SUFFIXES, *HTML_SUFFIXES)):
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
