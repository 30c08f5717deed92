"""When articles are looked at again: by section, type, tag and age, and when a service changed."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from knowledge.enums import ArticleType
from knowledge.models import Article, ReviewRule
from portal.core import clock
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.directory.api import ServiceFacts, User, change_service
from tests.client import CheckingClient
from tests.factories.directory import make_service, make_user
from tests.factories.knowledge import make_article, make_section


@pytest.fixture
def owner(client: CheckingClient) -> User:
    user = make_user("knowledge_owner")
    client.sign_in(user)
    return user


def rule(**values: Any) -> dict[str, Any]:
    return {"section_id": "0", "type": "", "tag": "", "older_than_months": "", "months": "3", **values}


def months_left(article: Article) -> int:
    due = db.session.scalars(sa.select(Article.review_due_at).where(Article.id == article.id)).one()
    return round((due - clock.now()).days / 30.44) if due else 0


def test_of_several_rules_the_shortest_counts(client: CheckingClient, owner: User) -> None:
    section = make_section("Mail")
    below = make_section("Below", parent=section)
    plain = make_article(section=below, tags=("outlook",))
    error = make_article(section=below, kind=ArticleType.KNOWN_ERROR, tags=("outlook",))
    own = make_article(section=below, kind=ArticleType.KNOWN_ERROR, review_months=12)
    elsewhere = make_article()
    client.post("/knowledge/rules", data=rule(section_id=section.id, months="6"))
    assert [months_left(item) for item in (plain, error, own, elsewhere)] == [6, 6, 12, 0]
    client.post("/knowledge/rules", data=rule(type="known_error", months="2"))
    client.post("/knowledge/rules", data=rule(tag="Outlook", months="4"))
    assert [months_left(item) for item in (plain, error, own, elsewhere)] == [4, 2, 12, 0]
    numbers = db.session.scalars(sa.select(ReviewRule.id).order_by(ReviewRule.id)).all()
    client.post(f"/knowledge/rules/{numbers[1]}/remove")
    assert [months_left(item) for item in (plain, error)] == [4, 4]
    actions = db.session.scalars(sa.select(AuditEvent.action)).all()
    assert (actions.count("knowledge.review_rule.added"), actions.count("knowledge.review_rule.removed")) == (3, 1)


def test_age_is_a_condition(client: CheckingClient, owner: User) -> None:
    old, new = make_article(), make_article()
    old.created_at = clock.now() - timedelta(days=800)
    db.session.commit()
    client.post("/knowledge/rules", data=rule(older_than_months="24"))
    assert (months_left(old), months_left(new)) == (3, 0)


def test_the_effect_is_told_and_nothing_changed(client: CheckingClient, owner: User) -> None:
    article = make_article(kind=ArticleType.FAQ)
    article.reviewed_at = clock.now() - timedelta(days=200)
    make_article()
    db.session.commit()
    text = client.post("/knowledge/rules", data=rule(type="faq", preview="1")).text
    assert "about 1 published article" in text
    assert "1 is due at once" in text
    assert (months_left(article), db.session.scalars(sa.select(ReviewRule)).all()) == (0, [])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Choose at least one"),
        ({"type": "faq", "months": "0"}, "between 1 and 120"),
        ({"tag": "nowhere"}, "No article carries this tag"),
    ],
)
def test_what_is_wrong_is_said(client: CheckingClient, owner: User, changes: dict[str, Any], words: str) -> None:
    answer = client.post("/knowledge/rules", data=rule(**changes))
    assert (answer.status_code, words in answer.text) == (422, True)
    assert db.session.scalars(sa.select(ReviewRule)).all() == []


def test_new_articles_follow_the_rules(client: CheckingClient, owner: User) -> None:
    client.post("/knowledge/rules", data=rule(type="how_to", months="5"))
    assert months_left(make_article()) == 5


def facts(service: Any, **changes: Any) -> ServiceFacts:
    values = {
        name: getattr(service, name)
        for name in ServiceFacts.__dataclass_fields__
        if name not in ("needs",) and hasattr(service, name)
    }
    return ServiceFacts(**{**values, "needs": list(service.depends_on), **changes})


def test_articles_about_a_service_are_due_when_it_changes(client: CheckingClient) -> None:
    service, other = make_service("VPN"), make_service("Mail")
    about, apart = make_article(services=(service.key,)), make_article(services=(other.key,))
    change_service(service, facts(service, description="Other words"), actor=None)
    db.session.commit()
    assert about.review_due_at is None
    change_service(service, facts(service, name="Remote access"), actor=None)
    db.session.commit()
    assert (about.is_review_due, apart.is_review_due) == (True, False)
    reasons = db.session.scalars(
        sa.select(AuditEvent.reason).where(AuditEvent.action == "knowledge.article.review_due")
    ).all()
    assert reasons == ["Remote access was updated."]


def test_an_owner_says_that_a_service_was_updated(client: CheckingClient, owner: User) -> None:
    service = make_service("VPN")
    article = make_article("Connect from home", services=(service.key,))
    assert "VPN (1)" in client.get("/knowledge/service-changed").text
    assert client.post("/knowledge/service-changed", data={"service": service.key, "reason": ""}).status_code == 422
    assert not article.is_review_due
    sent = {"service": service.key, "reason": "New client"}
    desk = client.get(client.post("/knowledge/service-changed", data=sent).headers["Location"])
    assert "1 article about it is due for review now" in desk.text
    assert "Connect from home" in desk.text


@pytest.mark.parametrize("path", ["/knowledge/rules", "/knowledge/service-changed"])
def test_who_may_set_rules(client: CheckingClient, path: str) -> None:
    assert "/sign-in" in client.get(path).headers["Location"]
    client.sign_in(make_user("knowledge_author"))
    assert client.get(path).status_code == 403
    assert client.post(path, data=rule(type="faq")).status_code == 403
    assert db.session.scalars(sa.select(ReviewRule)).all() == []
