"""The project's own searches about the demo articles: no change may find less than this."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.importing.reading import find_files, read_file
from knowledge.search.document import Mode, SearchDocument
from knowledge.search.embedder import OnnxEmbedder
from knowledge.search.index import SearchIndex
from tests.knowledge.search.demo_queries import QUERIES
from tests.knowledge.search.engines import new_place

ARTICLES = Path("portal/demo/articles")
DEPTH = 10
# The mean reciprocal rank at 10 that each half and both together reach with every engine, less what processors round
# differently. Raise a floor when search gets better; what was measured stands in docs/search.md.
FLOORS: dict[Mode, dict[str, float]] = {
    Mode.KEYWORD: {"question": 0.74, "keywords": 0.94, "typo": 0.94, "exact": 0.94, "german": 0.82},
    Mode.SEMANTIC: {"question": 0.94, "keywords": 0.95, "typo": 0.94, "exact": 0.33, "german": 0.95},
    Mode.HYBRID: {"question": 0.95, "keywords": 0.97, "typo": 0.97, "exact": 0.97, "german": 0.95},
}


class RememberingEmbedder:
    """The real model, which reads each text once, however many engines ask for it."""

    def __init__(self, real: OnnxEmbedder) -> None:
        self._real = real
        self._known: dict[str, NDArray[np.float32]] = {}
        self.model_id, self.precision, self.dimensions = real.model_id, real.precision, real.dimensions

    def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._real.embed(new, threads), strict=True) if new else ())
        return np.stack([self._known[text] for text in texts])

    def known_words(self) -> frozenset[str]:
        return self._real.known_words()


def demo_documents(root: Path) -> dict[str, SearchDocument]:
    """The articles as the importer reads them."""
    documents = {}
    for number, path in enumerate(find_files(root)):
        file = read_file(root, path, root_name="articles", language="en", options_digest="", largest_file=10**7)
        documents[file.path] = SearchDocument(
            id=number,
            title=file.fields.title,
            body=file.body,
            summary=file.fields.summary,
            section=file.fields.section[-1],
            type=file.fields.type.value,
            tags=file.fields.tags,
            services=file.fields.services,
            language=file.fields.language,
        )
    return documents


@pytest.fixture(scope="session")
def documents(project_root: Path) -> dict[str, SearchDocument]:
    return demo_documents(project_root / ARTICLES)


@pytest.fixture(scope="session")
def remembering(embedder: OnnxEmbedder) -> RememberingEmbedder:
    return RememberingEmbedder(embedder)


@pytest.fixture(scope="session")
def demo_index(
    search_engine: str,
    documents: dict[str, SearchDocument],
    remembering: RememberingEmbedder,
    tmp_path_factory: pytest.TempPathFactory,
) -> SearchIndex:
    place = new_place(search_engine, tmp_path_factory.mktemp("demo") / "index")
    index = SearchIndex(place.open(), lambda: remembering)
    index.rebuild(documents.values())
    return index


def reciprocal_ranks(index: SearchIndex, documents: dict[str, SearchDocument], mode: Mode) -> dict[str, float]:
    """The mean reciprocal rank at 10 by kind."""
    means = {}
    for kind, queries in QUERIES.items():
        ranks = []
        for text, paths in queries.items():
            right = {documents[path].id for path in paths}
            found = [hit.document_id for hit in index.search(text, mode=mode, limit=DEPTH).hits]
            ranks.append(next((1 / rank for rank, number in enumerate(found, start=1) if number in right), 0.0))
        means[kind] = round(float(np.mean(ranks)), 3)
    return means


@pytest.mark.parametrize("mode", list(Mode))
def test_searches_find_no_less_than_before(
    demo_index: SearchIndex, documents: dict[str, SearchDocument], mode: Mode
) -> None:
    reached = reciprocal_ranks(demo_index, documents, mode)
    short = {kind: (reached[kind], floor) for kind, floor in FLOORS[mode].items() if reached[kind] < floor}
    assert not short, f"{mode}: reached and floor of {short}; all: {reached}"


def test_together_the_halves_find_no_less_than_the_better_one(
    demo_index: SearchIndex, documents: dict[str, SearchDocument]
) -> None:
    keyword, semantic, hybrid = (reciprocal_ranks(demo_index, documents, mode) for mode in Mode)
    better = {kind: max(keyword[kind], semantic[kind]) for kind in hybrid}
    # One article in a hundred queries may change its place where processors round differently.
    short = {kind: (hybrid[kind], better[kind]) for kind in hybrid if hybrid[kind] < better[kind] - 0.01}
    assert not short, f"hybrid and the better half: {short}"


def test_every_query_is_about_an_article_that_exists(documents: dict[str, SearchDocument]) -> None:
    named = {path for queries in QUERIES.values() for paths in queries.values() for path in paths}
    assert named <= set(documents)
    # Each article is asked for by somebody.
    assert set(documents) <= named
