"""How fast queued messages are delivered to a local mail server: ``python -m benchmarks.outbox --messages 10000``."""

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from portal.app import create_app
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.outbox.delivery import deliver_due_messages
from portal.core.outbox.enums import Channel, MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.settings import load_settings
from portal.operations.preflight import make_engine
from portal.operations.upgrading import migrate
from tests.smtp import catching_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL database; SQLite without it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _server_process() as (url, arrived):
        settings = load_settings(data_dir=Path(folder), database_url=arguments.database_url, smtp_url=url)
        migrate(make_engine(settings))
        with create_app(settings).app_context():
            _queue(arguments.messages)
            started, used = time.perf_counter(), time.process_time()
            sent = deliver_due_messages()
            seconds = time.perf_counter() - started
            states = db.session.execute(sa.select(OutboxMessage.state, sa.func.count()).group_by(OutboxMessage.state))
            result = {
                "messages": sent,
                "seconds": round(seconds, 2),
                "per_second": round(sent / seconds),
                "cpu_milliseconds_each": round((time.process_time() - used) / sent * 1000, 2),
                "arrived": arrived.value,
                "states": {str(MessageState(state)): count for state, count in states},
                "engine": db.engine.dialect.name,
            }
            db.engine.dispose()
    print(json.dumps(result))


@contextmanager
def _server_process() -> Iterator[tuple[str, Any]]:
    """Run the mail server in a process of its own, as it would be, and count what arrives."""
    context = multiprocessing.get_context("spawn")
    arrived, address = context.Value("i", 0), context.Queue()
    process = context.Process(target=_serve, args=(arrived, address), daemon=True)
    process.start()
    try:
        yield address.get(timeout=30), arrived
    finally:
        process.terminate()


def _serve(arrived: Any, address: Any) -> None:
    with catching_server() as server:

        def count(recipient: str) -> None:
            arrived.value += 1

        server.on_data = count
        address.put(server.url)
        time.sleep(600)


def _queue(count: int) -> None:
    now = clock.now()
    rows = [
        {
            "channel": Channel.EMAIL,
            "idempotency_key": f"bench:{number}",
            "recipient": f"user{number}@portico.example",
            "subject": f"Ticket {number} was answered",
            "body_text": "An agent wrote to you.\n" * 20,
            "body_html": "<p>An agent wrote to you.</p>" * 20,
            "headers": {},
            "next_attempt_at": now,
        }
        for number in range(count)
    ]
    with unit_of_work():
        db.session.execute(sa.insert(OutboxMessage), rows)


if __name__ == "__main__":
    main()
