from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.search.embedder import Embedder, OnnxEmbedder
from knowledge.search.index import SearchIndex
from tests.knowledge.search.corpus import CORPUS
from tests.knowledge.search.engines import FOLDER_ENGINES, POSTGRES_ENGINES, Place, new_place


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


@pytest.fixture(scope="session")
def embedder(model_cache: Path) -> OnnxEmbedder:
    return OnnxEmbedder(model_cache)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what asks for ``search_engine`` on every engine; those on PostgreSQL when the run includes PostgreSQL."""
    if "search_engine" in metafunc.fixturenames:
        with_postgresql = "postgresql" in metafunc.config.getoption("engines").split(",")
        kinds = (*FOLDER_ENGINES, *(POSTGRES_ENGINES if with_postgresql else ()))
        metafunc.parametrize("search_engine", kinds, scope="session")


@pytest.fixture
def place(tmp_path: Path, search_engine: str) -> Place:
    """Where the index of one test lies."""
    return new_place(search_engine, tmp_path / "index")


@pytest.fixture
def make_index(place: Place, embedder: Embedder) -> Callable[..., SearchIndex]:
    """Opens an index of the test's own; every index of one test shares its place."""

    def make(**values: object) -> SearchIndex:
        return SearchIndex(place.open(), lambda: embedder, **values)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def corpus_index(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, search_engine: str) -> SearchIndex:
    """The corpus, indexed once; tests must not change it."""
    place = new_place(search_engine, tmp_path_factory.mktemp("corpus") / "index")
    index = SearchIndex(place.open(), lambda: embedder)
    index.rebuild(CORPUS)
    return index
