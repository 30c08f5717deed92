"""What authors typed and have not saved."""

import io

import pytest
import sqlalchemy as sa

from knowledge.models import Article, ArticleDraft, ArticleFile
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.files.models import StoredFile
from portal.directory.api import User
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article, make_section
from tests.knowledge.importing.test_import import PNG
from tests.knowledge.test_editing import fields

JSON = {"Accept": "application/json"}


@pytest.fixture
def author(client: CheckingClient) -> User:
    user = make_user("knowledge_author", display_name="Author")
    client.sign_in(user)
    return user


def drafts() -> list[ArticleDraft]:
    return list(db.session.scalars(sa.select(ArticleDraft).order_by(ArticleDraft.id)))


def actions() -> list[str]:
    return [action for action in db.session.scalars(sa.select(AuditEvent.action)) if ".draft." in action]


def test_what_was_typed_comes_back_and_makes_no_version(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi", body="Old text")
    for words in ("Half a sen", "Half a sentence"):
        typed = fields(article, title="", body=words, audience=["agents"])
        assert client.post(f"/articles/{article.id}/draft", data=typed).status_code == 303
    text = client.get(f"/articles/{article.id}/edit").text
    assert "Half a sentence" in text
    assert "You have not saved this yet" in text
    assert '<option selected value="agents">' in text
    assert (article.latest_number, len(drafts()), actions()) == (1, 1, ["knowledge.draft.begun"])


def test_a_script_is_told_when_it_was_saved(client: CheckingClient, author: User) -> None:
    article = make_article()
    said = client.post(f"/articles/{article.id}/draft", data=fields(article), headers=JSON).json
    assert said and said["said"].startswith("Draft saved")
    large = client.post(f"/articles/{article.id}/draft", data=fields(article, body="x" * 1_100_000), headers=JSON)
    assert (large.status_code, "larger than 1024 kB" in large.json["refused"]) == (422, True)  # type: ignore[index]


def test_saving_ends_the_draft(client: CheckingClient, author: User) -> None:
    article = make_article()
    client.post(f"/articles/{article.id}/draft", data=fields(article))
    client.post("/articles/new/draft", data=fields())
    assert len(drafts()) == 2
    assert client.post(f"/articles/{article.id}/edit", data=fields(article)).status_code == 303
    assert [draft.article_id for draft in drafts()] == [None]
    assert client.post("/articles/new", data=fields()).status_code == 303
    assert drafts() == []


def test_nobody_else_sees_a_draft(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi", body="Old text")
    client.post(f"/articles/{article.id}/draft", data=fields(article, body="Secret words"))
    number = drafts()[0].id
    client.sign_in(make_user("knowledge_owner"))
    assert "Secret words" not in client.get(f"/articles/{article.id}/edit").text
    assert "Wi-Fi drops" not in client.get("/drafts").text
    assert client.post(f"/drafts/{number}/discard").status_code == 404
    assert len(drafts()) == 1


def test_a_draft_can_be_discarded(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi", body="Old text")
    client.post(f"/articles/{article.id}/draft", data=fields(article, body="Half"))
    assert client.post(f"/drafts/{drafts()[0].id}/discard").status_code == 303
    assert "Old text" in client.get(f"/articles/{article.id}/edit").text
    assert (drafts(), actions()[-1]) == ([], "knowledge.draft.discarded")


def test_a_draft_from_before_a_newer_version_is_merged_and_not_lost(client: CheckingClient, author: User) -> None:
    article = make_article("Wi-Fi", body="one\n\ntwo\n\nthree")
    client.post(f"/articles/{article.id}/draft", data=fields(article, body="one\n\ntwo\n\nTHREE"))
    client.sign_in(make_user("knowledge_owner"))
    client.post(f"/articles/{article.id}/edit", data=fields(article, body="ONE\n\ntwo\n\nthree"))
    client.sign_in(author)
    text = client.get(f"/articles/{article.id}/edit").text
    assert "Meanwhile version 2 was saved" in text
    assert 'name="based_on" type="hidden" value="1"' in text
    both = client.post(f"/articles/{article.id}/edit", data=fields(article, body="one\n\ntwo\n\nTHREE", based_on=1))
    assert (both.status_code, "ONE\n\ntwo\n\nTHREE" in both.text.replace("\r", "")) == (409, True)
    assert len(drafts()) == 1


def test_pictures_of_a_new_article_come_along(client: CheckingClient, author: User) -> None:
    picture = (io.BytesIO(PNG), "lamp.png")
    answer = client.post("/articles/new/files", data=fields(file=picture, alternative_text="A lamp"), headers=JSON)
    assert answer.json == {"markdown": "![A lamp](files/lamp.png)"}
    typed = fields(body="![A lamp](files/lamp.png)")
    preview = client.post("/articles/preview", data=typed).text
    address = preview.split('<img src="')[1].split('"')[0]
    assert client.get(address).data == PNG
    client.sign_in(make_user("knowledge_author"))
    assert client.get(address).status_code == 404
    client.sign_in(author)
    assert client.post("/articles/new", data=typed).status_code == 303
    article = db.session.scalars(sa.select(Article)).one()
    assert db.session.scalars(sa.select(ArticleFile.reference)).all() == ["files/lamp.png"]
    assert f'<img src="/articles/{article.id}/files/' in client.get(f"/articles/{article.id}/versions/1").text


def test_pictures_of_a_discarded_new_article_go_too(client: CheckingClient, author: User) -> None:
    picture = (io.BytesIO(PNG), "lamp.png")
    assert client.post("/articles/new/files", data=fields(file=picture, alternative_text="A lamp")).status_code == 303
    assert "![A lamp](files/lamp.png)" in client.get("/articles/new").text
    client.post(f"/drafts/{drafts()[0].id}/discard")
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (None, "Choose a file"),
        ((b"", "empty.png"), "is empty"),
        ((PNG, "lamp.pdf"), "not what its name says"),
        ((b"\x00\x01\x02\x03" * 9, "a.exe"), "not accepted"),
    ],
    ids=["none", "empty", "misnamed", "unknown"],
)
def test_a_wrong_file_is_refused_and_the_text_stays(
    client: CheckingClient, author: User, upload: tuple[bytes, str] | None, words: str
) -> None:
    article = make_article()
    typed = fields(article, body="My words", alternative_text="A lamp")
    if upload:
        typed["file"] = (io.BytesIO(upload[0]), upload[1])
    answer = client.post(f"/articles/{article.id}/files", data=typed)
    assert (answer.status_code, words in answer.text, "My words" in answer.text) == (422, True, True)
    assert db.session.scalars(sa.select(ArticleFile)).all() == []


def test_the_list_shows_what_is_kept_and_what_was_not_sent(client: CheckingClient, author: User) -> None:
    assert "No drafts" in client.get("/drafts").text
    make_article("Somebody else's", published=False)
    counts = []
    for _ in range(2):
        article = make_article(author=author, published=False)
        client.post(f"/articles/{article.id}/draft", data=fields(article, title=f"Kept {article.id}"))
        with count_queries() as counted:
            text = client.get("/drafts").text
        counts.append(len(counted))
    assert (f"Kept {article.id}" in text, article.title in text, "Somebody else" in text) == (True, True, False)
    assert counts[0] == counts[1], counted.statements
    assert "<html" not in client.htmx("/drafts").text


@pytest.mark.parametrize("path", ["/drafts", "/articles/new/draft", "/articles/{}/draft", "/articles/new/files"])
def test_who_may_keep_drafts(client: CheckingClient, path: str) -> None:
    path = path.format(make_article().id)
    method = "GET" if path == "/drafts" else "POST"
    assert "/sign-in" in client.open(path, method=method).headers["Location"]
    client.sign_in(make_user("agent"))
    assert client.open(path, method=method).status_code == 403
    assert drafts() == []


def test_moving_what_readers_have_is_for_those_who_may_publish(client: CheckingClient, author: User) -> None:
    article, other = make_article(), make_section()
    moved = fields(article, section_id=other.id)
    assert client.post(f"/articles/{article.id}/edit", data=moved).status_code == 403
    client.sign_in(make_user("knowledge_owner"))
    assert client.post(f"/articles/{article.id}/edit", data=moved).status_code == 303
    assert article.section_id == other.id
