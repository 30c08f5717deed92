"""The documents closest in meaning to one, on every engine."""

from __future__ import annotations

from collections.abc import Callable

from knowledge.search.document import SearchDocument
from knowledge.search.index import SearchIndex

VPN = "The connection to the company network over VPN drops every few minutes. Restart the router and try a cable."
VPN_TOO = "When the VPN connection to the company network drops, restart the router and connect with a cable."
MAIL = "Outlook asks for the password again and again. Remove the saved password and sign in to mail anew."
PRINTER = "The printer shows a paper jam although there is no paper in it. Open the cover and clean the sensor."


def document(number: int, body: str, *audience: str, language: str = "en") -> SearchDocument:
    return SearchDocument(
        id=number, title=f"Document {number}", body=body, language=language, audience=frozenset(audience or ("public",))
    )


def test_the_closest_come_first(make_index: Callable[..., SearchIndex]) -> None:
    index = make_index()
    index.add([document(1, VPN), document(2, MAIL), document(3, VPN_TOO), document(4, PRINTER)])
    found = index.nearest(1, audiences=["public"])
    assert found
    assert found[0].document_id == 3
    assert found[0].similarity > 0.8 > found[1].similarity
    assert 1 not in {one.document_id for one in found}
    assert index.nearest(99, audiences=["public"]) is None
    assert index.nearest(1, audiences=[]) == ()


def test_each_audience_has_its_own_nearest_and_hidden_ones_take_no_place(
    make_index: Callable[..., SearchIndex],
) -> None:
    index = make_index()
    index.add([
        document(1, VPN), document(2, VPN_TOO, "role:auditor"), document(3, VPN_TOO, "role:auditor"), document(4, MAIL),
        document(5, PRINTER, "agents"),
    ])  # fmt: skip
    public = index.nearest(1, audiences=["public"], limit=1)
    assert public is not None
    assert [one.document_id for one in public] == [4]
    both = index.nearest(1, audiences=["public", "role:auditor"], limit=1)
    assert both is not None
    # Of two that say the same the first; and still the one everybody sees.
    assert {one.document_id for one in both} == {2, 4}


def test_other_languages_and_removed_documents_are_no_neighbours(make_index: Callable[..., SearchIndex]) -> None:
    index = make_index()
    index.add([document(1, VPN), document(2, VPN_TOO, language="de"), document(3, VPN_TOO), document(4, MAIL)])
    index.remove([3])
    found = index.nearest(1, audiences=["public"])
    assert found is not None
    assert [one.document_id for one in found] == [4]


def test_a_draft_is_compared_without_being_in_the_index(make_index: Callable[..., SearchIndex]) -> None:
    index = make_index()
    index.add([document(1, VPN), document(2, MAIL)])
    found = index.nearest(document(7, VPN_TOO), audiences=["public"], limit=1)
    assert found is not None
    assert [one.document_id for one in found] == [1]
    assert index.nearest(document(1, VPN), audiences=["public"], limit=1)[0].document_id == 2  # type: ignore[index]
    assert index.nearest(document(8, VPN, language="fr"), audiences=["public"]) == ()


def test_documents_without_vectors_have_no_neighbours_yet(
    place: object, make_index: Callable[..., SearchIndex]
) -> None:
    words_only = SearchIndex(place.open(), None)  # type: ignore[attr-defined]
    words_only.add([document(1, VPN), document(2, MAIL)])
    assert words_only.nearest(1, audiences=["public"]) is None
    assert words_only.nearest(document(9, VPN), audiences=["public"]) is None
    index = make_index()
    index.reembed()
    assert index.nearest(1, audiences=["public"])
    # What stands beside needs no model, only the vectors.
    assert SearchIndex(place.open(), None).nearest(1, audiences=["public"])  # type: ignore[attr-defined]


def test_an_empty_index_answers(make_index: Callable[..., SearchIndex]) -> None:
    index = make_index()
    assert index.nearest(1, audiences=["public"]) is None
    assert index.nearest(document(1, VPN), audiences=["public"]) == ()
