"""Hearing of changes: one message a version, never about what one may no longer read."""

import re

import feedparser
import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.content import ArticleContent
from knowledge.enums import ArticleType, ErrorState, Event
from knowledge.models import Article, ResolvedNews, SubscriberNews, Subscription
from knowledge.services import subscribing
from knowledge.services.articles import newest_version, publish_version, retire_article, save_version
from knowledge.services.known_errors import set_error_state
from knowledge.tasks import tell_subscribers
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.core.outbox.models import OutboxMessage
from portal.directory.models import User
from tests.client import CheckingClient, count_queries
from tests.factories.audit import actions
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article, make_section


def publish_again(article: Article, *, audience: tuple[str, ...] = ("public",), actor: User | None = None) -> None:
    words = f"Version {article.latest_number + 1}"
    save_version(article, ArticleContent(article.title, words, summary=words, audience=audience), actor=actor)
    publish_version(newest_version(article), actor=actor)
    db.session.commit()


def told() -> list[tuple[str, str]]:
    """To whom messages about changes went, and their subjects."""
    db.session.commit()
    tell_subscribers()
    query = sa.select(OutboxMessage.recipient, OutboxMessage.subject).order_by(OutboxMessage.id)
    query = query.where(OutboxMessage.template == "knowledge/email/article_changed")
    return [(recipient, subject) for recipient, subject in db.session.execute(query)]


@pytest.fixture
def person(app: Flask) -> User:
    return make_user(email="ada@portico.example", locale="en")


def test_each_version_is_told_once_here_and_by_mail(person: User) -> None:
    article = make_article("VPN drops")
    subscribing.subscribe(person, article)
    assert told() == [], "what was published before is no news"
    publish_again(article)
    expected = [("ada@portico.example", "Changed: VPN drops")]
    assert told() == expected
    assert told() == expected
    assert db.session.scalars(sa.select(Notification.path)).all() == [f"/articles/{article.id}/vpn-drops"]
    assert db.session.scalars(sa.select(SubscriberNews)).all() == []
    publish_again(article)
    assert told() == expected * 2


def told_of_resolved() -> list[tuple[str, str]]:
    """To whom messages about resolved known errors went, and their texts."""
    db.session.commit()
    tell_subscribers()
    query = sa.select(OutboxMessage.recipient, OutboxMessage.body_text).order_by(OutboxMessage.id)
    query = query.where(OutboxMessage.template == "knowledge/email/error_resolved")
    return [(recipient, body) for recipient, body in db.session.execute(query)]


def test_a_resolved_known_error_is_told_once_to_those_who_follow_it(person: User) -> None:
    section, actor, agent = make_section("Mail"), make_user("knowledge_owner"), make_user("agent")
    article = make_article("Mail stops", kind=ArticleType.KNOWN_ERROR, section=section, audience=("agents",))
    subscribing.subscribe(agent, article)
    subscribing.subscribe(agent, section)
    for other in (actor, person):
        subscribing.subscribe(other, article)

    def put(state: ErrorState, note: str = "") -> None:
        set_error_state(article, actor=actor, state=state, note=note)

    put(ErrorState.WORKAROUND, "Use the web mail.")
    assert told_of_resolved() == []
    put(ErrorState.RESOLVED, "By the update of May.")
    ((recipient, text),) = told_of_resolved()
    assert recipient == agent.email, "neither who did it nor who may not read it"
    for words in ("“Mail stops” is resolved", "By the update of May.", f"/articles/{article.id}/mail-stops", "/leave/"):
        assert words in text
    # Another note is no news; what was opened again before anybody was told is none either.
    put(ErrorState.RESOLVED, "By the update of June.")
    assert len(told_of_resolved()) == 1
    put(ErrorState.OPEN)
    put(ErrorState.RESOLVED)
    put(ErrorState.OPEN)
    assert len(told_of_resolved()) == 1
    assert db.session.scalars(sa.select(ResolvedNews)).all() == []
    assert told() == []


def test_many_followers_of_a_resolved_error_are_told_in_steps(app: Flask) -> None:
    article = make_article("Mail stops", kind=ArticleType.KNOWN_ERROR)
    for _ in range(subscribing.TOLD_AT_ONCE + 1):
        subscribing.subscribe(make_user(), article)
    set_error_state(article, actor=None, state=ErrorState.RESOLVED, note="")
    assert len(told_of_resolved()) == subscribing.TOLD_AT_ONCE + 1


