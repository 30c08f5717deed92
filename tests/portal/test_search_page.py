"""The search page: narrowing, sorting, and what to do when nothing was found."""

import pytest
from flask import Flask

from knowledge.enums import ArticleType
from knowledge.indexing.opening import search_index
from portal.core.db import db
from portal.directory.api import Service
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_team
from tests.factories.knowledge import make_article, make_section
from tests.knowledge.tuning.searching import found, index_all


@pytest.fixture
def reader(app: Flask, client: CheckingClient, clock: HeldClock) -> CheckingClient:
    search_index().rebuild(())
    team = make_team()
    db.session.add_all([Service(key="vpn", name="VPN", owner_team_id=team.id),
                        Service(key="wifi", name="Wi-Fi", owner_team_id=team.id)])  # fmt: skip
    db.session.commit()
    network, mail = make_section("Network"), make_section("Mail")
    make_article("Connect by cable", body="Tunnel and line.", section=network, services=("vpn",))
    clock.forward(days=60)
    make_article(
        "Why the tunnel closes", body="Tunnel and tunnel.", section=network, services=("wifi",), kind=ArticleType.FAQ
    )
    clock.forward(days=60)
    make_article("Den Tunnel öffnen", body="Der Tunnel und die Leitung.", section=mail, language="de")
    index_all()
    return client


@pytest.mark.parametrize(
    ("narrowed", "left"),
    [
        ({}, 3),
        ({"type": "faq"}, 1),
        ({"service": "VPN"}, 1),
        ({"section": "Network"}, 2),
        ({"language": "de"}, 1),
        ({"updated": "month"}, 1),
        ({"updated": "quarter"}, 2),
        ({"updated": "year"}, 3),
        ({"updated": "nonsense"}, 3),
        ({"section": "Network", "type": "faq"}, 1),
    ],
)
def test_results_are_narrowed(reader: CheckingClient, narrowed: dict[str, str], left: int) -> None:
    assert len(found(reader, "tunnel", **narrowed)) == left


def test_links_of_the_page_keep_what_the_address_says_and_take_nothing_of_it_as_an_order(
    reader: CheckingClient,
) -> None:
    text = reader.get("/search?q=tunnel&endpoint=a&_external=1&_anchor=b&type=how_to&type=faq").text
    assert (
        'href="/search?q=tunnel&amp;endpoint=a&amp;_external=1&amp;_anchor=b&amp;type=how_to&amp;type=faq&amp;' in text
    )


def test_each_way_to_narrow_is_offered_and_taken_back(reader: CheckingClient) -> None:
    text = reader.get("/search?q=tunnel").text
    for words in ("Kind", "Subject", "Service", "Language", "Updated"):
        assert f">{words}</h2>" in text
    assert "updated=month" in text
    text = reader.get("/search?q=tunnel&updated=month").text
    assert 'href="/search?q=tunnel"' in text
    assert "Clear the filters" in reader.get("/search?q=tunnel&type=known_error").text


def test_results_are_sorted_by_fit_or_by_date(reader: CheckingClient) -> None:
    assert found(reader, "tunnel", sort="date") == ["Den Tunnel öffnen", "Why the tunnel closes", "Connect by cable"]
    assert found(reader, "tunnel closes")[0] == "Why the tunnel closes"


def test_when_nothing_is_found_the_page_leads_on(reader: CheckingClient) -> None:
    text = reader.get("/search?q=zyzzyva+qwertzui+xylograph+cable+plumbus+frobnicator+grumbo+dinglebop+schleem").text
    assert "Nothing was found" in text
    assert 'href="/search?q=cable"' in text
    assert "/ask?text=zyzzyva" in text
    assert 'href="/articles"' in text
    assert "noted without your name" in text


def test_a_correction_is_said_and_can_be_taken_back(reader: CheckingClient) -> None:
    text = reader.get("/search?q=tunnle").text
    assert "<strong>tunnel</strong>" in text
    assert "exact=1" in text
    assert found(reader, "tunnle", exact="1") == []


@pytest.mark.parametrize(
    "query",
    ["", "a", "x" * 10_000, "the of and", "AND OR NOT", '"unbalanced', "🎉🎉🎉", "مرحبا بالعالم", "'; DROP TABLE article; --",
     "title:* OR *:*", "*" * 400, "????", "[a TO z]^9~2", "\x00\x01", "%00%ff", "<script>alert(1)</script>"],
)  # fmt: skip
def test_no_text_breaks_the_page_or_the_suggestions(reader: CheckingClient, query: str) -> None:
    assert reader.get("/search", query_string={"q": query}).status_code == 200
    assert reader.get("/search/suggest", query_string={"q": query}).status_code == 200
