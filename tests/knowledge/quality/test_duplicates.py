"""Articles that say nearly the same: listed for those who can do something about it, compared, one retired."""

import pytest

from knowledge.models import Article, ArticleNeighbour
from knowledge.queries.articles import SAME
from portal.core.db import db
from portal.directory.models import User
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article


@pytest.fixture
def owner(app: object) -> User:
    return make_user("knowledge_owner")


def near(one: Article, other: Article, similarity: float = 0.97, *, both_ways: bool = True) -> None:
    for left, right in ((one, other), (other, one)) if both_ways else ((other, one),):
        row = ArticleNeighbour(article_id=left.id, is_draft=False, other_id=right.id, similarity=similarity)
        db.session.add(row)
    db.session.commit()


def test_each_pair_stands_once_and_leads_to_the_comparison(client: CheckingClient, owner: User) -> None:
    one, other = make_article("VPN drops", body="Restart the router."), make_article("Tunnel lost", body="Restart it.")
    third, fourth = make_article("Mail full"), make_article("Mailbox full")
    near(one, other)
    near(third, fourth, SAME - 0.01)
    near(fourth, one, both_ways=False)
    client.sign_in(owner)
    text = client.get("/knowledge/duplicates").text
    assert text.count("97 %") == 2
    assert text.count(f'href="/knowledge/duplicates/{one.id}/{other.id}"') == 1
    assert "<html" not in client.htmx("/knowledge/duplicates").text
    assert "2 pairs of articles say nearly the same" in client.get("/knowledge/health").text
    path = f"/knowledge/duplicates/{one.id}/{other.id}"
    compared = client.get(path).text
    assert "Retire this one, lead to the other" in compared
    assert "Restart" in client.htmx(f"{path}?view=inline").text
    retire = f"/articles/{one.id}/retire?successor={other.id}"
    assert retire in compared
    assert f'value="/articles/{other.id}/{other.slug}"' in client.get(retire).text
    client.post(f"/articles/{one.id}/retire", data={"reason": "Doubled", "successor": f"/articles/{other.id}"})
    assert client.get(f"/articles/{one.id}/{one.slug}").location == f"/articles/{other.id}/{other.slug}"
    assert client.get(path).status_code == 404
    assert "VPN drops" not in client.get("/knowledge/duplicates").text


def test_without_any_the_page_says_so(client: CheckingClient, owner: User) -> None:
    client.sign_in(owner)
    assert "No two articles say the same" in client.get("/knowledge/duplicates").text
    assert "nearly the same</a></p>" not in client.get("/knowledge/health").text


def test_who_sees_it(client: CheckingClient, owner: User) -> None:
    team = make_team()
    mine, open_one = make_article("Mine", owner_team=team), make_article("Open", owner_team=make_team())
    hidden = make_article("Hidden", audience=("role:auditor",), owner_team=make_team())
    near(mine, open_one)
    near(mine, hidden)
    near(open_one, hidden)
    for path in ("/knowledge/duplicates", f"/knowledge/duplicates/{mine.id}/{open_one.id}"):
        assert client.get(path).status_code == 303
        client.sign_in(make_user())
        assert client.get(path).status_code == 403
        client.sign_in(make_user("knowledge_owner", team=team))
        assert client.get(path).status_code == 200
        client = client.application.test_client()  # type: ignore[assignment]
    client.sign_in(make_user("knowledge_owner", team=team))
    text = client.get("/knowledge/duplicates").text
    assert ("Open" in text, "Hidden" in text) == (True, False)
    assert client.get(f"/knowledge/duplicates/{mine.id}/{hidden.id}").status_code == 404
    compared = client.get(f"/knowledge/duplicates/{mine.id}/{open_one.id}").text
    assert compared.count("Retire this one") == 1, "only one's own"


def test_the_number_of_queries_does_not_grow(client: CheckingClient, owner: User) -> None:
    client.sign_in(owner)
    counts = []
    for _ in range(3):
        near(make_article(), make_article())
        with count_queries() as counted:
            client.get("/knowledge/duplicates")
        counts.append(len(counted))
    assert counts[0] == counts[-1], counted.statements
