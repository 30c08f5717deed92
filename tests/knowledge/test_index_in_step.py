"""The search index follows the articles, and nobody finds what they may not read."""

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.api import search_articles, suggest_articles, suggest_titles
from knowledge.indexing.opening import search_index
from knowledge.indexing.services import check_index, heal_index, take_up_changes
from knowledge.queries.changes import list_changes
from knowledge.search.postgresql.database import Unreadable
from portal.core.auth import Anonymous
from portal.core.db import db
from tests.client import CheckingClient
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article


@pytest.fixture
def indexed(app: Flask, tmp_path: object) -> Flask:
    """An application whose index is empty at the start of the test."""
    search_index().rebuild(())
    return app


def titles(query: str, reader: object) -> list[str]:
    _, found = search_articles(query, reader)  # type: ignore[arg-type]
    return [article.title.striptags() for article in found]


def test_a_published_article_is_found_after_the_job(indexed: Flask) -> None:
    make_article("The scanner shows error E-1742", body="Restart the scanner twice.", audience=("public",))
    assert list_changes()
    with indexed.test_request_context():
        assert take_up_changes() == 1
        assert titles("E-1742", Anonymous()) == ["The scanner shows error E-1742"]
    assert not list_changes()


def test_a_hidden_article_that_fits_best_leaves_no_trace(indexed: Flask) -> None:
    make_article("Reset the vault password", body="vault vault vault password", audience=("agents",))
    make_article("Change your password", body="Open the page and enter a new one.", audience=("public",))
    with indexed.test_request_context():
        take_up_changes()
        results, found = search_articles("vault password", Anonymous())
        assert [article.title.striptags() for article in found] == ["Change your password"]
        assert results.total == 1
        assert "vault" not in str(results.facets).lower()
        assert suggest_titles("Reset the v", Anonymous()) == []
        assert [item.title for item in suggest_articles("vault password", tokens={"public"})] == [
            "Change your password"
        ]
        agent = make_user("agent")
        assert titles("vault password", agent)[0] == "Reset the vault password"


def test_drift_is_found_and_mended(indexed: Flask) -> None:
    article = make_article("Wi-Fi in the canteen", body="Choose the office network.", audience=("public",))
    drift = check_index()
    assert drift.missing == (article.id,)
    heal_index()
    assert not check_index()


def test_search_page_shows_finds_and_asks_on(indexed: Flask) -> None:
    make_article("Printer prints blank pages", body="Change the cartridge.", audience=("public",))
    with indexed.test_request_context():
        take_up_changes()
    client = indexed.test_client()
    assert isinstance(client, CheckingClient)
    answer = client.get("/search?q=printer+blank")
    assert "Printer</mark> prints" in answer.text or "Printer" in answer.text
    assert "1 result" in answer.text
    nothing = client.get("/search?q=qqqqzzzz")
    assert "Nothing was found" in nothing.text
    assert client.get("/search").status_code == 200
    assert client.htmx("/search?q=printer").text.lstrip().startswith('<div id="results"')


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a",
        "x" * 10_000,
        "the of and",
        "AND OR NOT",
        '"unbalanced',
        "😀",
        "مرحبا",
        "'; DROP TABLE article; --",
        "*?*?*",
        "%00",
        "title:(",
        "a* b* c*",
    ],
)
def test_no_text_breaks_the_page(indexed: Flask, query: str) -> None:
    assert indexed.test_client().get("/search", query_string={"q": query}).status_code == 200


def test_titles_are_offered_while_typing(indexed: Flask) -> None:
    article = make_article("Printer prints blank pages", body="Change the cartridge.", audience=("public",))
    with indexed.test_request_context():
        take_up_changes()
    offered = indexed.test_client().get("/search/suggest?q=prin").json
    url = f"/articles/{article.id}/{article.slug}"
    assert offered == [{"title": "Printer prints blank pages", "url": url, "kind": "Article"}]


def test_readiness_tells_of_a_damaged_index_and_takes_no_node_out(indexed: Flask, engine_name: str) -> None:
    from knowledge.indexing.opening import search_index

    def check() -> dict[str, object]:
        return indexed.test_client().get("/readyz").json["checks"]["search"]  # type: ignore[index, no-any-return]

    assert check() == {"ok": True, "sentence": None}
    if engine_name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE portico_search.state SET format = 99"))
    else:
        (indexed.extensions["portico_settings"].data_dir / "index" / "manifest.json").write_text("{")
    said = check()
    search_index().rebuild(())
    assert said["ok"]
    assert "search index" in str(said["sentence"])
    assert check() == {"ok": True, "sentence": None}


def test_the_index_lies_where_the_articles_lie(indexed: Flask, engine_name: str) -> None:
    assert search_index().state().engine == ("postgresql" if engine_name == "postgresql" else "whoosh")


def test_a_damaged_index_is_rebuilt_while_the_service_goes_on(indexed: Flask, engine_name: str) -> None:
    make_article("Wi-Fi in the canteen", body="Choose the office network.", audience=("public",))
    with indexed.test_request_context():
        take_up_changes()
    queue, reader = indexed.extensions["portico_queue"], indexed.test_client()
    queue.flush()
    # A database that does not answer is no damage; one whose tables cannot be read is.
    gone = Unreadable(psycopg.DataError("a file is gone")) if engine_name == "postgresql" else OSError("a file is gone")
    search_index().engine.mark_damaged(gone)
    for _ in range(3):
        assert reader.get("/search?q=canteen").status_code == 200
    assert [task.name for task in queue.pending()] == ["knowledge.heal_index"]
    checks = reader.get("/readyz").json["checks"]  # type: ignore[index]
    assert "a file is gone" in checks["search"]["sentence"]
    heal_index()
    assert "Wi-Fi in the canteen" in reader.get("/search?q=canteen").text.replace("<mark>", "").replace("</mark>", "")
    assert search_index().engine.damage is None
