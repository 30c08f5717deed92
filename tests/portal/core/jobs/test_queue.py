"""What a process loads for its queue."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import portico_environment

PROGRAM = """
import sys
from portal.app import create_app
from portal.core.jobs import queue_of
from portal.core.settings import load_settings
queue = queue_of(create_app(load_settings()))
print(type(queue).__name__, *(name for name in ("redis", "psycopg", "numpy") if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("settings", "loaded"),
    [
        ({}, ["SqliteHuey"]),
        ({"redis_url": "redis://127.0.0.1:1/0"}, ["RedisHuey", "redis"]),
        ({"database_url": "postgresql+psycopg://portico@127.0.0.1:1/portico"}, ["SqliteHuey", "psycopg"]),
    ],
)
def test_clients_of_servers_that_are_not_in_use_stay_out(
    tmp_path: Path, settings: dict[str, str], loaded: list[str]
) -> None:
    environment = portico_environment(tmp_path / "data", **settings)
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == loaded
