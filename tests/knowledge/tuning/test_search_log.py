"""Searches are counted after the answer, without a word about who searched."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.models import Article
from knowledge.tuning.models import SearchQuery, SearchStep
from knowledge.tuning.tasks import forget_searches
from portal.core.db import db
from portal.core.gathering import write_gathered
from portal.core.web.visit import COOKIE
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import index_all, results

PAGE = "/knowledge/search"


def searches() -> list[SearchQuery]:
    return list(db.session.scalars(sa.select(SearchQuery).order_by(SearchQuery.id)))


def steps() -> list[tuple[str, str, int | None]]:
    rows = db.session.scalars(sa.select(SearchStep).order_by(SearchStep.id))
    return [(step.token, step.outcome.value, step.article_id) for step in rows]


def other_visit(client: CheckingClient) -> None:
    client.delete_cookie(COOKIE)


@pytest.fixture
def reader(indexed: Flask, client: CheckingClient) -> CheckingClient:
    make_article("Connect to the Wi-Fi", body="Choose the office network.")
    make_article("Print on both sides", body="Open the settings of the printer.")
    index_all()
    return client


def test_a_search_is_counted_after_the_answer_and_once_a_visit(reader: CheckingClient, clock: HeldClock) -> None:
    reader.get("/search?q=wi-fi")
    assert searches() == []
    reader.get("/search?q=wi-fi&page=2")
    reader.get("/search?q=Wi-Fi ")
    reader.get("/search?q=wi-fi&type=how_to")
    write_gathered()
    row = searches()[0]
    assert len(searches()) == 1
    assert (row.text, row.words, row.results, row.corrected, row.degraded) == ("wi-fi", "wi fi", 1, False, False)
    other_visit(reader)
    reader.get("/search?q=wi-fi")
    write_gathered()
    assert len(searches()) == 2
    assert len({row.visit for row in searches()}) == 2


def test_the_request_costs_no_further_query_and_commits_nothing(
    reader: CheckingClient,
) -> None:
    reader.get("/search?q=wi-fi")
    with count_queries() as logged:
        reader.get("/search?q=office")
    with count_queries() as narrowed:
        reader.get("/search?q=office&page=1")
    assert len(logged) == len(narrowed)
    assert not [statement for statement in logged.statements if not statement.lstrip().startswith("SELECT")]


def test_nothing_in_the_log_tells_who_searched(reader: CheckingClient) -> None:
    user = make_user(username="anna.secret", email="anna@portico.example")
    reader.sign_in(user)
    reader.get("/search", query_string={"q": "wi-fi anna@portico.example password: Hunter22 tel 0891234567"})
    write_gathered()
    columns = {column.name for column in SearchQuery.__table__.columns}
    assert columns == {
        "id", "token", "visit", "at", "text", "words", "results", "corrected", "degraded", "next_words",
    }  # fmt: skip
    row = searches()[0]
    kept = " ".join(str(getattr(row, name)) for name in columns)
    for word in ("anna", "hunter", "0891234567", "127.0.0.1"):
        assert word not in kept.lower()
    assert row.text == "wi-fi [e-mail] password: [password] tel [number]"


def test_opening_a_result_is_counted_also_from_a_finished_page(reader: CheckingClient) -> None:
    address = results(reader, "wi-fi")[0][0]
    assert re.search(r"\?from=[0-9a-f]{16}", address)
    for _ in range(2):
        assert reader.get(address).status_code == 200
    reader.get(address.split("?")[0])
    reader.get(address.split("?")[0] + "?from=<script>")
    write_gathered()
    article_id = int(address.split("/")[2])
    assert steps() == [(searches()[0].token, "opened", article_id)] * 2


def test_a_result_opened_on_a_later_page_counts_for_the_same_search(reader: CheckingClient) -> None:
    reader.get("/search?q=settings")
    address = results(reader, "settings", type="how_to")[0][0]
    reader.get(address)
    write_gathered()
    assert [token for token, _, _ in steps()] == [searches()[0].token]


def test_the_page_is_the_same_and_kept_once_wherever_somebody_comes_from(reader: CheckingClient) -> None:
    address = results(reader, "wi-fi")[0][0]
    plain = reader.get(address.split("?")[0])
    again = reader.get(address, headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304


def test_trying_again_in_other_words_is_seen(reader: CheckingClient, clock: HeldClock) -> None:
    reader.get("/search?q=wlan")
    clock.forward(seconds=20)
    reader.get("/search?q=wi-fi")
    clock.forward(minutes=11)
    reader.get("/search?q=printer")
    write_gathered()
    assert [(row.words, row.next_words) for row in searches()] == [
        ("wlan", "wi fi"), ("wi fi", ""), ("printer", ""),
    ]  # fmt: skip


def test_what_came_of_a_search_is_told(reader: CheckingClient, clock: HeldClock) -> None:
    address = results(reader, "wi-fi")[0][0]
    reader.get(address)
    write_gathered()
    article_id = int(address.split("/")[2])
    clock.forward(minutes=2)
    reader.post(f"/articles/{article_id}/feedback", data={"helped": "yes"})
    clock.forward(minutes=1)
    reader.get("/search?q=fax")
    write_gathered()
    clock.forward(minutes=1)
    reader.post("/ask", data={"text": "The fax does not work"})
    write_gathered()
    first, second = searches()
    assert steps() == [
        (first.token, "opened", article_id), (first.token, "solved", article_id), (second.token, "asked", None),
    ]  # fmt: skip


def test_what_the_assistant_solved_counts_for_the_search_before_it(reader: CheckingClient, clock: HeldClock) -> None:
    reader.get("/search?q=no wireless")
    clock.forward(minutes=1)
    conversation = reader.post("/ask", data={"text": "How do I get on the office Wi-Fi?"}).location
    write_gathered()
    clock.forward(minutes=1)
    article_id = db.session.scalars(sa.select(Article.id).where(Article.title == "Connect to the Wi-Fi")).one()
    reader.post(f"{conversation}/articles/{article_id}", data={"use": "helped"})
    write_gathered()
    token = searches()[0].token
    assert steps() == [(token, "asked", None), (token, "solved", article_id)]


def test_an_outcome_waits_for_what_another_process_noted_before_it(reader: CheckingClient, clock: HeldClock) -> None:
    address = results(reader, "wi-fi")[0][0]
    write_gathered()
    article_id = int(address.split("/")[2])
    reader.post(f"/articles/{article_id}/feedback", data={"helped": "yes"})
    write_gathered()
    assert steps() == []
    # The process that gave out the article writes its note a moment after the one that took what was said of it.
    clock.forward(seconds=-1)
    reader.get(address)
    clock.forward(seconds=2)
    write_gathered()
    write_gathered()
    token = searches()[0].token
    assert sorted(steps()) == [(token, "opened", article_id), (token, "solved", article_id)]
    write_gathered()
    assert len(steps()) == 2


def test_an_outcome_without_a_search_is_not_kept_for_long(reader: CheckingClient, clock: HeldClock) -> None:
    address = results(reader, "wi-fi")[0][0]
    article_id = int(address.split("/")[2])
    reader.post(f"/articles/{article_id}/feedback", data={"helped": "yes"})
    clock.forward(seconds=11)
    write_gathered()
    reader.get(address)
    write_gathered()
    write_gathered()
    assert [outcome for _, outcome, _ in steps()] == ["opened"]


def test_without_a_search_nothing_is_told_of_a_visit(reader: CheckingClient) -> None:
    reader.post("/ask", data={"text": "The fax does not work"})
    write_gathered()
    assert steps() == []


def test_owners_see_what_is_searched(reader: CheckingClient, clock: HeldClock) -> None:
    for _ in range(3):
        other_visit(reader)
        reader.get(results(reader, "wi-fi")[0][0])
        clock.forward(seconds=30)
    other_visit(reader)
    reader.get("/search?q=fax number")
    clock.forward(seconds=30)
    reader.get("/search?q=print")
    write_gathered()
    reader.sign_in(make_user("knowledge_owner"))
    top = reader.get(PAGE).text
    assert top.index(">wi-fi<") < top.index(">fax number<")
    shown = {
        which: re.findall(r'class="row-link"[^>]*>([^<]+)<', reader.htmx(f"{PAGE}?list={which}").text)
        for which in ("top", "nothing", "unopened", "tried_again")
    }
    assert shown == {
        "top": ["wi-fi", "fax number", "print"],
        "nothing": ["fax number"],
        "unopened": ["print"],
        "tried_again": ["fax number"],
    }
    gap = reader.get(f"{PAGE}?list=nothing").text
    assert "/articles/new?title=fax+number" in gap
    assert "/knowledge/search/synonyms/new?term=fax+number" in gap
    assert 'value="fax number"' in reader.get("/articles/new?title=fax+number").text
    assert "fax number" in reader.get("/knowledge/search/synonyms/new?term=fax+number").text
    file = reader.get(f"{PAGE}/export.csv?list=top")
    assert file.mimetype == "text/csv"
    assert file.text.splitlines()[1] == "wi-fi,3,3,1,3,0,0,"
    clock.forward(days=8)
    assert "wi-fi" not in reader.htmx(f"{PAGE}?days=7").text
    assert "wi-fi" in reader.htmx(f"{PAGE}?days=30").text
    assert "wi-fi" in reader.htmx(f"{PAGE}?days=nonsense&list=nonsense&page=x").text


def test_a_cell_of_the_file_is_no_formula(reader: CheckingClient) -> None:
    reader.get("/search", query_string={"q": "=cmd wi-fi"})
    write_gathered()
    reader.sign_in(make_user("knowledge_owner"))
    assert "'=cmd wi-fi" in reader.get(f"{PAGE}/export.csv").text


def test_only_owners_see_it(client: CheckingClient) -> None:
    for path in (PAGE, f"{PAGE}/export.csv"):
        assert "/sign-in" in client.get(path).location
    client.sign_in(make_user("agent"))
    for path in (PAGE, f"{PAGE}/export.csv"):
        assert client.get(path).status_code == 403


def test_the_page_takes_the_same_number_of_queries_however_long(reader: CheckingClient) -> None:
    owner = make_user("knowledge_owner")
    reader.get("/search?q=one")
    write_gathered()
    reader.sign_in(owner)
    reader.get(PAGE)
    with count_queries() as one:
        reader.get(PAGE)
    for word in ("two", "three", "four"):
        reader.get(f"/search?q={word}")
    write_gathered()
    with count_queries() as four:
        assert "three" in reader.get(PAGE).text
    assert len(one) == len(four)


def test_old_searches_are_forgotten(reader: CheckingClient, clock: HeldClock) -> None:
    reader.get(results(reader, "wi-fi")[0][0])
    write_gathered()
    clock.forward(days=181)
    reader.get("/search?q=printer")
    write_gathered()
    forget_searches()
    assert [row.words for row in searches()] == ["printer"]
    assert steps() == []
