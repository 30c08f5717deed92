from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.search.embedder import Embedder, OnnxEmbedder
from knowledge.search.index import SearchIndex
from knowledge.search.keyword import KeywordEngine
from knowledge.search.keyword_engines import keyword_engine
from tests.knowledge.search.corpus import CORPUS


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@pytest.fixture(scope="session")
def embedder(model_cache: Path) -> OnnxEmbedder:
    return OnnxEmbedder(model_cache)


@pytest.fixture(
    params=["whoosh", "tantivy"],
    scope="session",
)
def engine(request: pytest.FixtureRequest) -> KeywordEngine:
    return keyword_engine(request.param)


@pytest.fixture
def make_index(tmp_path: Path, embedder: Embedder, engine: KeywordEngine) -> Callable[..., SearchIndex]:
    """Opens an index in a folder of its own; every index of one test shares it."""

    def make(**values: object) -> SearchIndex:
        return SearchIndex(tmp_path / "index", lambda: embedder, **{"engine": engine, **values})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def corpus_index(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, engine: KeywordEngine) -> SearchIndex:
    """The corpus, indexed once; tests must not change it."""
    index = SearchIndex(tmp_path_factory.mktemp("corpus") / "index", lambda: embedder, engine=engine)
    index.rebuild(CORPUS)
    return index
