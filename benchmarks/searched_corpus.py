"""A portal of its own in a temporary folder, with a corpus in it, and the judged queries about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from knowledge.api import ImportOptions, import_folder
from knowledge.models import ArticleSource
from portal.app import create_app
from portal.core.db import db
from portal.core.settings import load_settings
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class JudgedQuery:
    """A query and the documents that answer it."""

    text: str
    kind: str
    paths: tuple[str, ...]


@contextmanager
def portal_with(
    corpus: Path,
    folder: Path,
    *,
    database_url: str = "",
    keyword_engine: str = "whoosh",
    models: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Flask, dict[str, int]]]:
    """Import a folder as everybody does, readable for everyone; gives the application and the article of each path.

    :param models: where the prepared model is kept between runs; beside the data by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if models:
        models.mkdir(parents=True, exist_ok=True)
        (folder / "models").symlink_to(models.resolve())
    settings = load_settings(
        data_dir=folder, database_url=database_url, search_keyword_engine=keyword_engine, log_level="error"
    )
    migrate(make_engine(settings))
    app = create_app(settings)
    with app.app_context():
        options = ImportOptions(audience=("public",), collection="benchmark")
        for refused in import_folder(corpus, options, progress=progress).refused():
            print(f"not imported: {refused.path}: {refused.reason}")
        sources = db.session.scalars(sa.select(ArticleSource)).all()
        articles = {source.path: source.article_id for source in sources}
        db.session.close()
        yield app, articles
        db.session.rollback()
        db.engine.dispose()


def read_queries(file: Path) -> Iterator[JudgedQuery]:
    """The judged queries of a JSON lines file; a line has "path" or "paths", and may have a "kind"."""
    for line in file.read_text("utf-8").splitlines():
        if line.strip():
            values = json.loads(line)
            paths = values["paths"] if "paths" in values else [values["path"]]
            yield JudgedQuery(values["query"], values.get("kind") or "", tuple(paths))