def test_a_section_means_everything_beneath_it_and_one_message_is_enough(person: User) -> None:
    top = make_section("Network")
    below = make_section("VPN", parent=top)
    article, elsewhere = make_article(section=below), make_article()
    for thing in (top, below, article):
        subscribing.subscribe(person, thing)
    publish_again(article)
    publish_again(elsewhere)
    assert len(told()) == 1
    body = db.session.scalars(sa.select(OutboxMessage.body_text)).one()
    token = body.split("/subscriptions/leave/")[1].split()[0]
    found = subscribing.find_by_token(token)
    assert found is not None
    assert found.article_id == article.id, "the link ends what is nearest"


def test_what_one_may_no_longer_read_is_not_told(person: User) -> None:
    agent = make_user("agent")
    article = make_article()
    for reader in (person, agent):
        subscribing.subscribe(reader, article)
    publish_again(article, audience=("agents",))
    assert [recipient for recipient, _ in told()] == [agent.email]


def test_rights_and_state_are_those_of_the_moment_of_telling(person: User) -> None:
    article, gone = make_article(), make_article()
    for thing in (article, gone):
        subscribing.subscribe(person, thing)
        publish_again(thing)
    publish_again(article)
    retire_article(gone, actor=None, reason="Old")
    assert len(told()) == 1, "the newest version only, and nothing that is retired"


def test_those_who_did_it_and_closed_accounts_are_not_told(app: Flask) -> None:
    publisher, author, closed = make_user("knowledge_owner"), make_user("knowledge_author"), make_user()
    article = make_article()
    for person in (publisher, author, closed):
        subscribing.subscribe(person, article)
    closed.is_active = False
    save_version(article, ArticleContent(article.title, "New", audience=("public",)), actor=author)
    publish_version(newest_version(article), actor=publisher)
    assert told() == []


def test_many_are_told_some_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "TOLD_AT_ONCE", 2)
    article = make_article()
    people = [make_user() for _ in range(5)]
    for person in people:
        subscribing.subscribe(person, article)
    publish_again(article)
    assert [recipient for recipient, _ in told()] == [person.email for person in people]


class TestPages:
    def test_subscribe_list_and_end(self, client: CheckingClient, person: User) -> None:
        article, section = make_article("VPN drops"), make_section("Printing")
        make_article(section=section)
        client.sign_in(person)
        path = f"/articles/{article.id}/vpn-drops"
        assert "Tell me about changes" in client.get(path).text
        for _ in range(2):
            assert client.post(f"/articles/{article.id}/subscribe").location == path
        assert client.post(f"/sections/{section.slug}/subscribe").location == f"/sections/{section.slug}"
        assert "Unsubscribe" in client.get(path).text
        assert "Unsubscribe" in client.get(f"/sections/{section.slug}").text
        page = client.get("/subscriptions").text
        assert "VPN drops" in page
        assert "Printing" in page
        assert "<html" not in client.htmx("/subscriptions").text
        assert 'href="/subscriptions"' in client.get("/account").text
        number = db.session.scalars(sa.select(Subscription.id).order_by(Subscription.id)).first()
        assert client.post(f"/subscriptions/{number}/end").location == "/subscriptions"
        assert "VPN drops" not in client.get("/subscriptions").text
        assert [action for action in actions() if "subscription" in action] == [
            Event.SUBSCRIBED,
            Event.SUBSCRIBED,
            Event.UNSUBSCRIBED,
        ]

    def test_visitors_sign_in_first(self, client: CheckingClient) -> None:
        article = make_article()
        assert "Tell me about changes" not in client.get(f"/articles/{article.id}/{article.slug}").text
        for path in (f"/articles/{article.id}/subscribe", "/sections/x/subscribe", "/subscriptions/1/end"):
            assert client.post(path).status_code == 303
        assert client.get("/subscriptions").status_code == 303

    def test_nobody_subscribes_to_what_they_may_not_read_or_ends_for_others(
        self, client: CheckingClient, person: User
    ) -> None:
        hidden, other = make_article(audience=("agents",)), make_user()
        theirs = subscribing.subscribe(other, make_article())
        section = make_section("Secret", audience=["agents"])
        client.sign_in(person)
        assert client.post(f"/articles/{hidden.id}/subscribe").status_code == 404
        assert client.post(f"/sections/{section.slug}/subscribe").status_code == 404
        assert client.post(f"/subscriptions/{theirs.id}/end").status_code == 404
        assert db.session.scalars(sa.select(Subscription)).all() == [theirs]

    def test_the_list_names_nothing_one_may_no_longer_read(self, client: CheckingClient, person: User) -> None:
        article = make_article("Board matters")
        section = make_section("Board room")
        for thing in (article, section):
            subscribing.subscribe(person, thing)
        publish_again(article, audience=("agents",))
        section.audiences.clear()
        client.sign_in(person)
        page = client.get("/subscriptions").text
        assert "Board" not in page
        assert page.count("Something that you may no longer read") == 2

    def test_the_list_keeps_its_number_of_queries(self, client: CheckingClient, person: User) -> None:
        client.sign_in(person)
        counts = []
        for _ in range(3):
            subscribing.subscribe(person, make_article())
            subscribing.subscribe(person, make_section())
            db.session.commit()
            with count_queries() as counted:
                client.get("/subscriptions")
            counts.append(len(counted))
        assert counts[0] == counts[-1], counted.statements


