"""Search that goes on with less: readers get what there is, and administrators are told."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.indexing.opening import release_index, search_index
from knowledge.search.embedder import OnnxEmbedder, packaged_model_folder
from knowledge.search.fuse import DEFAULT
from knowledge.search.index import SearchIndex
from portal.core.db import db
from tests.client import CheckingClient
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import found, index_all


@pytest.fixture
def with_article(app: Flask) -> Flask:
    search_index().rebuild(())
    make_article("The tunnel closes", body="Open the tunnel again.")
    index_all()
    return app


def administration(app: Flask) -> str:
    client = CheckingClient(app)
    client.sign_in(make_user("administrator"))
    return client.get("/admin").text


@pytest.mark.parametrize("damaged", [False, True], ids=["missing", "damaged"])
def test_without_a_model_words_are_found_and_administrators_know(
    with_article: Flask, client: CheckingClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    folder = tmp_path / "model"
    if damaged:
        folder.mkdir()
        for file in packaged_model_folder().iterdir():
            (folder / file.name).write_bytes(b"no model")
    without = SearchIndex(search_index().engine, lambda: OnnxEmbedder(tmp_path / "cache", folder))
    monkeypatch.setitem(with_article.extensions, "knowledge_search_index", without)
    said = administration(with_article)
    assert "Search goes by words alone" in said
    assert ("tokenizer of the model cannot be read" if damaged else "The model folder has no") in said
    assert found(client, "tunnel") == ["The tunnel closes"]


def test_a_damaged_index_is_said_and_is_being_rebuilt(
    with_article: Flask, client: CheckingClient, engine_name: str
) -> None:
    queue = with_article.extensions["portico_queue"]
    queue.flush()
    if engine_name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE portico_search.state SET format = 99"))
    else:
        (with_article.extensions["portico_settings"].data_dir / "index" / "manifest.json").write_text("{")
    said = administration(with_article)
    nothing = client.get("/search?q=unheard").text
    pending = [task.name for task in queue.pending()]
    search_index().rebuild(())
    queue.flush()
    assert "The search index cannot be used" in said
    assert "portico index rebuild" in said
    assert "Search cannot look everywhere right now" in nothing
    assert pending == ["knowledge.heal_index"]


def test_a_search_in_order_is_not_spoken_of(with_article: Flask) -> None:
    text = administration(with_article)
    assert "search index" not in text
    assert "Search goes by words alone" not in text


def test_learned_weights_are_used_and_broken_ones_are_told(
    with_article: Flask, client: CheckingClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "fusion.json"
    learned = replace(DEFAULT, slope=0.5)
    learned.save(file)
    settings = with_article.extensions["portico_settings"].model_copy(update={"search_weights": str(file)})
    monkeypatch.setitem(with_article.extensions, "portico_settings", settings)
    release_index()
    assert search_index()._fusion == learned
    file.write_text("{}")
    release_index()
    assert search_index()._fusion == DEFAULT
    assert "PORTICO_SEARCH_WEIGHTS" in administration(with_article)
    assert found(client, "tunnel") == ["The tunnel closes"]
    # What was opened with these settings goes with them.
    release_index()
    with_article.extensions.pop("knowledge_search_weights")
