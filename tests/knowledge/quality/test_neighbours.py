"""Related articles and near-duplicates by meaning; what one may not read shows nowhere."""

import sqlalchemy as sa
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.models import Article, ArticleNeighbour
from knowledge.queries.articles import SAME, list_duplicates, list_related
from knowledge.services.articles import publish_version, retire_article, save_version
from knowledge.services.neighbours import relate_all
from knowledge.tasks import compare_draft, index_changes, relate_articles
from portal.core.auth import Anonymous
from portal.core.db import db
from portal.core.jobs import queue_of
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article, make_section

VPN = "The connection to the company network over VPN drops every few minutes. Restart the router and try a cable."
VPN_TOO = "When the VPN connection to the company network drops, restart the router and connect with a cable."
MAIL = "Outlook asks for the password again and again. Remove the saved password and sign in to mail anew."


def neighbours_of(article: Article) -> set[int]:
    query = sa.select(ArticleNeighbour.other_id).where(ArticleNeighbour.article_id == article.id)
    return set(db.session.scalars(query))


def test_related_articles_are_those_of_the_same_meaning(by_meaning: None, client: CheckingClient) -> None:
    section = make_section()
    vpn = make_article("VPN drops", body=VPN, section=section)
    make_article("Mail asks for the password", body=MAIL, section=section)
    too = make_article("Connection lost", body=VPN_TOO)
    index_changes()
    assert [other.title for other in list_related(vpn, Anonymous())][:1] == ["Connection lost"]
    text = client.get(f"/articles/{vpn.id}/vpn-drops").text
    assert "Connection lost" in text.split("Related articles")[1]
    # A new one is found by those it is near to as well, and one that is gone leaves.
    newest = make_article("VPN connection lost", body=VPN_TOO + " Ask for help.")
    index_changes()
    assert newest.id in neighbours_of(vpn)
    retire_article(db.session.get_one(Article, too.id), actor=None, reason="old")
    db.session.commit()
    assert "Connection lost" not in [other.title for other in list_related(vpn, Anonymous())]
    relate_articles()
    assert neighbours_of(newest) >= {vpn.id}


def test_a_hidden_article_is_never_shown_and_takes_no_place(by_meaning: None, client: CheckingClient) -> None:
    team = make_team()
    vpn = make_article("VPN drops", body=VPN)
    hidden = [make_article(f"Hidden {n}", body=f"{VPN} {n}", audience=("role:auditor",)) for n in range(8)]
    secret = make_article("VPN drops", body=VPN + " Thank you.", audience=(f"team:{team.id}",))
    shown = make_article("Open one", body=VPN_TOO + " Or ask.")
    index_changes()
    text = client.get(f"/articles/{vpn.id}/vpn-drops").text
    assert "Open one" in text
    assert "Hidden" not in text
    assert f"/articles/{secret.id}/" not in text
    # Whoever may read them gets them first.
    auditor = make_user("auditor")
    assert [other.id for other in list_related(vpn, auditor)] != []
    assert {other.id for other in list_related(vpn, auditor)} <= {one.id for one in (*hidden, shown)}
    # The database has the last word: one that was closed a moment ago is gone before the index knows.
    publish_version(
        save_version(shown, ArticleContent("Open one", "Changed", audience=("role:auditor",)), actor=None), actor=None
    )
    db.session.commit()
    assert "Open one" not in client.get(f"/articles/{vpn.id}/vpn-drops").text
    # An author who may not read the others hears of no duplicate.
    author = make_user("knowledge_author")
    assert [other.id for other, _ in list_duplicates(secret, author)] == [vpn.id]
    assert "Hidden" not in client.sign_in(author).get(f"/articles/{vpn.id}/work").text


def test_what_says_the_same_is_told_when_it_is_saved(app: Flask, by_meaning: None, client: CheckingClient) -> None:
    make_article("VPN drops every few minutes", body=VPN)
    index_changes()
    queue_of(app).flush()
    draft = make_article("VPN drops every few minutes", body=VPN + " Thank you.", published=False)
    (task,) = [task for task in queue_of(app).pending() if task.name == compare_draft.name]
    compare_draft(*task.args)
    client.sign_in(make_user("knowledge_owner"))
    text = client.get(f"/articles/{draft.id}/work").text
    assert "Says nearly the same" in text
    # A draft is nobody's related article, and its own page says nothing before it is published.
    assert list(list_related(draft, Anonymous())) == []
    other = make_article("Mail asks for the password", body=MAIL, published=False)
    compare_draft(other.id)
    assert "Says nearly the same" not in client.get(f"/articles/{other.id}/work").text
    compare_draft(99_999_999)


def test_without_meaning_related_articles_are_those_filed_near(app: Flask) -> None:
    section = make_section()
    here, near = make_article("Here", section=section), make_article("Near", section=section)
    index_changes()
    assert relate_all() == 0
    assert [other.id for other in list_related(here, Anonymous())] == [near.id]


def test_the_page_asks_the_same_number_of_times_however_many_are_near(client: CheckingClient) -> None:
    here = make_article("Here")
    counts = []
    for number in range(3):
        db.session.add(
            ArticleNeighbour(
                article_id=here.id, is_draft=False, other_id=make_article().id, similarity=0.9 - number / 10
            )
        )
        db.session.commit()
        with count_queries() as counted:
            list_related(here, Anonymous())
        counts.append(len(counted))
    assert set(counts) == {1}
    assert SAME > 0.9
