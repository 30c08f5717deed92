"""Of many changed articles the words come first and the meaning follows; everybody who looks is told how far it is."""

import pytest
import sqlalchemy as sa
from flask import Flask

from knowledge.enums import TransferKind, TransferState
from knowledge.indexing.cli import index_commands
from knowledge.indexing.opening import search_index
from knowledge.indexing.services import (
    FEW,
    check_index,
    heal_index,
    index_waiting_words,
    rebuild_index,
    take_up_changes,
)
from knowledge.models import SearchChange, Transfer
from knowledge.queries.changes import forget_changes, list_changes, mark_words_stored
from portal.core.db import db
from tests.client import CheckingClient
from tests.factories.directory import make_user
from tests.factories.knowledge import make_article

MANY = FEW + 4


@pytest.fixture
def imported(by_meaning: None, app: Flask) -> list[int]:
    """Many articles whose words are in the index and whose meaning is yet to follow, as in the middle of an import."""
    rebuild_index()
    for number in range(MANY):
        make_article(f"Scanner {number}", body=f"Restart scanner number {number}.", audience=("public",))
    index_waiting_words()
    ids = [change.id for change in list_changes(None)]
    mark_words_stored(ids)
    db.session.commit()
    return ids


def check(app: Flask, *options: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(index_commands, ["check", *options])
    return done.exit_code, done.output + str(done.exception or "")


def test_the_command_says_that_it_is_being_done(app: Flask, imported: list[int]) -> None:
    code, said = check(app)
    assert code == 0, said
    assert f"{MANY} articles are found by their words and not yet by their meaning" in said
    assert "Nothing is wrong, and nothing is to be done." in said
    assert "No worker is running" in said
    make_article("One more", body="Not indexed at all.", audience=("public",))
    code, said = check(app)
    assert (code, "1 changed article waits to be indexed." in said) == (0, True), said
    take_up_changes()
    assert not list_changes()
    assert not list_changes(has_words=True)
    assert check(app)[0] == 0
    assert "agrees with the articles" in check(app)[1]


def test_the_command_tells_of_what_nobody_is_about_to_do_and_mends_it(app: Flask, imported: list[int]) -> None:
    forget_changes(imported)
    db.session.commit()
    code, said = check(app)
    assert code == 1
    assert f"{MANY} articles are found by their words alone, without their meaning" in said
    assert "in the coming night" in said
    code, said = check(app, "--heal")
    assert (code, "Mended: " in said) == (0, True), said
    assert check(app) == (0, "The index agrees with the articles.\n")


def test_a_damaged_index_has_its_words_back_first(app: Flask, imported: list[int], engine_name: str) -> None:
    take_up_changes()
    if engine_name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE portico_search.state SET format = 99"))
    else:
        manifest = app.extensions["portico_settings"].data_dir / "index" / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
    code, said = check(app)
    assert (code, "The index cannot be used." in said) == (1, True), said
    assert "missing" not in said
    # A change meets it first: with the words of all articles back, their meaning follows.
    make_article("One more", body="Restart.", audience=("public",))
    take_up_changes()
    assert check(app) == (0, "The index agrees with the articles.\n")
    search_index().engine.mark_damaged(OSError("a file is gone"))
    heal_index()
    assert not check_index()
    assert not list_changes(has_words=True)


def test_the_page_of_an_import_says_how_far_it_is(imported: list[int], client: CheckingClient) -> None:
    owner = make_user("knowledge_owner")
    counts = {"created": MANY, "changed": 0, "unchanged": 0, "refused": 0}
    transfer = Transfer(
        kind=TransferKind.IMPORT, state=TransferState.DONE, label="a.zip", options={}, asked_by=owner, attempts=1
    )
    transfer.result = {"counts": counts, "noted_number": 0, "gone": 0}
    db.session.add(transfer)
    db.session.commit()
    client.sign_in(owner)
    words = f"0 of {MANY} articles are ready for search by meaning"
    assert words in client.get(f"/knowledge/imports/{transfer.id}").text
    take_up_changes()
    assert words not in client.get(f"/knowledge/imports/{transfer.id}").text


def test_administrators_and_owners_see_how_far_it_is(app: Flask, imported: list[int], client: CheckingClient) -> None:
    words = f"0 of {MANY} articles are ready for search by meaning"
    client.sign_in(make_user("administrator"))
    assert words in client.get("/admin").text
    assert words in str(client.get("/readyz").json)
    client.sign_in(make_user("knowledge_owner"))
    assert words in client.get("/knowledge/health").text
    take_up_changes()
    assert "ready for search by meaning" not in client.get("/knowledge/health").text
    assert client.get("/readyz").json["checks"]["search"] == {"ok": True, "sentence": None}  # type: ignore[index]


def test_building_anew_takes_up_what_waited_and_only_that(app: Flask, imported: list[int]) -> None:
    late: list[int] = []

    def change_meanwhile(done: int, total: int) -> None:
        if not late:
            change = SearchChange(article_id=list_changes(None, has_words=True)[0].article_id)
            db.session.add(change)
            db.session.commit()
            late.append(change.id)

    rebuild_index(change_meanwhile)
    assert [change.id for change in list_changes(None)] == late
    assert not list_changes(None, has_words=True)
    assert not check_index()
