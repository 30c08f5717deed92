"""Views and readers: counted beside the pages, without robots, authors and names."""

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.enums import Outcome
from knowledge.models import Article, ArticleDay, ReaderOfDay, ReaderSalt
from knowledge.queries.usage import list_days, list_most_read, usage_of
from knowledge.services.outcomes import record_outcome
from knowledge.services.viewing import is_robot, note_view
from knowledge.tasks import forget_readers
from portal.core.auth import Anonymous
from portal.core.db import db
from portal.core.gathering import write_gathered
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_team, make_user
from tests.factories.knowledge import make_article

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 14; CUBOT X90) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


def read(client: CheckingClient, article: Article, agent: str = FIREFOX, **headers: str) -> int:
    response = client.get(f"/articles/{article.id}/{article.slug}", headers={"User-Agent": agent, **headers})
    return response.status_code


def numbers(article: Article) -> tuple[int, int]:
    write_gathered()
    usage = usage_of([article.id])[article.id]
    return usage.views, usage.readers


def test_views_of_visitors_count_also_when_the_page_comes_from_the_cache(client: CheckingClient) -> None:
    article = make_article()
    path = f"/articles/{article.id}/{article.slug}"
    with count_queries() as counted:
        for agent in (FIREFOX, FIREFOX, CHROME, FIREFOX):
            assert client.get(path, headers={"User-Agent": agent}).status_code == 200
    made = [line for line in counted.statements if "FROM article_version" in line]
    assert len(made) == 1, "the others come from the cache"
    assert numbers(article) == (4, 2)


def test_a_page_the_browser_has_already_counts(client: CheckingClient) -> None:
    article = make_article()
    etag = client.get(f"/articles/{article.id}/{article.slug}", headers={"User-Agent": FIREFOX}).headers["ETag"]
    assert read(client, article, **{"If-None-Match": etag}) == 304
    assert numbers(article) == (2, 1)


def test_reading_writes_nothing_and_moves_no_cache(client: CheckingClient) -> None:
    article = make_article()
    client.sign_in(make_user())
    with count_queries() as counted:
        read(client, article)
    assert [line for line in counted.statements if not line.startswith(("SELECT", "WITH"))] == []


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Googlebot/2.1 (+http://example.org/bot.html)",
        "curl/8.5.0",
        "python-requests/2.32",
        "Slackbot-LinkExpanding",
    ],
)
def test_robots_are_left_out(client: CheckingClient, agent: str) -> None:
    article = make_article()
    read(client, article, agent)
    assert numbers(article) == (0, 0)
    assert is_robot(agent)
    assert not is_robot(FIREFOX)
    assert not is_robot(CHROME)


def test_pages_loaded_ahead_moved_or_refused_are_no_views(client: CheckingClient) -> None:
    article, hidden = make_article(), make_article(audience=("agents",))
    read(client, article, **{"Sec-Purpose": "prefetch;prerender"})
    client.head(f"/articles/{article.id}/{article.slug}", headers={"User-Agent": FIREFOX})
    client.get(f"/articles/{article.id}/old-name", headers={"User-Agent": FIREFOX})
    assert read(client, hidden) == 404
    assert numbers(article) == (0, 0)
    assert numbers(hidden) == (0, 0)


def test_those_who_write_or_own_an_article_are_left_out(client: CheckingClient) -> None:
    author, owner, reader = make_user("knowledge_author"), make_user(), make_user()
    article = make_article(author=author, owner=owner)
    for person in (author, owner, reader):
        client.sign_in(person)
        assert read(client, article) == 200
    assert numbers(article) == (1, 1)


def test_a_person_is_one_reader_in_every_browser(client: CheckingClient) -> None:
    article = make_article()
    client.sign_in(make_user())
    read(client, article, FIREFOX)
    read(client, article, CHROME)
    assert numbers(article) == (2, 1)


def test_batches_and_days_add_up(app: Flask, clock: HeldClock) -> None:
    article = make_article()
    for _ in range(2):
        for name in ("ada", "bob"):
            note_view(article.id, reader=name, user_id=None)
        write_gathered()
    clock.forward(days=1)
    note_view(article.id, reader="ada", user_id=None)
    assert numbers(article) == (5, 3)
    assert [(day.views, day.readers) for day in list_days(article)[-3:]] == [(0, 0), (4, 2), (1, 1)]
    assert len(list_days(article)) == 30


def test_who_read_is_not_kept(app: Flask, clock: HeldClock) -> None:
    article, reader = make_article(), make_user()
    note_view(article.id, reader=f"user {reader.id}", user_id=reader.id)
    write_gathered()
    salt = db.session.scalars(sa.select(ReaderSalt.salt)).one()
    forget_readers()
    assert db.session.scalars(sa.select(ReaderOfDay)).all() != []
    clock.forward(days=1)
    forget_readers()
    assert db.session.scalars(sa.select(ReaderOfDay)).all() == []
    assert db.session.scalars(sa.select(ReaderSalt)).all() == []
    assert numbers(article) == (1, 1)
    note_view(article.id, reader=f"user {reader.id}", user_id=reader.id)
    write_gathered()
    assert db.session.scalars(sa.select(ReaderSalt.salt)).one() != salt


