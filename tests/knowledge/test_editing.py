"""Writing articles in the browser."""

import io
from typing import Any

import pytest
import sqlalchemy as sa

from knowledge.models import Article, ArticleVersion
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.api import User
from tests.client import CheckingClient
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.knowledge import make_article, make_section
from tests.knowledge.importing.test_import import PNG


@pytest.fixture
def author(client: CheckingClient) -> User:
    user = make_user("knowledge_author", display_name="Author")
    client.sign_in(user)
    return user


def fields(article: Article | None = None, **changes: Any) -> dict[str, Any]:
    section_id = article.section_id if article else make_section().id
    number = article.latest_number if article else ""
    return {
        "title": "Wi-Fi drops", "summary": "", "body": "New text", "section_id": section_id, "type": "how_to",
        "language": "en", "tags": "wifi, office", "reason": "Clearer", "based_on": number, **changes,
    }  # fmt: skip


def test_a_new_article_begins_with_the_headings_of_its_type(client: CheckingClient, author: User) -> None:
    text = client.get("/articles/new?type=troubleshooting").text
    assert "## Environment" in text
    assert client.get("/articles/new").status_code == 200


def test_a_new_article_is_a_draft_of_its_author(client: CheckingClient, author: User) -> None:
    service_key = make_service("VPN").key
    response = client.post("/articles/new", data=fields(services=[service_key], audience=["signed-in"]))
    assert response.status_code == 303
    article = db.session.scalars(sa.select(Article)).one()
    assert (article.title, article.state, article.owner_id, article.latest_number) == (
        "Wi-Fi drops",
        "draft",
        author.id,
        1,
    )
    assert [tag.name for tag in article.tags] == ["office", "wifi"]
    assert "knowledge.article.created" in db.session.scalars(sa.select(AuditEvent.action)).all()
    assert client.get(response.headers["Location"]).status_code == 200


def test_saving_makes_a_version_and_leaves_the_published_one(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi", body="Old text")
    assert client.get(f"/articles/{article.id}/edit").status_code == 200
    response = client.post(f"/articles/{article.id}/edit", data=fields(article))
    assert response.status_code == 303
    versions = db.session.scalars(sa.select(ArticleVersion).order_by(ArticleVersion.number)).all()
    assert [(version.number, version.reason) for version in versions] == [(1, ""), (2, "Clearer")]
    assert (article.published_number, article.work_state) == (1, "draft")
    assert "New text" not in client.get(f"/articles/{article.id}/wi-fi").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Give the article a title"),
        ({"body": ""}, "Write the text"),
        ({"section_id": "999"}, "Not a valid choice"),
        ({"audience": ["everybody"]}, "valid choice"),
        ({"body": "x" * (1024 * 1024 + 1)}, "larger than 1024 kB"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    client: CheckingClient, author: User, changes: dict[str, Any], words: str
) -> None:
    article = make_article()
    response = client.post(f"/articles/{article.id}/edit", data=fields(article, tags="kept words", **changes))
    assert response.status_code == 422
    assert words in response.text
    assert "kept words" in response.text
    assert article.latest_number == 1


def test_saving_without_a_change_says_so(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi drops", body="New text", tags=("wifi", "office"))
    response = client.post(f"/articles/{article.id}/edit", data=fields(article, audience=["public"]))
    assert (response.status_code, "Nothing was changed" in response.text) == (422, True)


def test_of_two_who_write_at_once_the_second_sees_both_texts(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi", body="one\n\ntwo\n\nthree")
    client.post(f"/articles/{article.id}/edit", data=fields(article, body="ONE\n\ntwo\n\nthree", based_on=1))
    clean = client.post(f"/articles/{article.id}/edit", data=fields(article, body="one\n\ntwo\n\nTHREE", based_on=1))
    assert clean.status_code == 409
    assert "ONE\n\ntwo\n\nTHREE" in clean.text.replace("\r", "")
    assert "saved version 2 while you were writing" in clean.text
    assert article.latest_number == 2
    clash = client.post(f"/articles/{article.id}/edit", data=fields(article, body="uno\n\ntwo\n\nthree", based_on=1))
    assert clash.status_code == 409
    assert "take over from theirs" in clash.text
    assert clash.text.count("uno") >= 2
    saved = client.post(f"/articles/{article.id}/edit", data=fields(article, body="ONE\n\nboth", based_on=2))
    assert saved.status_code == 303
    assert article.latest_number == 3


def test_the_preview_is_what_readers_will_see(client: CheckingClient, author: User) -> None:
    article = make_article()
    data = fields(article, body="## Heading\n\n<script>alert(1)</script>\n\n**bold**")
    fragment = client.htmx(f"/articles/preview?article_id={article.id}", method="POST", data=data)
    assert "<strong>bold</strong>" in fragment.text
    assert "<script" not in fragment.text
    whole = client.post(f"/articles/{article.id}/edit", data={**data, "preview": "1"})
    assert (whole.status_code, "<strong>bold</strong>" in whole.text) == (200, True)
    assert article.latest_number == 1


def test_a_picture_needs_words_and_gives_the_markdown_to_show_it(client: CheckingClient, author: User) -> None:
    article = make_article()
    path = f"/articles/{article.id}/files"

    def upload(words: str) -> Any:
        picture = (io.BytesIO(PNG), "a lamp.png")
        return client.post(path, data=fields(article, body="Look:", file=picture, alternative_text=words))

    refused = upload("")
    assert (refused.status_code, "Say in a few words" in refused.text, "Look:" in refused.text) == (422, True, True)
    assert upload("A lamp").headers["Location"] == f"/articles/{article.id}/edit"
    assert "Look:\n\n![A lamp](files/a%20lamp.png)" in client.get(f"/articles/{article.id}/edit").text
    client.post(f"/articles/{article.id}/edit", data=fields(article, body="![A lamp](files/a%20lamp.png)"))
    text = client.get(f"/articles/{article.id}/versions/2").text
    address = text.split('<img src="')[1].split('"')[0]
    assert client.get(address).data == PNG
    client.get("/")
    stranger = client.application.test_client()
    assert stranger.get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/articles/new",
        "/articles/{}/edit",
        "/articles/{}/work",
        "/articles/{}/versions/1",
        "/articles/{}/compare?old=1&new=1",
    ],
)
def test_who_may_open_what(client: CheckingClient, path: str) -> None:
    article = make_article(audience=("agents",), owner_team=make_team())
    path = path.format(article.id)
    assert client.get(path).headers["Location"].startswith("/sign-in")
    client.sign_in(make_user("agent"))
    assert client.get(path).status_code == 403
    client.sign_in(make_user("knowledge_author", team=make_team()))
    if "new" not in path.split("?")[0]:
        assert client.get(path).status_code == 404


def test_a_restricted_article_is_for_those_who_may_publish_it(client: CheckingClient) -> None:
    article = make_article()
    article.is_restricted = True
    db.session.commit()
    client.sign_in(make_user("knowledge_author"))
    assert client.get(f"/articles/{article.id}/edit").status_code == 403
    assert client.post(f"/articles/{article.id}/edit", data=fields(article)).status_code == 403
    client.sign_in(make_user("knowledge_owner"))
    assert client.get(f"/articles/{article.id}/edit").status_code == 200
