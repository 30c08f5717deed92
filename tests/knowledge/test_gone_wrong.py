"""What goes wrong in the life of articles is said, and nothing is half done."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from knowledge.content import ArticleContent
from knowledge.enums import RequestState, Verdict
from knowledge.errors import WrongState
from knowledge.models import Article, ChangeRequest
from knowledge.services.articles import retire_article, revive_article, save_version
from knowledge.services.publishing import publish_request, schedule_request
from knowledge.services.reviewing import review_request, submit_request
from knowledge.tasks import publish_scheduled
from portal.core import clock as now
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.directory.api import User
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article


@pytest.fixture
def people(app: object) -> dict[str, User]:
    roles = {"author": "knowledge_author", "reviewer": "knowledge_reviewer", "owner": "knowledge_owner"}
    return {name: make_user(role) for name, role in roles.items()}


def approved(people: dict[str, User], *articles: Article, **values: object) -> ChangeRequest:
    for article in articles:
        save_version(article, ArticleContent(article.title, "Better words"), actor=people["author"])
    request = submit_request(articles, actor=people["author"], **values)  # type: ignore[arg-type]
    review_request(request, actor=people["reviewer"], verdict=Verdict.APPROVED)
    db.session.commit()
    return request


def actions(name: str) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == name)) or 0


def test_redirects_do_not_lead_in_a_circle(client: CheckingClient, people: dict[str, User]) -> None:
    first, second, third = make_article(), make_article(), make_article()
    retire_article(first, actor=None, reason="x", successor=second)
    retire_article(second, actor=None, reason="x", successor=third)
    db.session.commit()
    with pytest.raises(WrongState, match="leads back"):
        retire_article(third, actor=None, reason="x", successor=first)
    with pytest.raises(WrongState, match="leads back"):
        retire_article(third, actor=None, reason="x", successor=third)
    assert client.get(f"/articles/{first.id}").status_code in (301, 410)
    client.sign_in(people["owner"])
    form = {"reason": "x", "successor": f"/articles/{third.id}"}
    answer = client.post(f"/articles/{third.id}/retire", data=form)
    assert (answer.status_code, "leads back" in answer.text) == (422, True)
    assert db.session.get_one(Article, third.id).is_readable


def test_retiring_what_others_link_to_names_them_and_marks_their_links(
    client: CheckingClient, people: dict[str, User]
) -> None:
    needed = make_article("Needed")
    linking = make_article("Linking", body=f"See [it](/articles/{needed.id}).")
    client.sign_in(people["owner"])
    page = client.get(f"/articles/{needed.id}/retire").text
    assert ("1 article links to it" in page, "Linking" in page) == (True, True)
    assert client.post(f"/articles/{needed.id}/retire", data={"reason": "gone"}).status_code == 303
    gone = client.get(f"/articles/{needed.id}/needed")
    assert gone.status_code == 410
    assert client.get(f"/articles/{linking.id}/linking").status_code == 200


def test_of_two_who_publish_the_second_is_told(client: CheckingClient, people: dict[str, User]) -> None:
    request = approved(people, make_article())
    client.sign_in(people["owner"])
    assert client.post(f"/reviews/{request.id}/publish").status_code == 303
    second = client.post(f"/reviews/{request.id}/publish")
    assert (second.status_code, "already published" in second.text) == (409, True)
    assert actions("knowledge.change_request.published") == 1


def test_withdrawn_is_not_published(client: CheckingClient, people: dict[str, User]) -> None:
    request = approved(people, make_article())
    client.sign_in(people["owner"])
    assert client.post(f"/reviews/{request.id}/withdraw").status_code == 303
    late = client.post(f"/reviews/{request.id}/publish")
    assert (late.status_code, "was withdrawn" in late.text) == (409, True)
    assert request.items[0].article.published_number == 1


def test_a_time_that_passed_meanwhile_is_not_offered(
    client: CheckingClient, people: dict[str, User], clock: HeldClock
) -> None:
    request = approved(people, make_article(), publish_at=now.now() + timedelta(hours=1))
    client.sign_in(people["owner"])
    assert "Publish at the time asked for" in client.get(f"/reviews/{request.id}").text
    clock.forward(hours=2)
    page = client.get(f"/reviews/{request.id}").text
    assert ("Publish at the time asked for" in page, "The time asked for has passed" in page) == (False, True)
    late = client.post(f"/reviews/{request.id}/publish", data={"schedule": "1"})
    assert (late.status_code, "That time has passed" in late.text) == (409, True)
    assert client.post(f"/reviews/{request.id}/publish").status_code == 303


def test_what_cannot_be_published_at_its_time_comes_back_and_is_told(people: dict[str, User], clock: HeldClock) -> None:
    first, second = make_article(), make_article()
    request = approved(people, first, second, publish_at=now.now() + timedelta(hours=1))
    schedule_request(request, actor=people["owner"], publish_at=request.publish_at or now.now())
    retire_article(second, actor=None, reason="gone")
    db.session.commit()
    clock.forward(hours=2)
    publish_scheduled()
    db.session.expire_all()
    assert (request.state, first.published_number) == (RequestState.IN_REVIEW, 1)
    told = db.session.scalars(
        sa.select(Notification.user_id).where(Notification.template.like("%request_unscheduled"))
    ).all()
    assert set(told) == {people["author"].id, people["owner"].id}
    publish_scheduled()
    assert actions("knowledge.change_request.unscheduled") == 1


def test_a_retired_article_of_a_request_stops_all_of_it(people: dict[str, User]) -> None:
    first, second = make_article(), make_article()
    request = approved(people, first, second)
    retire_article(second, actor=None, reason="gone")
    db.session.commit()
    with pytest.raises(WrongState, match="was retired meanwhile"):
        publish_request(request, actor=people["owner"])
    db.session.rollback()
    revive_article(second, actor=None, reason="back")
    publish_request(request, actor=people["owner"])
    assert (first.published_number, second.published_number) == (2, 2)
