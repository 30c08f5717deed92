"""Jobs through a real Redis server: queued by one process, done by a worker."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis  # noqa: F401 (loaded before another test makes a queue without it)

from portal.app import create_app
from portal.core.db import db, unit_of_work
from portal.core.jobs import queue_of
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.services import queue_email
from portal.core.settings import load_settings
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from tests.factories.directory import PASSWORD, make_user
from tests.processes import free_port, portico_environment, running, stop, wait_until
from tests.smtp import catching_server


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    assert program, "redis-server is missing; deploy/test-packages installs it"
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


def test_worker_takes_its_jobs_from_redis(tmp_path: Path, redis_url: str) -> None:
    with catching_server() as server:
        environment = portico_environment(tmp_path / "data", redis_url=redis_url, smtp_url=server.url)
        settings = load_settings(data_dir=tmp_path / "data", redis_url=redis_url)
        migrate(make_engine(settings))
        app = create_app(settings)
        with app.app_context(), running("worker", environment=environment, log=tmp_path / "log") as worker:
            wait_until(lambda: queue_of(app).pending_count() == 0, what="Redis and the worker are there")
            with unit_of_work():
                queue_email(key="one", recipient="one@portico.example", subject="S", text="T\n")
            wait_until(lambda: server.messages, what=(tmp_path / "log").read_text())
            assert stop(worker) == 0
            db.engine.dispose()
    assert not (tmp_path / "data" / "queue.sqlite3").exists()


def test_change_is_kept_when_redis_is_away(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data", redis_url=f"redis://127.0.0.1:{free_port()}/0")
    migrate(make_engine(settings))
    with create_app(settings).app_context():
        with unit_of_work():
            number = queue_email(key="one", recipient="one@portico.example", subject="S", text="T\n")
        assert db.session.get(OutboxMessage, number) is not None
        db.engine.dispose()


def test_people_sign_in_and_are_limited_when_redis_is_away(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data", redis_url=f"redis://127.0.0.1:{free_port()}/0")
    migrate(make_engine(settings))
    app = create_app(settings)
    with app.app_context(), unit_of_work():
        make_user(username="ada", with_password=True)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"username": "ada", "password": PASSWORD}).status_code == 303
    assert client.get("/search?q=vpn").status_code == 200
    client = app.test_client()
    tries = [client.post("/sign-in", data={"username": "bo", "password": "wrong"}).status_code for _ in range(21)]
    assert tries[-1] == 429
    with app.app_context():
        db.engine.dispose()
