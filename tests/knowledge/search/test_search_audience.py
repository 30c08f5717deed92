"""Nobody finds, counts or can infer what they may not read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.search.document import Filters, Mode, Results, Sort
from knowledge.search.embedder import Embedder
from knowledge.search.index import SearchIndex
from tests.knowledge.search.corpus import CORPUS, document
from tests.knowledge.search.engines import new_place

SECRET = document(
    100,
    "Xylophonic merger of the printer department",
    "The xylophonic merger closes the printer department. Printer offline offline offline. Code 0xDEADBEEF.",
    section="Board",
    type="memo",
    services=("Boardroom",),
    language="fr",
    audience=frozenset({"role:board"}),
)
QUERIES = (
    "xylophonic merger of the printer department",
    "xylophonik",
    "0xDEADBEEF",
    "Printer shows offline",
    "closing of departments",
    '"printer department"',
)


def bare(results: Results) -> Results:
    results.timings_ms.clear()
    return results


@pytest.fixture
def without(tmp_path: Path, embedder: Embedder, search_engine: str) -> SearchIndex:
    """An index that never held the secret."""
    index = SearchIndex(new_place(search_engine, tmp_path / "without").open(), lambda: embedder)
    index.add(CORPUS)
    return index


@pytest.fixture(params=["one segment", "own segment", "was public"])
def having(request: pytest.FixtureRequest, make_index: Callable[..., SearchIndex]) -> SearchIndex:
    """An index that holds the secret, come in by different ways."""
    index = make_index()
    if request.param == "one segment":
        index.add([*CORPUS, SECRET])
    elif request.param == "own segment":
        index.add(CORPUS)
        index.add([SECRET])
    else:
        index.add([*CORPUS, document(100, SECRET.title, SECRET.body, section="Board", type="memo", language="fr")])
        index.add([SECRET])
    return index


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("query", QUERIES)
def test_a_hidden_document_leaves_no_trace(having: SearchIndex, without: SearchIndex, query: str, mode: Mode) -> None:
    for sort in Sort:
        assert bare(having.search(query, mode=mode, sort=sort)) == bare(without.search(query, mode=mode, sort=sort))
    assert bare(having.search(query, mode=mode, promoted=[100])) == bare(without.search(query, mode=mode))


@pytest.mark.parametrize("query", QUERIES)
def test_the_hidden_document_comes_first_for_those_who_may_read_it(having: SearchIndex, query: str) -> None:
    results = having.search(query, audience={"role:board"})
    assert 100 in [hit.document_id for hit in results.hits][:2]


def test_no_facet_or_filter_tells_of_it(having: SearchIndex) -> None:
    facets = having.search("printer department merger").facets
    assert not {"Board", "memo", "Boardroom", "fr"} & {value for values in facets.values() for value in values}
    assert having.search("printer", filters=Filters(sections=frozenset({"Board"}))).total == 0


@pytest.mark.parametrize("typed", ["xylo", "merg", "printer dep", "xilophonic"])
def test_no_suggestion_tells_of_it(having: SearchIndex, typed: str) -> None:
    assert having.suggest(typed) == ()
    assert 100 in [s.document_id for s in having.suggest(typed, audience=["role:board"])]


def test_an_empty_audience_hides_from_everyone(make_index: Callable[..., SearchIndex]) -> None:
    index = make_index()
    index.add([document(1, "Printer", audience=frozenset())])
    assert index.search("printer", audience={"role:board", "everyone", ""}).total == 0


def test_a_near_duplicate_that_is_hidden_is_not_named(make_index: Callable[..., SearchIndex]) -> None:
    body = " ".join(f"Step {n}: press the button number {n * 7} on the panel of the scanner." for n in range(30))
    index = make_index()
    index.add([document(1, "Scanner", body), document(2, "Scanner", body, audience=frozenset({"role:board"}))])
    results = index.search("scanner panel")
    assert [(hit.document_id, hit.similar) for hit in results.hits] == [(1, ())]
    assert results.total == 1
