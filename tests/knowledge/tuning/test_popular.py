"""Searches that helped others are offered while somebody types, and tell nobody of what they may not read."""

import pytest
from flask import Flask

from knowledge.tuning import popular
from knowledge.tuning.tasks import find_popular_searches
from portal.core.gathering import write_gathered
from portal.core.web.visit import COOKIE
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import index_all, results


def offered(client: CheckingClient, typed: str) -> list[str]:
    return [item["title"] for item in client.get(f"/search/suggest?q={typed}").json or ()]


def search_and_open(client: CheckingClient, query: str, visits: int, *, opening: bool = True) -> None:
    for _ in range(visits):
        client.delete_cookie(COOKIE)
        addresses = results(client, query)
        if opening:
            client.get(addresses[0][0])
    write_gathered()


def renew(app: Flask) -> None:
    find_popular_searches()
    app.extensions.pop(popular.EXTENSION, None)


@pytest.fixture
def reader(indexed: Flask, client: CheckingClient) -> CheckingClient:
    make_article("Connect to the office network", body="Choose the wireless network from the list.")
    make_article("Secret project Falcon", body="The falcon network is for few.", audience=("agents",))
    index_all()
    return client


def test_what_helped_several_visits_is_offered(indexed: Flask, reader: CheckingClient) -> None:
    search_and_open(reader, "wireless list", 3)
    search_and_open(reader, "wireless choose", 2)
    search_and_open(reader, "wireless from", 5, opening=False)
    renew(indexed)
    assert offered(reader, "wirel") == ["wireless list"]
    assert offered(reader, "lis")[0] == "wireless list"
    assert offered(reader, "wireless list") == []
    address = (reader.get("/search/suggest?q=wirel").json or [])[0]["url"]
    assert address == "/search?q=wireless+list"


def test_offering_takes_no_query_once_the_list_is_held(indexed: Flask, reader: CheckingClient) -> None:
    search_and_open(reader, "wireless list", 3)
    renew(indexed)
    offered(reader, "wirel")
    with count_queries() as counted:
        assert offered(reader, "wirel") == ["wireless list"]
    assert not [statement for statement in counted.statements if "popular" in statement]


def test_nobody_learns_of_what_they_may_not_read(indexed: Flask, reader: CheckingClient) -> None:
    reader.sign_in(make_user("agent"))
    search_and_open(reader, "falcon few", 4)
    # The words tell, although the article that was opened is open to all.
    search_and_open(reader, "wireless falcon list", 4)
    renew(indexed)
    assert offered(reader, "falc")[0] == "falcon few"
    reader.post("/sign-out")
    assert offered(reader, "falc") == []
    assert offered(reader, "wirel") == []


def test_what_was_masked_is_not_offered(indexed: Flask, reader: CheckingClient) -> None:
    search_and_open(reader, "wireless network list 0891234567", 4)
    renew(indexed)
    assert offered(reader, "wirel") == []


def test_a_title_comes_after_the_searches_and_the_list_is_short(indexed: Flask, reader: CheckingClient) -> None:
    for number in range(9):
        make_article(f"Office rules {number}")
    index_all()
    search_and_open(reader, "office network list", 3)
    renew(indexed)
    shown = offered(reader, "offi")
    assert shown[0] == "office network list"
    assert len(shown) == 8
