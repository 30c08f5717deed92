"""Owners, review periods, reminders, and the owner's desk."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from knowledge.enums import Outcome
from knowledge.models import Article
from knowledge.queries.changes import find_document, iterate_documents
from knowledge.services.life_cycle import ask_for_review_of_service, confirm_article
from knowledge.services.outcomes import record_outcome
from knowledge.services.review_periods import next_review
from knowledge.tasks import remind_of_reviews
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.directory.api import Membership
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_service, make_team, make_user
from tests.factories.knowledge import make_article, make_section


def reload(article_id: int) -> Article:
    return db.session.scalars(
        sa.select(Article).where(Article.id == article_id).execution_options(populate_existing=True)
    ).one()


@pytest.mark.parametrize(
    ("reviewed", "months", "due"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-05-15", 12, "2027-05-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_periods_follow_the_calendar(reviewed: str, months: int, due: str) -> None:
    moment = datetime.fromisoformat(reviewed).replace(tzinfo=UTC)
    assert next_review(moment, months) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_nobody_looks_reminder_escalation_expiry_and_back(client: CheckingClient, clock: HeldClock) -> None:
    team = make_team()
    lead = make_user(team=team)
    db.session.scalars(sa.select(Membership).where(Membership.user_id == lead.id)).one().is_lead = True
    owner = make_user("knowledge_owner")
    number = make_article("Wi-Fi", owner=owner, owner_team=team, review_months=1).id
    stages = []
    for days in (20, 12, 15, 30, 1):
        clock.forward(days=days)
        remind_of_reviews()
        remind_of_reviews()
        article = reload(number)
        stages.append((article.review_stage, article.state.value))
    assert stages == [(0, "published"), (1, "published"), (2, "published"), (3, "expired"), (3, "expired")]
    told = [row.user_id for row in db.session.scalars(sa.select(Notification).order_by(Notification.id))]
    assert told == [owner.id, owner.id, lead.id, owner.id, lead.id]
    assert find_document(number) is None
    assert "overdue for a check" in client.get(f"/articles/{number}/wi-fi").text
    confirm_article(reload(number), actor=owner)
    db.session.commit()
    assert find_document(number) is not None
    assert reload(number).review_stage == 0


def test_a_long_silence_still_reminds_before_it_expires(clock: HeldClock, app: object) -> None:
    number = make_article(owner=make_user("knowledge_owner"), review_months=1).id
    clock.forward(days=400)
    remind_of_reviews()
    assert (reload(number).review_stage, reload(number).state) == (1, "published")


def test_a_changed_service_asks_for_a_review_of_its_articles(app: object) -> None:
    service = make_service("VPN", key="vpn")
    about, other = make_article(services=("vpn",)), make_article()
    assert ask_for_review_of_service(service.id, actor=None, reason="New client") == 1
    assert (about.review_due_at is not None, other.review_due_at) == (True, None)


def test_the_desk_counts_and_lists_what_waits(client: CheckingClient, clock: HeldClock) -> None:
    owner = make_user("knowledge_owner")
    make_article("Due soon", owner=owner, review_months=1)
    failing = make_article("Failing one", owner=owner)
    for _ in range(5):
        record_outcome(failing.id, Outcome.NOT_SOLVED)
    make_article("A draft", owner=owner, published=False)
    make_article("Nobody's")
    clock.forward(days=10)
    client.sign_in(owner)
    for which, title, others in (
        ("due", "Due soon", "Failing one"),
        ("failing", "Failing one", "Due soon"),
        ("drafts", "A draft", "Failing one"),
        ("unowned", "Nobody&#39;s", "Failing one"),
    ):
        text = client.get(f"/knowledge?list={which}").text
        assert title in text
        assert f">{others}<" not in text
    assert "Nobody&#39;s" not in client.get("/knowledge?list=all&whose=mine").text
    clock.forward(days=60)
    assert "Due soon" in client.get("/knowledge").text
    assert "<html" not in client.htmx("/knowledge?list=all").text


def test_articles_are_confirmed_and_given_away_in_bulk(client: CheckingClient, clock: HeldClock) -> None:
    owner, heir = make_user("knowledge_owner"), make_user("knowledge_owner", username="heir")
    articles = [make_article(owner=owner, review_months=1) for _ in range(2)]
    ids = [article.id for article in articles]
    clock.forward(days=40)
    client.sign_in(owner)
    client.post("/knowledge/confirm", data={"article": ids, "back": "/knowledge?list=all"})
    assert [reload(number).is_review_due for number in ids] == [False, False]
    assert client.post("/knowledge/reassign", data={"article": ids, "owner": "nobody.here"}).status_code == 422
    assert client.post("/knowledge/reassign", data={"article": ids, "owner": "heir"}).status_code == 303
    assert {reload(number).owner_id for number in ids} == {heir.id}
    assert db.session.scalars(sa.select(Notification.user_id)).all() == [heir.id]


def test_what_would_move_is_shown_before_it_moves(client: CheckingClient) -> None:
    owner = make_user("knowledge_owner")
    heir = make_user("knowledge_author", username="heir", display_name="Hedda Heir")
    mine, theirs, closed = (
        make_article("Mine", owner=owner),
        make_article("Theirs", owner=heir),
        make_article("Closed", owner=owner, audience=("role:auditor",)),
    )
    ids = [mine.id, theirs.id, closed.id]
    client.sign_in(owner)
    path = "/knowledge/reassign/preview"
    shown = client.post(path, data={"article": ids, "owner": "heir", "back": "/knowledge?list=all"}).text
    assert "Give 2 articles to Hedda Heir?" in shown
    assert "1 of the chosen articles is theirs already." in shown
    assert "1 article is not meant for them" in shown
    assert "does not write articles" not in shown
    assert 'href="/knowledge?list=all"' in shown
    reader = make_user(username="reader.only")
    assert "does not write articles" in client.post(path, data={"article": ids, "owner": reader.username}).text
    for data, words in (({"article": ids, "owner": "x"}, "nobody with this user name"), ({}, "No article was chosen")):
        answer = client.post(path, data=data)
        assert (answer.status_code, words in answer.text) == (422, True)
    assert [reload(number).owner_id for number in ids] == [owner.id, heir.id, owner.id]
    assert db.session.scalars(sa.select(Notification.user_id)).all() == []
    assert client.post(path, data={"article": [99999], "owner": "heir"}).status_code == 404
    client.sign_in(make_user("knowledge_author"))
    assert client.post(path, data={"article": ids, "owner": "heir"}).status_code == 403


def test_ownership_is_set_by_those_who_publish(client: CheckingClient) -> None:
    team = make_team()
    article = make_article(owner_team=team)
    client.sign_in(make_user("knowledge_owner", team=make_team()))
    data = {"owner_team_id": team.id, "owner": "", "review_months": "6", "is_restricted": "y"}
    assert client.post(f"/articles/{article.id}/ownership", data=data).status_code == 404
    client.sign_in(make_user("knowledge_owner"))
    assert client.get(f"/articles/{article.id}/ownership").status_code == 200
    assert client.post(f"/articles/{article.id}/ownership", data={**data, "owner": "nobody"}).status_code == 422
    assert client.post(f"/articles/{article.id}/ownership", data=data).status_code == 303
    assert (article.review_months, article.is_restricted, article.review_due_at is not None) == (6, True, True)


def test_articles_take_their_period_from_the_section(app: object) -> None:
    top = make_section("Top")
    top.review_months = 3
    article = make_article(section=make_section("Below", parent=top))
    confirm_article(article, actor=None)
    assert article.review_due_at is not None


def test_retiring_and_bringing_back_in_the_browser(client: CheckingClient) -> None:
    successor = make_article("New way")
    article = make_article("Old way")
    make_article("Links here", body=f"[x](/articles/{article.id}/old-way)")
    client.sign_in(make_user("knowledge_author"))
    assert client.get(f"/articles/{article.id}/retire").status_code == 403
    client.sign_in(make_user("knowledge_owner"))
    path = f"/articles/{article.id}/retire"
    assert "Links here" in client.get(path).text
    assert client.post(path, data={"reason": ""}).status_code == 422
    assert client.post(path, data={"reason": "Old", "successor": "/articles/99999/x"}).status_code == 422
    address = f"http://localhost/articles/{successor.id}/new-way"
    assert client.post(path, data={"reason": "Old", "successor": address}).status_code == 303
    assert client.get(f"/articles/{article.id}/old-way").status_code == 301
    circle = client.post(
        f"/articles/{successor.id}/retire", data={"reason": "x", "successor": f"/articles/{article.id}/"}
    )
    assert circle.status_code == 422
    assert client.post(f"/articles/{article.id}/revive").status_code == 303
    assert client.get(f"/articles/{article.id}/old-way").status_code == 200


def test_the_desk_needs_the_same_number_of_queries_for_any_number(client: CheckingClient) -> None:
    client.sign_in(make_user("knowledge_owner"))
    counts = []
    for _ in range(3):
        make_article(owner=make_user("knowledge_owner"), owner_team=make_team())
        with count_queries() as counted:
            client.get("/knowledge?list=all")
        counts.append(len(counted))
    assert counts[0] == counts[-1] <= 12, counted.statements


def test_the_index_gets_every_document_once(app: object) -> None:
    made = [make_article(tags=("a",)) for _ in range(3)]
    make_article(published=False)
    documents = list(iterate_documents())
    assert [document.id for document in documents] == [article.id for article in made]
    assert documents[0].audience == {"public"}
