"""Promoted answers stand first, are marked, and are seen only by those who may read them."""

import sqlalchemy as sa
from flask import Flask

from knowledge.tuning.models import PromotedAnswer
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import found, index_all

LIST = "/knowledge/search/promoted"
NEW = f"{LIST}/new"


def promoted() -> list[PromotedAnswer]:
    return list(db.session.scalars(sa.select(PromotedAnswer).order_by(PromotedAnswer.id)))


def test_an_answer_is_tried_promoted_and_stands_first(indexed: Flask, client: CheckingClient) -> None:
    make_article("Reset your password", body="Password, password and password again.")
    best = make_article("Sign in without a password", body="Use the key on your telephone.")
    index_all()
    client.sign_in(make_user("knowledge_owner"))
    assert found(client, "reset password")[0] == "Reset your password"
    form = {"article": f"http://localhost/articles/{best.id}/x", "phrases": "Reset  PASSWORD", "match": "whole"}
    tried = client.post(NEW, data=form | {"try": "1"})
    assert tried.status_code == 200
    assert "Recommended" in tried.text.split("With this change", 1)[1]
    assert promoted() == []
    assert client.post(NEW, data=form).status_code == 303
    client.post("/sign-out")
    assert found(client, "reset password") == ["Sign in without a password", "Reset your password"]
    assert "Recommended" in client.get("/search?q=reset+password").text
    # The whole search and nothing more.
    assert found(client, "how to reset password")[0] == "Reset your password"
    actions = db.session.scalars(sa.select(AuditEvent.action).where(AuditEvent.action.like("knowledge.promotion.%")))
    assert list(actions) == ["knowledge.promotion.created"]


def test_it_is_changed_ends_and_is_removed(indexed: Flask, client: CheckingClient, clock: HeldClock) -> None:
    make_article("Reset your password", body="Password, password and password again.")
    best = make_article("Keys instead of passwords", body="Use the key on your telephone.")
    index_all()
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"article": str(best.id), "phrases": "password", "match": "whole"})
    row = promoted()[0]
    day = clock.now().date().isoformat()
    change = {"article": str(best.id), "phrases": "password\nkennwort", "match": "contains", "last_day": day}
    assert client.post(f"{LIST}/{row.id}", data=change).status_code == 303
    assert found(client, "how to reset my password")[0] == "Keys instead of passwords"
    assert found(client, "kennwort") == ["Keys instead of passwords"]
    assert "passwordless" not in client.get(LIST).text
    clock.forward(days=1)
    assert found(client, "how to reset my password")[0] == "Reset your password"
    assert "Over" in client.get(LIST).text
    assert client.post(f"{LIST}/{row.id}/remove").status_code == 303
    assert promoted() == []
    query = sa.select(AuditEvent.action).where(AuditEvent.action.like("knowledge.promotion.%")).order_by(AuditEvent.id)
    assert [action.rsplit(".")[-1] for action in db.session.scalars(query)] == ["created", "changed", "removed"]


def test_nobody_sees_a_promoted_answer_they_may_not_read(indexed: Flask, client: CheckingClient) -> None:
    make_article("Reset your password", body="Password again.")
    hidden = make_article("Master password of the vault", body="It lies in the safe.", audience=("agents",))
    index_all()
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"article": str(hidden.id), "phrases": "password", "match": "contains"})
    client.post("/sign-out")
    text = client.get("/search?q=password").text
    assert "vault" not in text
    assert "Recommended" not in text
    client.sign_in(make_user("agent"))
    assert found(client, "password")[0] == "Master password of the vault"


def test_a_promoted_answer_respects_the_filters(indexed: Flask, client: CheckingClient) -> None:
    from knowledge.enums import ArticleType

    make_article("Reset your password", body="Password again.", kind=ArticleType.FAQ)
    other = make_article("Keys", body="Use the key.", kind=ArticleType.HOW_TO)
    index_all()
    client.sign_in(make_user("knowledge_owner"))
    client.post(NEW, data={"article": str(other.id), "phrases": "password", "match": "contains"})
    assert found(client, "password") == ["Keys", "Reset your password"]
    assert found(client, "password", type="faq") == ["Reset your password"]


def test_owners_of_a_team_promote_their_own_articles_only(client: CheckingClient) -> None:
    team, other = make_team(), make_team()
    mine = make_article("Mine", owner_team=team)
    theirs = make_article("Theirs", owner_team=other)
    draft = make_article("Not out yet", owner_team=team, published=False)
    owner = make_user("knowledge_owner", team=team)
    client.sign_in(owner)
    form = {"phrases": "anything", "match": "whole"}
    assert client.post(NEW, data=form | {"article": str(theirs.id)}).status_code in (403, 422)
    for wrong in (str(draft.id), "999999", "nonsense", "", f"/articles/{theirs.id}x"):
        answer = client.post(NEW, data=form | {"article": wrong})
        assert answer.status_code == 422, wrong
        assert client.post(NEW, data=form | {"article": wrong, "try": "1"}).status_code == 422, wrong
    assert client.post(NEW, data={"article": str(mine.id), "phrases": " \n", "match": "whole"}).status_code == 422
    assert client.post(NEW, data=form | {"article": str(mine.id), "match": "odd"}).status_code == 422
    assert promoted() == []
    assert client.post(NEW, data=form | {"article": str(mine.id)}).status_code == 303
    row = promoted()[0]
    client.sign_in(make_user("knowledge_owner", team=other))
    assert client.get(f"{LIST}/{row.id}").status_code == 404
    assert client.post(f"{LIST}/{row.id}/remove").status_code == 404
    assert "Mine" not in client.get(LIST).text
    client.sign_in(make_user())
    assert client.get(LIST).status_code == 403
    assert client.get(NEW).status_code == 403


def test_the_list_takes_the_same_number_of_queries_however_long(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_owner"))
    for number in range(1):
        client.post(NEW, data={"article": str(make_article().id), "phrases": f"one {number}", "match": "whole"})
    client.get(LIST)
    with count_queries() as one:
        client.htmx(LIST)
    for number in range(3):
        client.post(NEW, data={"article": str(make_article().id), "phrases": f"two {number}", "match": "whole"})
    with count_queries() as four:
        answer = client.htmx(LIST)
    assert len(one) == len(four)
    assert "<html" not in answer.text
    assert "two 2" in answer.text
