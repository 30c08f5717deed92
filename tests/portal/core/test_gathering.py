"""Notes are written after the answers, in batches, and never hold anybody up."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.app import create_app
from portal.core.db import db, unit_of_work
from portal.core.gathering import MOST_WAITING, gathered, write_gathered
from portal.core.jobs.models import JobFailure
from portal.core.settings import load_settings
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from tests.client import count_queries

batches: list[list[str]] = []
busy: list[Exception] = []
early: list[str] = []


@gathered("tests.failures")
def write_failures(notes: Sequence[str]) -> list[str]:
    if busy:
        raise busy.pop()
    batches.append(list(notes))
    ready = [note for note in notes if note not in early]
    db.session.execute(sa.insert(JobFailure), [{"job": note, "error": ""} for note in ready])
    return [note for note in notes if note in early]


@pytest.fixture(autouse=True)
def forget() -> None:
    batches.clear()
    busy.clear()
    early.clear()


def written() -> list[str]:
    return list(db.session.scalars(sa.select(JobFailure.job).order_by(JobFailure.id)))


def test_notes_cost_no_query_and_are_written_in_order_in_one_batch(app: Flask) -> None:
    with count_queries() as counted:
        write_failures.note("first")
        write_failures.note("second")
    assert len(counted) == 0
    assert written() == []
    write_gathered()
    assert written() == ["first", "second"]
    assert batches == [["first", "second"]]
    write_gathered()
    assert len(batches) == 1


def test_notes_wait_while_the_database_is_busy(app: Flask) -> None:
    busy.append(OperationalError("INSERT", {}, Exception("database is locked")))
    write_failures.note("early")
    write_gathered()
    write_failures.note("late")
    write_gathered()
    assert written() == ["early", "late"]


def test_notes_that_come_too_early_wait_for_the_next_time(app: Flask) -> None:
    early.append("second")
    for note in ("first", "second"):
        write_failures.note(note)
    write_gathered()
    assert written() == ["first"]
    early.clear()
    write_failures.note("third")
    write_gathered()
    assert written() == ["first", "second", "third"]


def test_notes_that_cannot_be_written_are_dropped_and_hold_up_nothing(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    busy.append(ValueError("no such thing"))
    write_failures.note("wrong")
    write_gathered()
    write_failures.note("right")
    write_gathered()
    assert written() == ["right"]
    assert "1 notes of tests.failures could not be written" in caplog.text


def test_memory_for_notes_is_bounded(app: Flask) -> None:
    for number in range(MOST_WAITING + 5):
        write_failures.note(str(number))
    taken = app.extensions["portico_notes"]._waiting["tests.failures"][1]
    assert len(taken) == MOST_WAITING


def test_thread_of_the_process_writes_by_itself(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, database_url="", semantic_search=False)
    migrate(make_engine(settings))
    app = create_app(settings)
    with app.app_context():
        write_failures.note("by itself")
        until = monotonic() + 60
        while not batches and monotonic() < until:
            sleep(0.05)
        app.extensions["portico_notes"]._writer._stop()
        with unit_of_work():
            assert written() == ["by itself"]
        db.engine.dispose()


def test_nothing_is_lost_when_the_process_stops_while_it_writes(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, database_url="", semantic_search=False)
    migrate(make_engine(settings))
    app = create_app(settings)

    @gathered("tests.late")
    def write_late(notes: Sequence[str]) -> None:
        write_failures.note("came while writing")

    with app.app_context():
        write_late.note("first")
        app.extensions["portico_notes"]._writer._stop()
        with unit_of_work():
            assert written() == ["came while writing"]
        db.engine.dispose()