class TestLinkInTheMessage:
    def link(self, person: User, article: Article) -> str:
        return f"/subscriptions/leave/{subscribing.token_of(subscribing.subscribe(person, article))}"

    def test_ends_the_subscription_without_signing_in_after_a_question(
        self, client: CheckingClient, person: User
    ) -> None:
        path = self.link(person, make_article("VPN drops"))
        assert "VPN drops" in client.get(path).text
        assert db.session.scalars(sa.select(Subscription)).all() != [], "looking changes nothing"
        ended = client.post(path)
        assert (ended.status_code, "You get no more messages about it" in ended.text) == (200, True)
        assert db.session.scalars(sa.select(Subscription)).all() == []
        assert actions()[-1] == Event.UNSUBSCRIBED
        for again in (client.get(path), client.post(path)):
            assert "had ended before" in again.text
            assert "You get no more messages about it" not in again.text

    def test_names_nothing_one_may_no_longer_read(self, client: CheckingClient, person: User) -> None:
        article = make_article("Board matters")
        path = self.link(person, article)
        publish_again(article, audience=("agents",))
        assert "Board matters" not in client.get(path).text

    @pytest.mark.parametrize("token", ["x", "WzEsMV0.forged", "%00"])
    def test_a_forged_token_tells_and_changes_nothing(self, client: CheckingClient, person: User, token: str) -> None:
        subscribing.subscribe(person, make_article("VPN drops"))
        for response in (client.get(f"/subscriptions/leave/{token}"), client.post(f"/subscriptions/leave/{token}")):
            assert "VPN drops" not in response.text
            assert (response.status_code, "This link does not work" in response.text) == (404, True)
            assert "no more messages" not in response.text
        assert db.session.scalars(sa.select(sa.func.count(Subscription.id))).one() == 1

    def test_the_message_holds_it(self, client: CheckingClient, person: User) -> None:
        article = make_article("VPN drops")
        subscribing.subscribe(person, article)
        publish_again(article)
        assert told()
        body = db.session.scalars(sa.select(OutboxMessage.body_text)).one()
        found = re.search(r"http://localhost(/subscriptions/leave/\S+)", body)
        assert found
        assert "Version 2" in body
        assert "VPN drops" in client.get(found[1]).text


def test_the_feed_is_well_formed_and_holds_what_everyone_may_read(client: CheckingClient) -> None:
    article = make_article("Ümlaut & <tags>", summary="a < b", owner_team=make_team())
    make_article("For agents", audience=("agents",))
    feed = feedparser.parse(client.get("/articles/feed.atom").data)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert feed.feed.updated
    assert [(entry.title, entry.link) for entry in feed.entries] == [
        ("Ümlaut & <tags>", f"http://localhost/articles/{article.id}/{article.slug}")
    ]
    assert feed.entries[0].id == f"http://localhost/articles/{article.id}"
