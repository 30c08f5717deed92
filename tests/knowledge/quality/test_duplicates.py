"""Articles that say nearly the same: listed for those who can do something about it, compared, one retired."""

import pytest
import sqlalchemy as sa

from knowledge.models import Article, ArticleNeighbour, ArticlePairApart
from knowledge.queries.articles import SAME, list_duplicates
from portal.core.audit.models import AuditEvent
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
    apart = []
    for _ in range(3):
        one, other = make_article(), make_article()
        near(one, other)
        client.post(f"/knowledge/duplicates/{one.id}/{other.id}/apart")
        with count_queries() as counted:
            client.get("/knowledge/duplicates?list=apart")
        apart.append(len(counted))
    assert apart[0] == apart[-1], counted.statements


def test_an_owner_calls_two_different_and_undoes_it(client: CheckingClient, owner: User) -> None:
    one, other = make_article("On Windows", body="Restart it."), make_article("On a Mac", body="Restart it.")
    near(one, other)
    client.sign_in(owner)
    path = f"/knowledge/duplicates/{one.id}/{other.id}"
    assert "These two are not the same" in client.get(path).text
    for _ in range(2):
        assert client.post(f"{path}/apart").location == "/knowledge/duplicates"
    assert "On Windows" not in client.get("/knowledge/duplicates").text
    apart = client.get("/knowledge/duplicates?list=apart").text
    assert ("On Windows" in apart, owner.display_name in apart) == (True, True)
    assert "nearly the same</a></p>" not in client.get("/knowledge/health").text
    assert not list_duplicates(one, owner)
    assert f"{owner.display_name} called these two different" in client.get(path).text
    for _ in range(2):
        assert client.post(f"/knowledge/duplicates/{other.id}/{one.id}/together").status_code == 303
    assert "On Windows" in client.get("/knowledge/duplicates").text
    assert "No pair was called different" in client.get("/knowledge/duplicates?list=apart").text
    query = (
        sa.select(AuditEvent.action).where(AuditEvent.action.like("knowledge.article.told%")).order_by(AuditEvent.id)
    )
    # Each once, however often it was sent.
    assert list(db.session.scalars(query)) == ["knowledge.article.told_apart", "knowledge.article.told_apart_undone"]


@pytest.mark.parametrize(
    ("then", "now", "listed"), [(0.94, 0.96, False), (0.94, 0.975, True), (1.0, 1.0, False), (0.99, 0.94, False)]
)
def test_a_pair_comes_back_when_less_than_half_of_what_told_them_apart_is_left(
    client: CheckingClient, owner: User, then: float, now: float, listed: bool
) -> None:
    one, other = make_article("On Windows"), make_article("On a Mac")
    near(one, other, then)
    client.sign_in(owner)
    client.post(f"/knowledge/duplicates/{one.id}/{other.id}/apart")
    db.session.execute(sa.update(ArticleNeighbour).values(similarity=now))
    db.session.commit()
    assert ("On Windows" in client.get("/knowledge/duplicates").text) is listed
    assert ("On Windows" in client.get("/knowledge/duplicates?list=apart").text) is not listed
    if listed:
        client.post(f"/knowledge/duplicates/{one.id}/{other.id}/apart")
        assert "On Windows" not in client.get("/knowledge/duplicates").text


def test_who_may_call_two_different(client: CheckingClient) -> None:
    team = make_team()
    mine, theirs = make_article("Mine", owner_team=team), make_article("Theirs", owner_team=make_team())
    third, far = make_article("Third", owner_team=make_team()), make_article("Far", owner_team=team)
    near(mine, theirs)
    near(theirs, third)
    path = f"/knowledge/duplicates/{mine.id}/{theirs.id}"
    for act in ("apart", "together"):
        assert client.post(f"{path}/{act}").status_code == 303
    client.sign_in(make_user("knowledge_author"))
    assert client.post(f"{path}/apart").status_code == 403
    client.sign_in(make_user("knowledge_owner", team=team))
    assert "These two are not the same" in client.get(path).text
    assert client.post(f"/knowledge/duplicates/{theirs.id}/{third.id}/apart").status_code == 404
    assert client.post(f"/knowledge/duplicates/{mine.id}/{far.id}/apart").status_code == 409
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ArticlePairApart)) == 0
