"""Change requests from asking to publishing."""

from typing import Any

import pytest
import sqlalchemy as sa

from knowledge.content import ArticleContent
from knowledge.enums import RequestState, Verdict
from knowledge.errors import NotEnoughReviewers, WrongState
from knowledge.models import Article, ChangeRequest, SearchChange
from knowledge.services.articles import retire_article, save_version
from knowledge.services.commenting import add_comment
from knowledge.services.publishing import publish_in_emergency, publish_request, schedule_request
from knowledge.services.reviewing import is_approved, review_request, submit_request, withdraw_request
from knowledge.tasks import publish_scheduled
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.core.notifications.models import Notification
from portal.directory.api import User
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article, make_section


def edited(article: Article, author: User, body: str = "New words") -> Article:
    save_version(article, ArticleContent(article.title, body, audience=("public",)), actor=author)
    db.session.commit()
    return article


def make_request(author: User, *articles: Article, **values: Any) -> ChangeRequest:
    chosen = articles or (edited(make_article("Wi-Fi", body="Old words"), author),)
    request = submit_request(chosen, actor=author, **values)
    db.session.commit()
    return request


@pytest.fixture
def people(app: object) -> dict[str, User]:
    return {
        "author": make_user("knowledge_author", display_name="Author"),
        "reviewer": make_user("knowledge_reviewer", display_name="Reviewer"),
        "owner": make_user("knowledge_owner", display_name="Owner"),
    }


def test_the_whole_way_in_the_browser(client: CheckingClient, people: dict[str, User]) -> None:
    article = edited(make_article("Wi-Fi", body="Old words"), people["author"])
    client.sign_in(people["author"])
    assert "Send for review" in client.get(f"/articles/{article.id}/work").text
    assert "Reviewer" in client.get(f"/articles/{article.id}/submit").text
    data = {"description": "Please look", "reviewers": [str(people["reviewer"].id)]}
    path = client.post(f"/articles/{article.id}/submit", data=data).headers["Location"]
    assert "somebody else decides" in client.get(path).text
    assert client.post(f"{path}/decide", data={"verdict": "approved"}).status_code == 403
    client.sign_in(people["reviewer"])
    assert "Wi-Fi" in client.get("/reviews?view=mine").text
    text = client.get(path).text
    assert "<ins>New</ins>" in text
    missing = client.post(f"{path}/decide", data={"verdict": "changes_requested"})
    assert (missing.status_code, "Say what should change" in missing.text) == (422, True)
    assert client.post(f"{path}/decide", data={"verdict": "changes_requested", "note": "Shorter"}).status_code == 303
    remark = {"article_id": article.id, "passage": "New words", "text": "Which ones?"}
    assert client.post(f"{path}/comments", data=remark).status_code == 303
    assert client.post(f"{path}/comments", data={**remark, "text": ""}).status_code == 422
    client.sign_in(people["author"])
    page = client.get(path).text
    assert "Which ones?" in page
    assert "Shorter" in page
    comment_id = db.session.scalars(sa.select(ChangeRequest)).one().comments[0].id
    assert client.post(f"{path}/comments/{comment_id}/resolve").status_code == 303
    edited(article, people["author"], "Few new words")
    client.sign_in(people["reviewer"])
    assert client.post(f"{path}/decide", data={"verdict": "approved"}).status_code == 303
    assert client.post(f"{path}/publish").status_code == 403
    client.sign_in(people["owner"])
    assert "Publish 1 article now" in client.get(path).text
    assert client.post(f"{path}/publish").status_code == 303
    assert "Few new words" in client.get(f"/articles/{article.id}/wi-fi").text
    assert "Published" in client.get(path).text
    actions = set(db.session.scalars(sa.select(AuditEvent.action)))
    assert {
        f"knowledge.change_request.{name}"
        for name in ("submitted", "changes_requested", "approvals_withdrawn", "approved", "published")
    } <= actions
    told = {(row.user_id, row.template.rsplit("/")[-1]) for row in db.session.scalars(sa.select(Notification))}
    author, reviewer = people["author"].id, people["reviewer"].id
    assert {
        (reviewer, "review_requested"),
        (author, "review_changes_requested"),
        (author, "comment_added"),
        (reviewer, "review_again"),
        (author, "review_approved"),
        (author, "request_published"),
    } <= told


