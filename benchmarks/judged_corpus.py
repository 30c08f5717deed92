"""Reads a folder of Markdown and a file of judged queries, for the benchmarks of search.

``read_corpus`` is the one place that decides how a file becomes a document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from knowledge.search.document import SearchDocument

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)
_HEADING = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class JudgedQuery:
    """A query and the documents that answer it."""

    text: str
    kind: str
    paths: tuple[str, ...]


def read_corpus(folder: Path) -> dict[str, SearchDocument]:
    """The Markdown files under a folder as documents, by their path in the folder, in a stable order."""
    documents = {}
    for number, file in enumerate(sorted(folder.rglob("*.md"))):
        path = file.relative_to(folder).as_posix()
        documents[path] = _document(number, path, file.read_text("utf-8", errors="replace"))
    return documents


def _document(number: int, path: str, text: str) -> SearchDocument:
    match = _FRONT_MATTER.match(text)
    values: Any = {}
    if match:
        try:
            values = yaml.load(match.group(1), Loader=_LOADER)
        except yaml.YAMLError:
            values = {}
    values = values if isinstance(values, dict) else {}
    body = text[match.end() :] if match else text
    heading = _HEADING.search(body)
    title = values.get("title") or (heading.group(1) if heading else Path(path).stem)
    return SearchDocument(
        id=number,
        title=str(title),
        summary=str(values.get("description") or ""),
        body=body,
        section=path.split("/", maxsplit=1)[0] if "/" in path else "",
        services=tuple(str(name) for name in _as_list(values.get("appliesto"))),
        tags=(*(str(name) for name in _as_list(values.get("tags"))), *path.split("/")[1:-1]),
        language=str(values.get("language") or "en"),
        updated_at=_time(values.get("ms.date")),
    )


def _as_list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    for pattern in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(str(value), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return datetime(1970, 1, 1, tzinfo=UTC)


def read_queries(file: Path) -> Iterator[JudgedQuery]:
    """The judged queries of a JSON lines file; a line has "path" or "paths", and may have a "kind"."""
    for line in file.read_text("utf-8").splitlines():
        if line.strip():
            values = json.loads(line)
            paths = values["paths"] if "paths" in values else [values["path"]]
            yield JudgedQuery(values["query"], values.get("kind") or "", tuple(paths))
