"""The article page."""

import pytest

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType
from knowledge.services.articles import newest_version, publish_version, retire_article, save_version
from portal.core.db import db
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article, make_section


def test_shows_the_published_version(client: CheckingClient) -> None:
    team = make_team("Network")
    article = make_article(
        "VPN drops", body="## Cause\n\nWeak Wi-Fi.\n\n## Resolution\n\nMove.", summary="What to do.", owner_team=team,
        kind=ArticleType.TROUBLESHOOTING,
    )  # fmt: skip
    response = client.get(f"/articles/{article.id}/vpn-drops")
    assert response.status_code == 200
    for words in (
        "VPN drops",
        "What to do.",
        "Troubleshooting",
        "Network",
        "Version 1",
        '<h2 id="cause">',
        'href="#resolution"',
    ):
        assert words in response.text


@pytest.mark.parametrize("slug", ["", "/old-title"])
def test_another_slug_leads_to_the_right_one(client: CheckingClient, slug: str) -> None:
    article = make_article("VPN drops")
    response = client.get(f"/articles/{article.id}{slug}")
    assert response.status_code == 301
    assert response.headers["Location"] == f"/articles/{article.id}/vpn-drops"


def test_every_heading_may_be_called_as_the_page_calls_its_parts(client: CheckingClient) -> None:
    article = make_article(
        "Names", body="\n\n".join(f"## {name}\n\nText" for name in ("Main", "Header search", "Contents", "Keys"))
    )
    assert client.get(f"/articles/{article.id}/names").status_code == 200


@pytest.mark.parametrize("audience", ["signed-in", "agents", "role:auditor"])
def test_what_is_not_public_is_not_there_for_visitors(client: CheckingClient, audience: str) -> None:
    article = make_article("Hidden", audience=(audience,))
    assert client.get(f"/articles/{article.id}/hidden").status_code == 404
    assert client.get(f"/articles/{article.id}").status_code == 404


def test_audiences_open_to_whom_they_name(client: CheckingClient) -> None:
    team = make_team()
    client.sign_in(make_user("agent", team=team))
    other = make_team()
    expected = {"signed-in": 200, "agents": 200, f"team:{team.id}": 200, f"team:{other.id}": 404, "role:auditor": 404}
    for token, status in expected.items():
        article = make_article("For some", audience=(token,))
        assert client.get(f"/articles/{article.id}/for-some").status_code == status, token


def test_a_draft_is_not_there_for_readers(client: CheckingClient) -> None:
    article = make_article("Draft", published=False)
    assert client.get(f"/articles/{article.id}/draft").status_code == 404
    client.sign_in(make_user())
    assert client.get(f"/articles/{article.id}/draft").status_code == 404


def test_readers_keep_the_published_version_while_a_newer_one_is_in_work(client: CheckingClient) -> None:
    article = make_article("One", body="Old text")
    version = save_version(article, ArticleContent("Two", "New text", audience=("public",)), actor=None)
    db.session.commit()
    text = client.get(f"/articles/{article.id}/one").text
    assert "Old text" in text
    assert "New text" not in text
    publish_version(version, actor=None)
    db.session.commit()
    assert client.get(f"/articles/{article.id}/one").headers["Location"].endswith("/two")
    assert "New text" in client.get(f"/articles/{article.id}/two").text


def test_a_retired_article_leads_to_its_successor_or_says_that_it_is_gone(client: CheckingClient) -> None:
    article, successor = make_article("Old way"), make_article("New way")
    retire_article(article, actor=None, reason="", successor=successor)
    alone = make_article("Alone")
    retire_article(alone, actor=None, reason="")
    secret = make_article("Secret", audience=("agents",))
    retire_article(secret, actor=None, reason="")
    db.session.commit()
    assert client.get(f"/articles/{article.id}/old-way").headers["Location"] == f"/articles/{successor.id}/new-way"
    gone = client.get(f"/articles/{alone.id}/alone")
    assert (gone.status_code, "retired" in gone.text) == (410, True)
    assert client.get(f"/articles/{secret.id}/secret").status_code == 404


def test_related_articles_leave_out_what_the_reader_may_not_see(client: CheckingClient) -> None:
    section = make_section()
    article = make_article("Here", section=section, tags=("vpn",))
    make_article("Near by", section=section)
    make_article("Same tag", tags=("VPN",))
    make_article("Hidden neighbour", section=section, audience=("agents",), tags=("vpn",))
    text = client.get(f"/articles/{article.id}/here").text
    assert text.index("Same tag") < text.index("Near by")
    assert "Hidden neighbour" not in text


def test_needs_few_queries_however_many_articles_are_near(client: CheckingClient) -> None:
    section = make_section()
    article = make_article("Here", section=section, tags=("vpn",))
    path, counts = f"/articles/{article.id}/here", []
    for _ in range(2):
        make_article(section=section, tags=("vpn",))
        with count_queries() as counted:
            client.get(path)
        counts.append(len(counted))
    assert counts[0] == counts[1] <= 6, counted.statements


def test_a_visitor_gets_the_finished_page_until_something_changes(client: CheckingClient) -> None:
    article = make_article("Here")
    path = f"/articles/{article.id}/here"
    client.get(path)
    with count_queries(warm=True) as counted:
        first = client.get(path)
    assert len(counted) == 1
    assert "Set-Cookie" not in first.headers
    publish_version(
        save_version(article, ArticleContent("Here", "Changed", audience=("public",)), actor=None), actor=None
    )
    db.session.commit()
    assert "Changed" in client.get(f"/articles/{article.id}/here").text


def test_newest_version_is_the_last_saved(app: object) -> None:
    article = make_article("One")
    save_version(article, ArticleContent("Two", "x"), actor=None)
    assert newest_version(article).number == 2
