"""What people chose for a search, written as the benchmarks read it."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from benchmarks.searched_corpus import read_queries
from knowledge.exporting.markdown import exported_paths
from knowledge.models import Article, ArticleSource
from knowledge.services.articles import retire_article
from knowledge.tuning.cli import search_log_commands
from knowledge.tuning.enums import SearchOutcome
from knowledge.tuning.judging import Kind, chosen, kind_of
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.gathering import write_gathered
from portal.core.web.visit import COOKIE
from tests.client import CheckingClient
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import index_all, results

OPENED, SOLVED, ASKED = SearchOutcome.OPENED, SearchOutcome.SOLVED, SearchOutcome.ASKED


@pytest.fixture
def reader(indexed: Flask, client: CheckingClient) -> CheckingClient:
    make_article("Connect to the Wi-Fi", body="Choose the office network.")
    make_article("Wi-Fi abroad", body="Choose the network of the hotel.")
    index_all()
    return client


def visit(client: CheckingClient, query: str, title: str = "", *, helped: bool = False, asked: bool = False) -> None:
    """One sitting: a search, an article opened from its results, and what was said of it."""
    client.delete_cookie(COOKIE)
    address = next((url for url, found in results(client, query) if found == title), "")
    if title:
        client.get(address)
    write_gathered()
    if helped:
        client.post(f"/articles/{address.split('/')[2]}/feedback", data={"helped": "yes"})
    if asked:
        client.post("/ask", data={"text": "It still does not work"})
    write_gathered()


def exported(app: Flask, folder: Path, *options: str) -> list[dict[str, object]]:
    file = folder / "searches.jsonl"
    said = app.test_cli_runner().invoke(search_log_commands, ["export", str(file), *options])
    assert said.exit_code == 0, said.output
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    # The benchmarks read the same file.
    assert [query.text for query in read_queries(file)] == [line["query"] for line in lines]
    assert f"{len(lines)} searches" in said.output
    return lines


def test_what_helped_or_was_opened_last_by_two_is_right(
    reader: CheckingClient, app: Flask, clock: HeldClock, tmp_path: Path
) -> None:
    visit(reader, "office wifi", "Connect to the Wi-Fi", helped=True)
    for _ in range(2):
        visit(reader, "hotel network", "Wi-Fi abroad")
    visit(reader, "hotel", "Wi-Fi abroad")
    visit(reader, "network", "Wi-Fi abroad", asked=True)
    visit(reader, "network", "Wi-Fi abroad", asked=True)
    visit(reader, "nothing opened")
    paths = exported_paths()
    by_title = {title: paths[number] for title, number in db.session.execute(sa.select(Article.title, Article.id))}
    assert exported(app, tmp_path) == [
        {"query": "hotel network", "kind": "keywords", "paths": [by_title["Wi-Fi abroad"]]},
        {"query": "office wifi", "kind": "keywords", "paths": [by_title["Connect to the Wi-Fi"]]},
    ]
    assert "hotel" in [line["query"] for line in exported(app, tmp_path, "--visits", "1")]
    clock.forward(days=40)
    assert exported(app, tmp_path, "--days", "30") == []
    recorded = db.session.scalars(sa.select(AuditEvent.action)).all()
    assert recorded.count("knowledge.search_log.exported") == 3


def test_the_file_says_nothing_about_people_and_only_what_is_published(
    reader: CheckingClient, app: Flask, tmp_path: Path
) -> None:
    reader.sign_in(make_user(username="anna.secret"))
    visit(reader, "connect to the office wi-fi network anna@portico.example", "Connect to the Wi-Fi", helped=True)
    visit(reader, "hotel network", "Wi-Fi abroad", helped=True)
    visit(reader, "office network", "Connect to the Wi-Fi", helped=True)
    gone = db.session.scalars(sa.select(Article).where(Article.title == "Connect to the Wi-Fi")).one()
    retire_article(gone, reason="Old", actor=None)
    db.session.commit()
    lines = exported(app, tmp_path)
    assert [line["query"] for line in lines] == ["hotel network"]
    assert {key for line in lines for key in line} == {"query", "kind", "paths"}


def test_an_imported_article_is_named_as_in_an_export(app: Flask) -> None:
    article = make_article("Imported")
    db.session.add(
        ArticleSource(
            article_id=article.id,
            collection="old wiki",
            path="a/b.md",
            digest="",
            content_digest="",
            version_number=1,
        )
    )
    db.session.flush()
    assert exported_paths()[article.id] == "old wiki/a/b.md"


@pytest.mark.parametrize(
    ("steps", "tried_again", "spoken_for"),
    [
        ([(OPENED, 1), (OPENED, 2)], False, (2, 1)),
        ([(OPENED, 1), (SOLVED, 1), (OPENED, 2)], False, (1, 2)),
        ([(OPENED, 1), (SOLVED, 1)], True, (1, 2)),
        ([(OPENED, 1)], True, (None, 0)),
        ([(OPENED, 1), (ASKED, None)], False, (None, 0)),
        ([(ASKED, None), (SOLVED, 3)], False, (3, 2)),
        ([], False, (None, 0)),
    ],
)  # fmt: skip
def test_a_visit_speaks_for_one_article(
    steps: list[tuple[SearchOutcome, int | None]], tried_again: bool, spoken_for: tuple[int | None, int]
) -> None:
    assert chosen(steps, tried_again=tried_again) == spoken_for


@pytest.mark.parametrize(
    ("text", "corrected", "kind"),
    [
        ("0x80040305", False, Kind.EXACT),
        ("prnter", True, Kind.TYPO),
        ("How do I get on the Wi-Fi of the hotel?", False, Kind.QUESTION),
        ("hotel wi-fi", False, Kind.KEYWORDS),
    ],
)
def test_a_search_is_called_by_what_it_looks_like(text: str, corrected: bool, kind: Kind) -> None:
    assert kind_of(text, corrected=corrected) is kind
