"""What is near to a reader stands a little higher among what fits about equally well, and moves nothing else."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.search.document import Favour, Favoured, Mode, Sort
from knowledge.search.index import SearchIndex
from knowledge.search.ranking import FAVOUR
from tests.knowledge.search.corpus import CORPUS, document

SERVICES = sorted({service for one in CORPUS for service in one.services})


def test_of_two_alike_the_one_about_my_service_comes_first(make_index: Callable[..., SearchIndex]) -> None:
    index = make_index()
    text = "Open the settings and choose the line."
    index.rebuild([document(1, "Set up the line", text, services=("Radio",)),
                   document(2, "Set up the lines", text, services=("Telephone",))])  # fmt: skip
    for service, first in (("Radio", 1), ("Telephone", 2)):
        hits = index.search("set up line", favoured=Favoured(services=frozenset({service}))).hits
        assert hits[0].document_id == first
        assert [hit.favour for hit in hits] == [Favour.SERVICE, None][: len(hits)]


def test_what_is_meant_for_my_role_counts_too_and_never_beyond_my_rights(
    make_index: Callable[..., SearchIndex],
) -> None:
    index = make_index()
    index.rebuild([document(1, "Close the till", "Count the money.", audience=frozenset({"role:cashier"})),
                   document(2, "Open the till", "Count the money.")])  # fmt: skip
    near = Favoured(audiences=frozenset({"role:cashier"}))
    hits = index.search("till money", audience=["role:cashier"], favoured=near).hits
    assert (hits[0].document_id, hits[0].favour) == (1, Favour.AUDIENCE)
    assert [hit.document_id for hit in index.search("till money", favoured=near).hits] == [2]


def test_the_order_by_date_knows_no_favour(corpus_index: SearchIndex) -> None:
    near = Favoured(services=frozenset(SERVICES[:1]))
    plain, favoured = (
        corpus_index.search("mail password printer", sort=Sort.DATE, favoured=one).hits for one in (None, near)
    )
    assert [hit.document_id for hit in plain] == [hit.document_id for hit in favoured]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    query=st.lists(
        st.sampled_from(["password", "printer", "mail", "offline", "network", "calendar", "vpn", "error", "send"]),
        min_size=1,
        max_size=4,
        unique=True,
    ).map(" ".join),
    services=st.sets(st.sampled_from(SERVICES)),
    mode=st.sampled_from([Mode.HYBRID, Mode.KEYWORD]),
)
def test_favour_never_lifts_past_what_fits_clearly_better(
    corpus_index: SearchIndex, query: str, services: set[str], mode: Mode
) -> None:
    near = Favoured(services=frozenset(services))
    plain = corpus_index.search(query, mode=mode, limit=50).hits
    favoured = corpus_index.search(query, mode=mode, limit=50, favoured=near).hits
    assert {hit.document_id for hit in plain} == {hit.document_id for hit in favoured}
    total = {hit.document_id: sum(hit.parts.values()) for hit in plain}
    place = {hit.document_id: rank for rank, hit in enumerate(favoured)}
    for (better, high), (worse, low) in permutations(total.items(), 2):
        if high - low > FAVOUR + 1e-3:
            assert place[better] < place[worse]
    # Among those that are near, and among those that are not, nothing moves.
    for favour in (True, False):
        kept = [hit.document_id for hit in plain if bool(near.of(hit.services, ())) is favour]
        assert kept == [hit.document_id for hit in favoured if hit.document_id in kept]


@pytest.mark.parametrize("near", [None, Favoured()])
def test_without_anything_near_nothing_changes(corpus_index: SearchIndex, near: Favoured | None) -> None:
    plain = corpus_index.search("reset the password").hits
    other = corpus_index.search("reset the password", favoured=near).hits
    assert [hit.document_id for hit in plain] == [hit.document_id for hit in other]
    assert np.allclose([hit.score for hit in plain], [hit.score for hit in other])
