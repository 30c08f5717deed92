"""The feed and the register of known errors: lists that follow the rules of reading."""

import xml.etree.ElementTree as ET

import pytest

from knowledge.enums import ArticleType
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_service, make_user
from tests.factories.knowledge import make_article

ATOM = "{http://www.w3.org/2005/Atom}"


def test_the_feed_holds_what_everyone_may_read(client: CheckingClient) -> None:
    make_article("Public & open", summary="a < b")
    make_article("For agents", audience=("agents",))
    make_article("Draft", published=False)
    client.sign_in(make_user("agent"))
    response = client.get("/articles/feed.atom")
    assert response.mimetype == "application/atom+xml"
    feed = ET.fromstring(response.data)
    assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == ["Public & open"]


def test_an_empty_feed_is_a_feed(client: CheckingClient) -> None:
    assert (
        ET.fromstring(client.get("/articles/feed.atom").data).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"
    )


@pytest.mark.parametrize("path", ["/known-errors", "/articles/feed.atom"])
def test_the_number_of_queries_does_not_grow(client: CheckingClient, path: str) -> None:
    make_service("Mail", key="mail")
    counts = []
    for _ in range(3):
        make_article(kind=ArticleType.KNOWN_ERROR, services=("mail",))
        with count_queries() as counted:
            client.get(path)
        counts.append(len(counted))
    assert counts[0] == counts[-1] <= 9, counted.statements
