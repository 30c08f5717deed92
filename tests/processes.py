"""Real processes of the product for tests: started with their own data folder, waited for with deadlines."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DEADLINE_SECONDS = 180.0


def wait_until(happened: Callable[[], object], *, seconds: float = DEADLINE_SECONDS, what: str = "") -> None:
    """Poll until it happened; fail after the deadline. A slow machine waits longer and does not fail."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def portico_environment(data_dir: Path, **settings: object) -> dict[str, str]:
    """Return an environment in which only the given settings are set."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    environment |= {f"PORTICO_{name.upper()}": str(value) for name, value in settings.items() if value != ""}
    return environment | {"PORTICO_DATA_DIR": str(data_dir)}


def run_portico(
    *arguments: str, environment: Mapping[str, str], given: Path = Path(os.devnull)
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with a file to read; the limit is only against one that never ends."""
    return subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        stdin=given.open("rb"),
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=5 * DEADLINE_SECONDS,
        check=False,
    )


@contextmanager
def running(
    *arguments: str, environment: Mapping[str, str], log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command beside the test; stopped by SIGTERM at the end, by SIGKILL when that does not help."""
    output = log.open("ab") if log else subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", *arguments], env=dict(environment), stdout=output, stderr=output
    )
    try:
        yield process
    finally:
        stop(process)
        if not isinstance(output, int):
            output.close()


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Signal a process of ours, wait for its end, and return its exit code."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(10)


def children_of(process: subprocess.Popen[bytes]) -> dict[int, str]:
    """Return the command lines of a process's own children by id, from /proc."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process.pid:
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except (OSError, IndexError):
            continue
    return found
