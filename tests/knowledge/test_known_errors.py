"""The register of known errors: how far each is, whom it affects, how to get by, and who may say so."""

import sqlalchemy as sa
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType, ErrorState
from knowledge.models import Article
from knowledge.queries.known_errors import has_workaround
from knowledge.services.articles import newest_version, publish_version, save_version
from knowledge.services.known_errors import set_error_state
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.models import User
from tests.client import CheckingClient
from tests.factories.directory import make_service, make_user
from tests.factories.knowledge import make_article

WAY = "## Problem\n\nMail stops.\n\n## Workaround\n\nUse the **web** mail.\n\n### Longer\n\nReally.\n\n## Next\n\nWe wait."
NO_WAY = "## Problem\n\nMail stops.\n\n## Workaround\n\n## What is being done\n\nWe wait."


def make_error(title: str, body: str = WAY, **values: object) -> Article:
    return make_article(title, body=body, kind=ArticleType.KNOWN_ERROR, **values)  # type: ignore[arg-type]


def owner() -> User:
    return make_user("knowledge_owner")


def shown(client: CheckingClient, path: str, *titles: str) -> list[str]:
    text = client.get(path).text
    return [title for title in titles if title in text]


def test_the_register_says_how_far_whom_and_how_to_get_by(client: CheckingClient) -> None:
    make_service("Mobile mail", key="mail")
    make_error("Mail stops", services=("mail",))
    make_error("Nothing helps", NO_WAY)
    make_error("Hidden fault", audience=("agents",))
    make_article("How to print")
    text = client.get("/known-errors").text
    assert shown(client, "/known-errors", "Mail stops", "Nothing helps", "Hidden fault", "How to print") == [
        "Mail stops",
        "Nothing helps",
    ]
    for words in ("Workaround available", "Mobile mail", "Use the <strong>web</strong> mail.", "Really."):
        assert words in text
    assert "We wait." not in text
    assert "<html" not in client.htmx("/known-errors").text
    client.sign_in(make_user("agent"))
    assert "Hidden fault" in client.get("/known-errors").text


def test_it_is_narrowed_by_state_and_service_and_counts_only_what_a_reader_may_see(client: CheckingClient) -> None:
    make_service("Mail", key="mail")
    make_service("Secret", key="secret")
    make_error("With a way", services=("mail",))
    make_error("Without one", NO_WAY)
    make_error("Mended", services=("mail",))
    make_error("Hidden", services=("secret",), audience=("agents",))
    set_error_state(by_title("Mended"), actor=None, state=ErrorState.RESOLVED, note="By the update of May.")
    db.session.commit()
    titles = ("With a way", "Without one", "Mended", "Hidden")
    assert shown(client, "/known-errors", *titles) == ["With a way", "Without one"]
    assert shown(client, "/known-errors?state=open", *titles) == ["Without one"]
    assert shown(client, "/known-errors?state=workaround", *titles) == ["With a way"]
    assert shown(client, "/known-errors?state=resolved", *titles) == ["Mended"]
    assert shown(client, "/known-errors?service=mail", *titles) == ["With a way"]
    assert shown(client, "/known-errors?service=mail&state=open", *titles) == []
    text = client.get("/known-errors?service=secret&state=nonsense").text
    assert "Secret" not in text
    assert 'class="count">2<' in text
    assert "By the update of May." in client.get("/known-errors?state=resolved").text
    assert "Use the" not in client.get("/known-errors?state=resolved").text


def by_title(title: str) -> Article:
    return db.session.scalars(sa.select(Article).where(Article.title == title)).one()


def test_without_known_errors_the_page_says_what_it_is_for(client: CheckingClient) -> None:
    assert "Faults that have a workaround" in client.get("/known-errors").text
    assert "No known error fits" in client.get("/known-errors?state=resolved").text