def test_an_article_that_is_gone_holds_up_no_other(app: Flask) -> None:
    article = make_article()
    note_view(987654, reader="ada", user_id=None)
    note_view(article.id, reader="ada", user_id=None)
    assert numbers(article) == (1, 1)


def test_most_read_counts_the_last_month_and_leaves_out_what_one_may_not_read(app: Flask, clock: HeldClock) -> None:
    old, often, rarely, hidden = (make_article(), make_article(), make_article(), make_article(audience=("agents",)))
    today = clock.now().date()
    for article, day, views in (
        (old, date(2026, 1, 1), 900),
        (often, today, 30),
        (rarely, today, 2),
        (hidden, today, 500),
    ):
        db.session.add(ArticleDay(article_id=article.id, day=day, views=views, readers=1))
    db.session.flush()
    assert list(list_most_read(Anonymous())) == [often]
    assert list(list_most_read(make_user("agent"))) == [hidden, often]


def test_the_list_of_articles_shows_what_is_read_most(client: CheckingClient, clock: HeldClock) -> None:
    article = make_article("Reset your password")
    db.session.add(ArticleDay(article_id=article.id, day=clock.now().date(), views=10, readers=3))
    text = client.get("/articles").text
    assert "Read most in the last 30 days" in text
    assert "Reset your password" in text


class TestUsagePage:
    def test_shows_figures(self, client: CheckingClient, clock: HeldClock) -> None:
        article = make_article()
        db.session.add(ArticleDay(article_id=article.id, day=clock.now().date(), views=41, readers=17))
        for outcome, number in ((Outcome.SOLVED, 9), (Outcome.NOT_SOLVED, 1), (Outcome.CAME_BACK, 1)):
            for _ in range(number):
                record_outcome(article.id, outcome)
        db.session.flush()
        client.sign_in(make_user("knowledge_owner"))
        text = client.get(f"/articles/{article.id}/usage").text
        assert "Views: 41. Readers: 17." in text
        assert "in 8 of 10 cases" in text
        assert "at least 49 of 100 cases" in text

    def test_says_when_nothing_is_known(self, client: CheckingClient) -> None:
        article = make_article()
        client.sign_in(make_user("knowledge_owner"))
        text = client.get(f"/articles/{article.id}/usage").text
        assert "Nobody has read it" in text
        assert "Nobody has said yet" in text

    def test_is_for_those_who_work_on_the_article(self, client: CheckingClient) -> None:
        article = make_article(owner_team=make_team())
        path = f"/articles/{article.id}/usage"
        assert client.get(path).status_code == 303
        client.sign_in(make_user())
        assert client.get(path).status_code == 403
        client.sign_in(make_user("knowledge_author", team=make_team()))
        assert client.get(path).status_code == 404


class TestResults:
    def test_lists_what_fails_works_and_is_unknown(self, client: CheckingClient) -> None:
        bad, good, unknown = make_article("Bad one"), make_article("Good one"), make_article("Unjudged one")
        foreign = make_article("Foreign one", owner_team=make_team())
        team = make_team()
        for article in (bad, good, unknown):
            article.owner_team_id = team.id
        for article in (bad, foreign):
            record_outcome(article.id, Outcome.NOT_SOLVED)
        # Solved once and back again: nothing good is left of it.
        record_outcome(bad.id, Outcome.SOLVED)
        record_outcome(bad.id, Outcome.CAME_BACK)
        record_outcome(good.id, Outcome.SOLVED)
        record_outcome(good.id, Outcome.NOT_SOLVED)
        db.session.flush()
        client.sign_in(make_user("knowledge_owner", team=team))
        for query, shown in (("", "Bad one"), ("?list=works", "Good one"), ("?list=unknown", "Unjudged one")):
            text = client.get(f"/knowledge/results{query}").text
            assert [title for title in ("Bad one", "Good one", "Unjudged one", "Foreign one") if title in text] == [
                shown
            ]
        fragment = client.htmx("/knowledge/results").text
        assert "<html" not in fragment
        assert "Bad one" in fragment

    def test_is_for_the_desk(self, client: CheckingClient) -> None:
        assert client.get("/knowledge/results").status_code == 303
        client.sign_in(make_user())
        assert client.get("/knowledge/results").status_code == 403

    def test_the_number_of_queries_does_not_grow(self, client: CheckingClient) -> None:
        client.sign_in(make_user("knowledge_owner"))
        counts = []
        for _ in range(3):
            record_outcome(make_article(owner=make_user(), owner_team=make_team()).id, Outcome.NOT_SOLVED)
            with count_queries() as counted:
                client.get("/knowledge/results")
            counts.append(len(counted))
        assert counts[0] == counts[-1], counted.statements
