"""Did this help? From the reader's answer to the owner's."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from knowledge.enums import Outcome
from knowledge.models import ArticleFeedback, ArticleOutcome
from knowledge.queries.usage import usage_of
from knowledge.services.outcomes import record_outcome
from knowledge.usage import Usage, wilson_lower
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.core.outbox.models import OutboxMessage
from tests.client import CheckingClient
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article


def only_feedback() -> ArticleFeedback:
    return db.session.scalars(sa.select(ArticleFeedback)).one()


def test_a_visitor_says_that_it_helped(client: CheckingClient) -> None:
    article = make_article("Wi-Fi")
    path = f"/articles/{article.id}/feedback"
    assert path in client.get(f"/articles/{article.id}/wi-fi").text
    assert "What was wrong?" not in client.get(f"{path}?helped=yes").text
    response = client.post(path, data={"helped": "yes"})
    assert (response.status_code, "Thank you" in response.text) == (200, True)
    assert (only_feedback().helped, only_feedback().state) == (True, "done")
    assert db.session.scalars(sa.select(ArticleOutcome.outcome)).all() == ["solved"]


def test_a_complaint_becomes_a_task_that_is_answered(client: CheckingClient) -> None:
    owner = make_user("knowledge_owner", display_name="Owner")
    reader = make_user(display_name="Reader")
    article = make_article("Wi-Fi", owner=owner)
    client.sign_in(reader)
    assert "What was wrong?" in client.htmx(f"/articles/{article.id}/feedback?helped=no").text
    data = {"helped": "no", "reason": "outdated", "comment": "The button is gone", "passage": "Select Connect"}
    assert "you hear what came of it" in client.post(f"/articles/{article.id}/feedback", data=data).text
    feedback = only_feedback()
    assert (feedback.state, feedback.reason, feedback.due_at is not None) == ("open", "outdated", True)
    client.sign_in(owner)
    path = f"/feedback/{feedback.id}"
    text = client.get(path).text
    for words in ("The button is gone", "Select Connect", "Out of date", "Reader"):
        assert words in text
    refused = client.post(f"{path}/answer", data={"is_right": "yes", "answer": ""})
    assert (refused.status_code, only_feedback().state) == (422, "open")
    assert (
        client.post(f"{path}/answer", data={"is_right": "yes", "answer": "It is called Join now."}).status_code == 303
    )
    assert (only_feedback().state, only_feedback().answered_by_id) == ("done", owner.id)
    again = client.post(f"{path}/answer", data={"is_right": "no", "answer": "x"})
    assert (again.status_code, "already answered" in again.text) == (422, True)
    told = {row.user_id: row.text for row in db.session.scalars(sa.select(Notification))}
    assert set(told) == {owner.id, reader.id}
    assert (
        "It is called Join now."
        in db.session.scalars(
            sa.select(OutboxMessage.body_text).where(OutboxMessage.recipient_user_id == reader.id)
        ).one()
    )
    actions = db.session.scalars(sa.select(AuditEvent.action)).all()
    assert {"knowledge.feedback.given", "knowledge.feedback.answered"} <= set(actions)


def test_feedback_on_what_one_may_not_read_is_404(client: CheckingClient) -> None:
    article = make_article(audience=("agents",))
    assert client.get(f"/articles/{article.id}/feedback").status_code == 404
    assert client.post(f"/articles/{article.id}/feedback", data={"helped": "yes"}).status_code == 404


def test_nonsense_is_refused(client: CheckingClient) -> None:
    article = make_article()
    assert client.post(f"/articles/{article.id}/feedback", data={"helped": "maybe"}).status_code == 422
    assert client.post(f"/articles/{article.id}/feedback").status_code == 422
    assert "(optional)" not in client.get(f"/articles/{article.id}/feedback?helped=yes").text
    assert (
        client.post(f"/articles/{article.id}/feedback", data={"helped": "no", "comment": "x" * 2001}).status_code == 422
    )
    assert db.session.scalars(sa.select(ArticleFeedback)).all() == []


def test_who_may_see_a_remark(client: CheckingClient) -> None:
    article = make_article(audience=("role:agent",))
    client.sign_in(make_user("agent"))
    client.post(f"/articles/{article.id}/feedback", data={"helped": "no"})
    path = f"/feedback/{only_feedback().id}"
    assert client.get(path).status_code == 403
    client.sign_in(make_user("knowledge_author"))
    assert client.get(path).status_code == 404
    assert client.application.test_client().get(path).status_code == 303


def test_outcomes_make_usage(app: object) -> None:
    article, other = make_article(), make_article()
    for outcome, number in ((Outcome.SOLVED, 5), (Outcome.NOT_SOLVED, 2), (Outcome.CAME_BACK, 1), (Outcome.LINKED, 3)):
        for _ in range(number):
            record_outcome(article.id, outcome)
    db.session.flush()
    usage = usage_of([article.id, other.id])
    assert usage[article.id] == Usage(solved=5, not_solved=2, came_back=1, linked=3)
    assert usage[article.id].success_rate == pytest.approx(4 / 7)
    assert (usage[other.id].success_rate, usage[other.id].confidence) == (None, 0.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_confidence_lies_below_the_share_and_grows_with_evidence(good: int, bad: int) -> None:
    total = good + bad
    value = wilson_lower(good, total)
    assert 0 <= value <= (good / total if total else 0)
    if good:
        assert wilson_lower(good * 2, total * 2) >= value


def test_confidence_of_a_known_case() -> None:
    # 8 of 10, 95 %: the interval of Wilson is 0.490 to 0.943.
    assert wilson_lower(8, 10) == pytest.approx(0.490, abs=0.001)
