"""The application's search index and the model behind it."""

from __future__ import annotations

import gc
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flask import current_app, has_request_context

from knowledge.search.prepared import is_prepared
from portal.core.db import db
from portal.core.memory import give_back_memory

if TYPE_CHECKING:
    from knowledge.search.embedder import Embedder
    from knowledge.search.engine import SearchEngine
    from knowledge.search.fuse import Fusion
    from knowledge.search.index import SearchIndex
    from portal.core.settings import Settings

_opening = Lock()


def search_index() -> SearchIndex:
    """Return the index of the current application; one object serves all threads."""
    return _opened("knowledge_search_index", with_model=True)


def index_of_words() -> SearchIndex:
    """Return the same index without the model: what it adds can be found by its words at once."""
    return _opened("knowledge_search_index_of_words", with_model=False)


def prepare_model() -> None:
    """Write the model's graph when it is not there yet: many seconds, so the worker does it before anybody asks."""
    settings: Settings = current_app.extensions["portico_settings"]
    if settings.semantic_search and not is_prepared(settings.data_dir / "models"):
        search_index().warm()


def release_index() -> None:
    """Give back the memory of engine and model; the next call of ``search_index`` opens them again."""
    with _opening:
        keys = ("knowledge_search_index", "knowledge_search_index_of_words", "knowledge_search_engine")
        released = [current_app.extensions.pop(key, None) for key in keys]
    if any(released):
        del released
        gc.collect()
        give_back_memory()


def _opened(key: str, *, with_model: bool) -> SearchIndex:
    with _opening:
        if key not in current_app.extensions:
            # The engine brings numerics that take some thirty megabytes: only processes that search load it.
            from knowledge.search.index import SearchIndex

            settings: Settings = current_app.extensions["portico_settings"]
            wants_model = with_model and settings.semantic_search
            open_model = (lambda: _open_model(settings)) if wants_model else None
            # Both look at one engine, so that what it holds in memory is held once.
            if "knowledge_search_engine" not in current_app.extensions:
                current_app.extensions["knowledge_search_engine"] = _open_engine(settings)
            engine = current_app.extensions["knowledge_search_engine"]
            current_app.extensions[key] = SearchIndex(engine, open_model, fusion=_weights(settings))
    index: SearchIndex = current_app.extensions[key]
    return index


def weights_problem() -> str | None:
    """Tell why the weights of the settings do not hold; None when they do, or when there are none."""
    problem: str | None = current_app.extensions.get("knowledge_search_weights")
    return problem


def _weights(settings: Settings) -> Fusion:
    """The weights that the settings name; those that ship where these cannot be read."""
    from knowledge.search import fuse  # Loaded by the first search, as the engine below.

    current_app.extensions.pop("knowledge_search_weights", None)
    if settings.search_weights:
        try:
            return fuse.Fusion.load(Path(settings.search_weights))
        except (OSError, ValueError) as error:
            current_app.extensions["knowledge_search_weights"] = str(error)
    return fuse.DEFAULT


def _open_engine(settings: Settings) -> SearchEngine:
    """The index lies where the articles lie: in the data folder beside SQLite, or in PostgreSQL for all nodes."""
    # Loaded by the first search, as the facade above.
    if settings.uses_sqlite:
        from knowledge.search.embedded import EmbeddedEngine
        from knowledge.search.keyword_engines import keyword_engine

        return EmbeddedEngine(settings.data_dir / "index", keyword_engine(settings.search_keyword_engine))
    from knowledge.search.postgresql.engine import PostgresEngine

    return PostgresEngine(db.engine)


def _open_model(settings: Settings) -> Embedder:
    # Loaded by the first search, as the engine above.
    from knowledge.search.embedder import ModelUnavailable, OnnxEmbedder

    folder = settings.data_dir / "models"
    if has_request_context() and not is_prepared(folder):
        # Writing the graph takes many seconds: the worker does that at its start, and nobody waits for it.
        raise ModelUnavailable("The model is being prepared by the worker; until then search goes by words.")
    return OnnxEmbedder(folder)