def test_the_author_never_approves(people: dict[str, User]) -> None:
    writer = make_user("knowledge_owner")
    article = edited(edited(make_article(), writer), people["author"], "Other words")
    request = make_request(people["author"], article)
    for wrote in (writer, people["author"]):
        with pytest.raises(NotAllowed):
            review_request(request, actor=wrote, verdict=Verdict.APPROVED)
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    assert is_approved(request)


def test_a_new_edit_withdraws_approvals(people: dict[str, User]) -> None:
    request = make_request(people["author"])
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    edited(request.items[0].article, people["author"], "Newer words")
    assert not is_approved(request)
    assert request.items[0].version_number == 3
    with pytest.raises(WrongState, match="0 of 1"):
        publish_request(request, actor=people["owner"])


def test_the_strictest_section_decides(people: dict[str, User]) -> None:
    strict = make_section("Strict")
    strict.min_approvals = 2
    below = make_section("Below", parent=strict)
    loose = make_section("Loose")
    loose.min_approvals = 0
    articles = [edited(make_article(section=section), people["author"]) for section in (below, loose)]
    request = make_request(people["author"], *articles)
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    assert not is_approved(request)
    review_request(request, actor=people["owner"], verdict=Verdict.APPROVED)
    assert is_approved(request)


def test_somebody_else_publishes_where_the_section_asks_for_it(people: dict[str, User]) -> None:
    section = make_section()
    section.separate_publisher = True
    request = make_request(people["author"], edited(make_article(section=section), people["author"]))
    review_request(request, actor=people["owner"], verdict=Verdict.APPROVED)
    with pytest.raises(NotAllowed):
        publish_request(request, actor=people["owner"])
    publish_request(request, actor=make_user("knowledge_owner"))
    assert request.state is RequestState.PUBLISHED


def test_articles_are_published_together_or_not_at_all(client: CheckingClient, people: dict[str, User]) -> None:
    articles = [edited(make_article(), people["author"]) for _ in range(2)]
    request = make_request(people["author"], *articles)
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    retire_article(articles[1], actor=None, reason="")
    db.session.commit()
    client.sign_in(people["owner"])
    assert client.post(f"/reviews/{request.id}/publish").status_code == 409
    assert (articles[0].published_number, request.state) == (1, "in_review")


def test_without_enough_reviewers_it_is_said_at_once(people: dict[str, User]) -> None:
    section = make_section()
    section.min_approvals = 5
    article = edited(make_article(section=section), people["author"])
    with pytest.raises(NotEnoughReviewers, match="5 approvals are needed and only 2"):
        submit_request([article], actor=people["author"])


def test_when_no_reviewer_is_left_the_review_says_so(client: CheckingClient, people: dict[str, User]) -> None:
    article = make_article()
    save_version(article, ArticleContent(article.title, "New words"), actor=people["author"])
    request = submit_request([article], actor=people["author"])
    db.session.commit()
    client.sign_in(people["author"])
    assert "Nobody is left" not in client.get(f"/reviews/{request.id}").text
    for person in db.session.scalars(sa.select(User).where(User.id != people["author"].id)):
        person.is_active = False
    db.session.commit()
    assert "Nobody is left" in client.get(f"/reviews/{request.id}").text


def test_reviewers_of_another_team_cannot_review(people: dict[str, User]) -> None:
    team = make_team()
    article = edited(make_article(owner_team=team), people["author"])
    request = make_request(people["author"], article)
    with pytest.raises(NotAllowed):
        review_request(request, actor=make_user("knowledge_reviewer", team=make_team()), verdict=Verdict.APPROVED)
    review_request(request, actor=make_user("knowledge_reviewer", team=team), verdict=Verdict.APPROVED)


def test_what_cannot_be_sent_for_review(people: dict[str, User]) -> None:
    author = people["author"]
    with pytest.raises(WrongState, match="nothing new"):
        submit_request([make_article()], actor=author)
    request = make_request(author)
    with pytest.raises(WrongState, match="already in review"):
        submit_request([request.items[0].article], actor=author)


