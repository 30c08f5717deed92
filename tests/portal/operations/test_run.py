"""`portico run`: everything starts with one command, stays alive, and ends cleanly."""

import json
import os
import signal
import socket
import urllib.request
from pathlib import Path

from tests.processes import children_of, free_port, portico_environment, run_portico, running, stop, wait_until


def test_starts_restarts_what_dies_and_stops_cleanly(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = portico_environment(tmp_path / "data", port=port, web_workers=1, log_format="text")
    with running("run", environment=environment, log=log) as process:
        wait_until(lambda: "is ready" in log.read_text(), what=log.read_text())
        assert f"http://localhost:{port}" in log.read_text()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.read() == b"ok\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            assert json.load(answer)["ready"] is True
        before = children_of(process)
        # Linear algebra that shares its work among all processors makes every search twice as dear.
        for child in before:
            assert b"OPENBLAS_NUM_THREADS=1" in Path(f"/proc/{child}/environ").read_bytes()
        worker = next(pid for pid, line in before.items() if line.rstrip().endswith("worker"))
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: len(children_of(process).keys() - before.keys()) == 1, what="the worker is started again")
        assert "The worker ended unexpectedly" in log.read_text()
        assert stop(process) == 0
    assert "Portico has stopped" in log.read_text()
    assert "Traceback" not in log.read_text()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_names_a_busy_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run_portico("run", environment=portico_environment(tmp_path, port=port))
    assert refused.returncode == 1
    assert str(port) in refused.stderr and "PORTICO_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_killed_supervisor_leaves_nobody_behind(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    environment = portico_environment(tmp_path / "data", port=port, web_workers=1)
    with running("run", environment=environment, log=log) as process:
        wait_until(lambda: "is ready" in log.read_text(), what="ready")
        children = children_of(process)
        assert len(children) == 2
        stop(process, signal.SIGKILL)
        wait_until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in children), what="children end")
