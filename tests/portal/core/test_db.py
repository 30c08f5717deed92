"""Units of work on both engines: what one reads holds up nobody, and who writes waits for the turn."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier, Event, Thread, Timer

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.core import db as database
from portal.core.db import db, lock_rows, unit_of_work, writing_apart
from portal.directory.models import Team
from tests.factories.directory import make_team


@pytest.fixture
def app(busy_app: Flask) -> Iterator[Flask]:
    with busy_app.app_context():
        with unit_of_work():
            db.session.execute(sa.delete(Team))
        yield busy_app
        db.session.rollback()


@contextmanager
def in_another_thread(app: Flask, begun: Event, go_on: Event) -> Iterator[None]:
    """Somebody else changes a team and commits when told to."""

    def write() -> None:
        with app.app_context(), unit_of_work():
            db.session.execute(sa.update(Team).values(description="theirs"))
            begun.set()
            go_on.wait(30)

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        go_on.set()
        thread.join()


def test_who_only_reads_yet_holds_up_nobody_and_writes_afterwards(app: Flask) -> None:
    team = make_team()
    begun, go_on = Event(), Event()
    with unit_of_work():
        assert db.session.scalar(sa.select(Team.description)) == team.description
        go_on.set()
        with in_another_thread(app, begun, go_on):
            assert begun.wait(30), "the other one waits for somebody who only reads"
        # The other has committed since; this unit still writes.
        db.session.execute(sa.update(Team).values(name="ours"))
    assert db.session.execute(sa.select(Team.name, Team.description)).one() == ("ours", "theirs")


@pytest.mark.parametrize("how", ["update", "lock", "savepoint", "text"])
def test_who_writes_waits_for_the_turn(app: Flask, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_team()
    begun, go_on = Event(), Event()
    monkeypatch.setattr(database, "SQLITE_BUSY_MILLISECONDS", 50)
    statements: dict[str, sa.Executable] = {
        "update": sa.update(Team).values(name="ours"),
        "lock": sa.select(Team.id).with_for_update(),
        "text": sa.text("UPDATE team SET name = 'ours'"),
    }

    def write() -> None:
        with unit_of_work():
            if db.engine.dialect.name == "postgresql":
                db.session.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
            if how == "savepoint":
                with db.session.begin_nested():
                    db.session.execute(statements["update"])
            else:
                db.session.execute(statements[how])

    with in_another_thread(app, begun, go_on):
        assert begun.wait(30)
        with pytest.raises(OperationalError):
            write()
    write()


def test_a_unit_that_failed_leaves_nothing_behind_and_the_next_begins_anew(app: Flask) -> None:
    make_team(name="before")

    def fail() -> None:
        with unit_of_work():
            db.session.execute(sa.update(Team).values(name="half-written"))
            raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):
            fail()
    with unit_of_work():
        assert db.session.scalar(sa.select(Team.name)) == "before"
    with unit_of_work():
        db.session.execute(sa.update(Team).values(description="written"))
    assert db.session.execute(sa.select(Team.name, Team.description)).one() == ("before", "written")


def test_whoever_locked_rows_before_writes_again_after_others_did(app: Flask) -> None:
    make_team()
    # After waiting for the turn, what was asked lies about until the garbage collector comes by; here it does not.
    gc.disable()
    try:
        begun, go_on = Event(), Event()
        with in_another_thread(app, begun, go_on), unit_of_work():
            assert begun.wait(30)
            Timer(0.05, go_on.set).start()
            lock_rows(sa.select(Team.id))
        begun, go_on = Event(), Event()
        go_on.set()
        with in_another_thread(app, begun, go_on):
            assert begun.wait(30)
        with unit_of_work():
            db.session.execute(sa.update(Team).values(name="ours"))
    finally:
        gc.enable()
    assert db.session.execute(sa.select(Team.name, Team.description)).one() == ("ours", "theirs")


def test_threads_that_all_hold_a_connection_each_get_a_second_one(app: Flask) -> None:
    make_team()
    many = 16
    other = Flask("many-threads")
    database.init_app(other, app.extensions["portico_settings"].model_copy(update={"web_threads": many}))
    gate, moved = Barrier(many), []

    def move() -> None:
        with other.app_context(), unit_of_work():
            db.session.execute(sa.select(Team.id)).all()
            gate.wait(30)
            with writing_apart() as connection:
                moved.append(connection.execute(sa.update(Team).values(description="moved")).rowcount)

    threads = [Thread(target=move) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    with other.app_context():
        db.engine.dispose()
    assert moved == [1] * many
