"""A real worker process that is killed midway loses no message and sends none twice, on each engine."""

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.app import create_app
from portal.core.db import db, unit_of_work
from portal.core.jobs.models import WorkerHeartbeat
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.services import queue_email
from portal.core.settings import load_settings
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from tests.postgresql import postgresql_url
from tests.processes import portico_environment, running, stop, wait_until
from tests.smtp import CatchingServer, catching_server

MESSAGES = 240


def test_every_message_arrives_exactly_once(engine_name: str, tmp_path: Path) -> None:
    url = postgresql_url("portico_kill") if engine_name == "postgresql" else ""
    with catching_server() as server:
        environment = portico_environment(
            tmp_path / "data", database_url=url, smtp_url=server.url, job_threads=1, log_format="text"
        )
        settings = load_settings(data_dir=tmp_path / "data", database_url=url)
        migrate(make_engine(settings))
        app = create_app(settings)
        with app.app_context():
            with unit_of_work():
                for number in range(MESSAGES):
                    queue_email(key=f"m:{number}", recipient=f"u{number}@portico.example", subject="S", text="T\n")
            for share in (MESSAGES // 4, MESSAGES // 2):
                kill_after(share, server, environment, tmp_path)
            with running("worker", environment=environment, log=tmp_path / "log") as worker:
                wait_until(lambda: not counts("queued", "sending", "handed_over"), what=(tmp_path / "log").read_text())
                assert stop(worker) == 0
            arrived, uncertain = server.counts(), counts("uncertain")
            assert max(arrived.values()) == 1, "nothing arrives twice"
            # Whoever was killed between the hand-over and the answer leaves one message that people must look at.
            assert uncertain <= 2
            assert len(arrived) >= MESSAGES - uncertain, "nothing is lost"
            assert counts("sent") + uncertain == MESSAGES
            assert counts("dead") == 0
            db.engine.dispose()


def kill_after(share: int, server: CatchingServer, environment: dict[str, str], folder: Path) -> None:
    with running("worker", environment=environment, log=folder / "log") as worker:
        wait_until(lambda: len(server.counts()) >= share, what=f"{share} messages")
        stop(worker, signal.SIGKILL)
        assert len(server.counts()) < MESSAGES, "the kill came too late to prove anything"


def counts(*states: str) -> int:
    db.session.rollback()
    query = sa.select(sa.func.count()).where(OutboxMessage.state.in_([MessageState(state) for state in states]))
    return db.session.scalar(query) or 0


def test_worker_asked_to_stop_finishes_its_message(tmp_path: Path) -> None:
    with catching_server() as server:
        environment = portico_environment(tmp_path / "data", smtp_url=server.url, log_format="text")
        settings = load_settings(data_dir=tmp_path / "data")
        migrate(make_engine(settings))
        with create_app(settings).app_context():
            with unit_of_work():
                for number in range(MESSAGES):
                    queue_email(key=f"m:{number}", recipient=f"u{number}@portico.example", subject="S", text="T\n")
            with running("worker", environment=environment) as worker:
                wait_until(lambda: len(server.counts()) > 20, what="some messages")
                assert stop(worker) == 0
            assert counts("sending", "handed_over", "uncertain") == 0
            assert counts("sent") == len(server.counts()) == sum(server.counts().values())
            db.engine.dispose()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_worker_ends_at_once(tmp_path: Path, number: signal.Signals) -> None:
    environment = portico_environment(tmp_path / "data", log_format="text")
    engine = make_engine(load_settings(data_dir=tmp_path / "data"))
    migrate(engine)

    def lives() -> bool:
        with engine.connect() as connection:
            return connection.execute(sa.select(WorkerHeartbeat.name)).first() is not None

    with running("worker", environment=environment, log=tmp_path / "log") as worker:
        wait_until(lives, what="a sign of life")
        assert stop(worker, number) == 0
    assert not lives()
    assert "Traceback" not in (tmp_path / "log").read_text()
