"""Versions, their differences, and the way back."""

import pytest

from knowledge.content import ArticleContent
from knowledge.models import Article
from knowledge.services.articles import save_version
from portal.core.db import db
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article


def second_version(article: Article, **changes: str) -> None:
    content = ArticleContent(changes.pop("title", "Wi-Fi"), changes.pop("body", "Start the new client."), tags=("b",))
    save_version(article, content, actor=None, reason="Why not")
    db.session.commit()


@pytest.mark.parametrize("view", ["inline", "side"])
def test_compares_words_and_fields(client: CheckingClient, view: str) -> None:
    client.sign_in(make_user("knowledge_author"))
    article = make_article("Wi-Fi", body="Start the client.", tags=("a",))
    second_version(article)
    text = client.get(f"/articles/{article.id}/compare?old=2&new=1&view={view}").text
    assert "<ins>new </ins>" in text
    assert "<del>a</del>" in text
    assert "<ins>b</ins>" in text
    assert "<html" not in client.htmx(f"/articles/{article.id}/compare?old=1&new=2&view={view}").text


def test_shows_an_older_version_and_restores_it(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_author", display_name="Author"))
    article = make_article("Wi-Fi", body="First text")
    second_version(article, body="Second text")
    page = client.get(f"/articles/{article.id}/versions/1").text
    assert "First text" in page
    assert "This is what readers see" in page
    assert client.post(f"/articles/{article.id}/versions/1/restore").status_code == 303
    assert article.latest_number == 3
    text = client.get(f"/articles/{article.id}/work").text
    assert "Version 1 restored" in text
    assert "First text" in client.get(f"/articles/{article.id}/versions/3").text


def test_restoring_what_is_already_newest_is_refused(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_author"))
    article = make_article()
    assert client.post(f"/articles/{article.id}/versions/1/restore").status_code == 409
    assert article.latest_number == 1


@pytest.mark.parametrize("path", ["versions/9", "compare?old=1&new=9", "compare", "compare?old=x&new=1"])
def test_what_is_not_there_is_404(client: CheckingClient, path: str) -> None:
    client.sign_in(make_user("knowledge_author"))
    assert client.get(f"/articles/{make_article().id}/{path}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_versions(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_author"))
    article = make_article("Wi-Fi")
    path, counts = f"/articles/{article.id}/work", []
    for number in range(3):
        second_version(article, body=f"Text {number}")
        with count_queries() as counted:
            client.get(path)
        counts.append(len(counted))
    assert counts[0] == counts[-1] <= 15, counted.statements