def test_readers_see_it_on_the_article_and_an_owner_changes_it_at_once(client: CheckingClient) -> None:
    article = make_error("Mail stops")
    path, reading = f"/articles/{article.id}/error-state", f"/articles/{article.id}/{article.slug}"
    assert "Workaround available" in client.get(reading).text
    client.sign_in(owner())
    assert f'href="{path}"' in client.get(f"/articles/{article.id}/work").text
    assert "<html" not in client.htmx(path).text
    sent = client.post(path, data={"state": "resolved", "note": "  By the  update. "})
    assert sent.location == f"/articles/{article.id}/work"
    db.session.expire_all()
    assert (article.error_state, article.error_note) == (ErrorState.RESOLVED, "By the update.")
    event = db.session.scalars(
        sa.select(AuditEvent).where(AuditEvent.action == "knowledge.article.error_state_set")
    ).one()
    assert (event.after or {})["error_state"] == "resolved"
    text = client.get(reading).text
    assert "This fault is mended" in text
    assert "By the update." in text
    # The same again is no event.
    client.post(path, data={"state": "resolved", "note": "By the update."})
    query = sa.select(sa.func.count()).where(AuditEvent.action == "knowledge.article.error_state_set")
    assert db.session.scalar(query) == 1


def test_who_may_change_it_and_what_is_refused(client: CheckingClient) -> None:
    article, how_to = make_error("Mail stops"), make_article("How to print")
    draft, hidden = make_error("Draft", published=False), make_error("Hidden", audience=("role:auditor",))
    path = f"/articles/{article.id}/error-state"
    for method in ("GET", "POST"):
        assert client.open(path, method=method).status_code == 303
    for role in ("", "knowledge_author"):
        client.sign_in(make_user(role) if role else make_user())
        for method in ("GET", "POST"):
            assert client.open(path, method=method).status_code == 403
    client.sign_in(owner())
    for other, status in ((how_to, 409), (draft, 409)):
        assert client.get(f"/articles/{other.id}/error-state").status_code == status
        assert client.post(f"/articles/{other.id}/error-state", data={"state": "open"}).status_code == status
    assert client.get("/articles/99999/error-state").status_code == 404
    for wrong in ({}, {"state": "gone"}, {"state": "open", "note": "x" * 301}):
        answer = client.post(path, data=wrong)
        assert answer.status_code == 422
        assert client.post(path, data=wrong, headers={"HX-Request": "true"}).status_code == 422
    db.session.expire_all()
    assert article.error_state is ErrorState.WORKAROUND
    assert hidden.error_state is ErrorState.WORKAROUND


class TestFollowingTheText:
    def change(self, article: Article, body: str, kind: ArticleType = ArticleType.KNOWN_ERROR) -> None:
        content = ArticleContent(article.title, body, audience=("public",), type=kind)
        save_version(article, content, actor=None)
        publish_version(newest_version(article), actor=None)

    def test_a_workaround_in_a_new_version_shows(self, app: Flask) -> None:
        article = make_error("Mail stops", NO_WAY)
        states = [article.error_state]
        self.change(article, WAY)
        assert [*states, article.error_state] == [ErrorState.OPEN, ErrorState.WORKAROUND]

    def test_what_was_called_mended_stays_so(self, app: Flask) -> None:
        article = make_error("Mail stops")
        set_error_state(article, actor=None, state=ErrorState.RESOLVED, note="Done")
        self.change(article, NO_WAY)
        assert (article.error_state, article.error_note) == (ErrorState.RESOLVED, "Done")

    def test_what_is_no_known_error_any_more_has_no_state(self, app: Flask) -> None:
        article = make_error("Mail stops")
        self.change(article, WAY, ArticleType.HOW_TO)
        assert (article.error_state, article.error_state_at, article.error_note) == (None, None, "")

    def test_the_heading_is_found_in_every_language_and_an_empty_one_is_none(self, app: Flask) -> None:
        assert has_workaround("# Behelfslösung #\nWebmail nutzen.")
        assert has_workaround("## Workaround\n### Windows\nDo this.")
        assert not has_workaround("## Workaround\n\n\n## Next\nText")
        assert not has_workaround("A workaround is near.")