def test_scheduled_changes_are_published_by_the_worker(people: dict[str, User], clock: HeldClock) -> None:
    publish_at = clock.now().replace(hour=18)
    request = make_request(people["author"], publish_at=publish_at)
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    schedule_request(request, actor=people["owner"], publish_at=publish_at)
    db.session.commit()
    request_id = request.id
    publish_scheduled()
    assert db.session.get(ChangeRequest, request_id, populate_existing=True).state == "scheduled"  # type: ignore[union-attr]
    clock.forward(hours=10)
    publish_scheduled()
    found = db.session.get(ChangeRequest, request_id, populate_existing=True)
    assert found and (found.state, found.published_by_id) == ("published", people["owner"].id)
    assert found.items[0].article.published_number == 2


def test_a_time_that_has_passed_is_refused(client: CheckingClient, people: dict[str, User]) -> None:
    article = edited(make_article(), people["author"])
    client.sign_in(people["author"])
    response = client.post(f"/articles/{article.id}/submit", data={"publish_at": "2020-01-01T08:00"})
    assert (response.status_code, "has passed" in response.text) == (422, True)
    assert article.work_state == "draft"


def test_withdrawing_leaves_the_draft(people: dict[str, User]) -> None:
    request = make_request(people["author"])
    with pytest.raises(NotAllowed):
        withdraw_request(request, actor=people["reviewer"])
    withdraw_request(request, actor=people["author"])
    assert request.items[0].article.work_state == "draft"
    with pytest.raises(WrongState):
        add_comment(request, actor=people["reviewer"], article_id=request.items[0].article_id, text="x")


def test_an_incident_manager_publishes_in_an_emergency(client: CheckingClient, people: dict[str, User]) -> None:
    article = edited(make_article("Wi-Fi", owner=people["owner"]), people["author"])
    manager = make_user("incident_manager")
    path = f"/articles/{article.id}/emergency"
    client.sign_in(people["author"])
    assert client.get(path).status_code == 403
    client.sign_in(manager)
    assert client.get(path).status_code == 200
    assert client.post(path, data={"reason": ""}).status_code == 422
    assert client.post(path, data={"reason": "Wrong number in a major incident"}).status_code == 303
    assert (article.published_number, article.reviewed_at, article.review_due_at is not None) == (2, None, True)
    assert "knowledge.article.emergency_published" in db.session.scalars(sa.select(AuditEvent.action)).all()
    assert db.session.scalars(sa.select(Notification.user_id)).all() == [people["owner"].id]
    with pytest.raises(NotAllowed):
        publish_in_emergency(article, actor=people["owner"], reason="x")


def test_without_approvals_asked_for_the_owner_publishes_at_once(
    client: CheckingClient, people: dict[str, User]
) -> None:
    section = make_section()
    article = edited(make_article(section=section), people["author"])
    client.sign_in(people["owner"])
    assert client.post(f"/articles/{article.id}/publish").status_code == 409
    section.min_approvals = 0
    db.session.commit()
    assert "Publish version 2" in client.get(f"/articles/{article.id}/work").text
    assert client.post(f"/articles/{article.id}/publish").status_code == 303
    assert article.published_number == 2
    assert db.session.scalars(sa.select(SearchChange.article_id)).all().count(article.id) == 2


def test_a_request_with_a_hidden_article_leaves_no_trace(client: CheckingClient, people: dict[str, User]) -> None:
    secret = make_article("Takeover", audience=("role:auditor",), author=people["owner"])
    secret.owner_team = make_team()
    save_version(secret, ArticleContent("Takeover", "New", audience=("role:auditor",)), actor=people["owner"])
    request = make_request(people["owner"], secret)
    client.sign_in(make_user("knowledge_reviewer"))
    assert "Takeover" not in client.get("/reviews").text
    assert client.get(f"/reviews/{request.id}").status_code == 404
    assert client.post(f"/reviews/{request.id}/decide", data={"verdict": "approved"}).status_code == 404


def test_the_number_of_queries_does_not_grow(client: CheckingClient, people: dict[str, User]) -> None:
    client.sign_in(people["reviewer"])
    counts = []
    for _ in range(3):
        make_request(people["author"], edited(make_article(), people["author"]))
        with count_queries() as counted:
            client.get("/reviews")
        counts.append(len(counted))
    assert counts[0] == counts[-1] <= 12, counted.statements


def test_who_may_open_the_desk_of_reviews(client: CheckingClient) -> None:
    assert client.get("/reviews").status_code == 303
    client.sign_in(make_user("agent"))
    assert client.get("/reviews").status_code == 403
