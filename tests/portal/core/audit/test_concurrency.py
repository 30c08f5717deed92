"""Many writers at once keep one chain, on real connections to a database of their own."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from migrations import commands
from portal.app import create_app
from portal.core.audit.models import AuditEvent
from portal.core.audit.services import record, verify
from portal.core.db import db, unit_of_work
from portal.core.settings import Settings, load_settings
from portal.directory.enums import Event
from portal.directory.models import Team
from tests.postgresql import postgresql_url

THREADS, PROCESSES, EACH = 6, 2, 12


@pytest.fixture
def shared(engine_name: str, tmp_path: Path) -> Iterator[Flask]:
    settings = load_settings(
        data_dir=tmp_path,
        database_url=postgresql_url("portico_writers") if engine_name == "postgresql" else "",
        secret_key="test-secret-key-of-32-characters",
        audit_key="test-audit-key-of-32-characters.",
    )
    app = create_app(settings, testing=True)
    with app.app_context():
        with db.engine.begin() as connection:
            commands.upgrade(connection)
        yield app
        db.engine.dispose()


def write(app: Flask, name: str) -> None:
    """Change something and record it, again and again; every third change is rolled back with its event."""
    for number in range(EACH):
        with app.app_context():
            try:
                with unit_of_work():
                    team = Team(key=f"{name}-{number}", name=name)
                    db.session.add(team)
                    db.session.flush()
                    record(Event.TEAM_CREATED, team, actor=None, after={"key": team.key})
                    if number % 3 == 2:
                        raise LookupError
            except LookupError:
                pass


def write_in_process(settings: Settings, name: str) -> None:
    app = create_app(settings, testing=True)
    write(app, name)
    with app.app_context():
        db.engine.dispose()


def test_threads_and_processes_keep_one_chain(shared: Flask) -> None:
    settings: Settings = shared.extensions["portico_settings"]
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=write_in_process, args=(settings, f"p{number}")) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: write(shared, f"t{number}"), range(THREADS)))
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    db.session.rollback()
    expected = (THREADS + PROCESSES) * EACH * 2 // 3
    assert verify() == (expected, None)
    told = set(db.session.scalars(sa.select(AuditEvent.subject_label)))
    kept = db.session.scalars(sa.select(Team)).all()
    assert len(kept) == expected
    assert told == {team.name for team in kept}


def test_verifying_while_others_write_finds_no_break(shared: Flask) -> None:
    with ThreadPoolExecutor(2) as pool:
        writer = pool.submit(write, shared, "busy")
        while not writer.done():
            db.session.rollback()
            assert verify()[1] is None
        writer.result()
    db.session.rollback()
    assert verify() == (EACH * 2 // 3, None)
