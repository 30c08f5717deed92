"""Two people at the same moment, through the pages, with real threads and connections: one wins, the other is told."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.enums import ArticleState, RequestState, Verdict, WorkState
from knowledge.models import Article, ArticleAudience, ArticleVersion, ChangeRequest, Review
from knowledge.services.articles import save_version
from knowledge.services.reviewing import review_request, submit_request
from knowledge.tasks import publish_scheduled
from portal.core import clock
from portal.core.audit.models import AuditEvent
from portal.core.audit.services import verify
from portal.core.db import db
from portal.core.web.security import limiter
from portal.directory.models import User
from tests.client import CheckingClient
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article, make_section

# Threads meet where they may; several rounds make it likely that they do in every order.
ROUNDS = 3


@pytest.fixture
def people(busy_app: Flask) -> Iterator[dict[str, User]]:
    roles = {
        "author": "knowledge_author",
        "reviewer": "knowledge_reviewer",
        "owner": "knowledge_owner",
        "other": "knowledge_owner",
        "manager": "incident_manager",
    }
    with busy_app.app_context():
        limiter.enabled = False
        yield {name: make_user(role) for name, role in roles.items()}
        limiter.enabled = True


Act = Callable[[CheckingClient], Any]


def at_once(app: Flask, *acts: tuple[User, Act]) -> list[tuple[int, str]]:
    """Let each person do their act through a browser of their own, all started together; return status and page."""
    clients = [app.test_client().sign_in(person) for person, _ in acts]  # type: ignore[attr-defined]
    tokens = [client.csrf_token() for client in clients]
    db.session.rollback()
    results: list[tuple[int, str]] = [(0, "")] * len(acts)
    gate = Barrier(len(acts))

    def run(place: int) -> None:
        client = clients[place]
        client.csrf_token = lambda: tokens[place]
        with app.app_context():
            gate.wait(60)
            answer = acts[place][1](client)
            results[place] = answer.status_code, answer.text

    threads = [Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    db.session.rollback()
    db.session.expire_all()
    return results


def post(path: str, **data: object) -> Act:
    return lambda client: client.post(path, data=data)


def edit(article: Article, body: str) -> Act:
    return post(
        f"/articles/{article.id}/edit",
        title=article.title,
        body=body,
        section_id=article.section_id,
        type="how_to",
        language="en",
        audience="public",
        based_on=article.latest_number,
        reason="Better",
    )


def in_review(people: dict[str, User], *articles: Article, is_approved: bool = True) -> ChangeRequest:
    for article in articles:
        content = ArticleContent(article.title, "Second words", audience=("public",))
        save_version(article, content, actor=people["author"])
    request = submit_request(articles, actor=people["author"])
    if is_approved:
        review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    db.session.commit()
    return request


def without_review() -> Article:
    section = make_section()
    section.min_approvals = 0
    return make_article(section=section)


def events(name: str, *subjects: int) -> int:
    query = sa.select(sa.func.count()).where(AuditEvent.action == name, AuditEvent.subject_id.in_(map(str, subjects)))
    return db.session.scalar(query) or 0


def is_whole(*articles: Article) -> bool:
    """Whether what readers get of each article is one version, and the audit trail is one chain."""
    for article in articles:
        shown = sa.select(ArticleVersion).where(
            ArticleVersion.article_id == article.id, ArticleVersion.number == article.published_number
        )
        version = db.session.scalars(shown).one()
        numbers = sa.select(ArticleVersion.number).where(ArticleVersion.article_id == article.id)
        if sorted(db.session.scalars(numbers)) != list(range(1, article.latest_number + 1)):
            return False
        if version.title != article.title or version.published_at is None:
            return False
        tokens = sa.select(ArticleAudience.token).where(ArticleAudience.article_id == article.id)
        if list(db.session.scalars(tokens)) != ["public"]:
            return False
    return verify()[1] is None


def test_of_two_who_publish_one_does_and_the_other_is_told(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        first, second = make_article(), make_article()
        request = in_review(people, first, second)
        publish = post(f"/reviews/{request.id}/publish")
        answers = at_once(busy_app, (people["owner"], publish), (people["other"], publish))
        assert sorted(status for status, _ in answers) == [303, 409]
        assert "already published" in max(answers)[1]
        assert (request.state, first.published_number, second.published_number) == (RequestState.PUBLISHED, 2, 2)
        assert events("knowledge.change_request.published", request.id) == 1
        assert events("knowledge.article.published", first.id) == 2
        assert is_whole(first, second)


def test_of_two_who_publish_without_a_review_one_does(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        article = without_review()
        save_version(article, ArticleContent(article.title, "Second words", audience=("public",)), actor=None)
        db.session.commit()
        publish = post(f"/articles/{article.id}/publish", version=2)
        answers = at_once(busy_app, (people["owner"], publish), (people["other"], publish))
        assert sorted(status for status, _ in answers) == [303, 409]
        assert "is already published" in max(answers)[1]
        assert events("knowledge.article.published", article.id) == 2
        assert is_whole(article)


def test_somebody_publishes_while_its_time_comes(busy_app: Flask, people: dict[str, User]) -> None:
    article = make_article()
    request = in_review(people, article)
    request.publish_at, request.state = clock.now(), RequestState.SCHEDULED
    request.published_by_id, article.work_state = people["owner"].id, WorkState.SCHEDULED
    db.session.commit()

    def in_worker(client: CheckingClient) -> Any:
        publish_scheduled()
        return client.get("/articles")

    publish = post(f"/reviews/{request.id}/publish")
    (status, text), _ = at_once(busy_app, (people["other"], publish), (people["owner"], in_worker))
    assert (status, "already published" in text) in ((303, False), (409, True))
    assert (request.state, article.published_number) == (RequestState.PUBLISHED, 2)
    assert events("knowledge.change_request.published", request.id) == 1
    assert is_whole(article)


def test_readers_never_get_what_is_written_while_somebody_publishes(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        article = make_article()
        request = in_review(people, article)
        publish = post(f"/reviews/{request.id}/publish")
        (published, text), (saved, _) = at_once(
            busy_app, (people["owner"], publish), (people["author"], edit(article, "Third words"))
        )
        assert (saved, article.latest_number) == (303, 3)
        if published == 303:
            assert (article.published_number, article.work_state) == (2, WorkState.DRAFT)
        else:
            assert (published, "0 of 1 approvals" in text) == (409, True)
            assert (article.published_number, article.work_state) == (1, WorkState.IN_REVIEW)
            assert request.items[0].version_number == 3
        assert is_whole(article)


def test_nobody_approves_what_is_written_while_they_read(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        article = make_article()
        request = in_review(people, article, is_approved=False)
        decide = post(f"/reviews/{request.id}/decide", verdict="approved", versions=request.versions)
        (decided, text), (saved, _) = at_once(
            busy_app, (people["reviewer"], decide), (people["author"], edit(article, "Third words"))
        )
        assert saved == 303
        assert (decided, "while you were reading" in text) in ((303, False), (422, True))
        standing = sa.select(Review).where(Review.change_request_id == request.id, Review.withdrawn_at.is_(None))
        assert (request.items[0].version_number, db.session.scalars(standing).all()) == (3, [])


def test_of_two_who_save_the_second_sees_both_texts(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        article = make_article()
        answers = at_once(
            busy_app,
            (people["author"], edit(article, "Words of the one")),
            (people["owner"], edit(article, "Words of the other")),
        )
        assert sorted(status for status, _ in answers) == [303, 409]
        page = max(answers)[1]
        assert ("Words of the one" in page, "Words of the other" in page) == (True, True)
        assert article.latest_number == 2


def test_two_articles_retired_into_each_other_leave_one(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        one, other = make_article(), make_article()

        def retire(article: Article, successor: Article) -> Act:
            return post(f"/articles/{article.id}/retire", reason="Doubled", successor=f"/articles/{successor.id}")

        answers = at_once(busy_app, (people["owner"], retire(one, other)), (people["other"], retire(other, one)))
        assert all(status in (303, 422) for status, _ in answers), answers
        states = [one.state, other.state]
        assert sorted(states) in (
            sorted([ArticleState.PUBLISHED, ArticleState.RETIRED]),
            [ArticleState.PUBLISHED, ArticleState.PUBLISHED],
        )
        assert states.count(ArticleState.RETIRED) == sum(status == 303 for status, _ in answers)


def test_an_emergency_meets_the_review(busy_app: Flask, people: dict[str, User]) -> None:
    for _ in range(ROUNDS):
        article, together = make_article(), make_article()
        request = in_review(people, article, together)
        emergency = post(f"/articles/{article.id}/emergency", reason="Outage", version=2)
        publish = post(f"/reviews/{request.id}/publish")
        (urgent, _), (published, text) = at_once(busy_app, (people["manager"], emergency), (people["owner"], publish))
        assert (urgent, published) in ((303, 409), (422, 303)), text
        assert article.published_number == 2
        if urgent == 303:
            assert "was withdrawn" in text
            assert (request.state, together.work_state) == (RequestState.WITHDRAWN, WorkState.DRAFT)
        assert is_whole(article, together)


def test_many_edits_of_articles_that_are_reviewed_together_do_not_wait_for_each_other(
    busy_app: Flask, people: dict[str, User]
) -> None:
    articles = [make_article() for _ in range(3)]
    request = in_review(people, *articles)
    acts = [partial(edit, article) for article in articles]
    answers = at_once(busy_app, *[(people["author"], act(f"Words {place}")) for place, act in enumerate(acts)])
    assert [status for status, _ in answers] == [303] * 3
    assert sorted(item.version_number for item in request.items) == [3, 3, 3]
    assert not [review for review in request.reviews if review.withdrawn_at is None]


def test_a_version_saved_meanwhile_is_not_published_unseen(busy_app: Flask, people: dict[str, User]) -> None:
    article = without_review()
    for words in ("Second", "Third"):
        save_version(article, ArticleContent(article.title, words, audience=("public",)), actor=None)
    db.session.commit()
    client: Any = busy_app.test_client().sign_in(people["owner"])  # type: ignore[attr-defined]
    late = client.post(f"/articles/{article.id}/publish", data={"version": 2})
    assert (late.status_code, "Version 3 was saved meanwhile" in late.text) == (409, True)
    assert article.published_number == 1
    assert client.post(f"/articles/{article.id}/publish", data={"version": 3}).status_code == 303
