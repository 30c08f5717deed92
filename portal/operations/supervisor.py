"""Keeping the web server and the worker alive: started as children, started again when they die, stopped in order.

This is a program of its own that imports nothing but the standard library, so that it stays small for months.
"""

import ctypes
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from types import FrameType

# A process that ends is noticed at once; this is for a machine that is busy with something else.
READY_SECONDS = 300
STOP_SECONDS = 30
# A child that lived this long was well; its next death is not counted with those before.
WELL_AFTER_SECONDS = 60
LONGEST_PAUSE = 30.0


class NotReady(Exception):
    """A part did not start; the text says which."""


@dataclass(frozen=True)
class Place:
    """Where the web server listens, and the address that people use."""

    host: str
    port: int
    base_url: str
    demo: bool = False


@dataclass
class Child:
    """A process of ours that is started again when it dies."""

    name: str
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_again_at: float = field(default=0.0)

    def start(self) -> None:
        self.started = time.monotonic()
        # A group of its own: Ctrl-C on the terminal reaches us alone, and we stop the children in order.
        self.process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "portal", *self.arguments],
            start_new_session=True,
            # This process has no threads, so running our line between fork and exec is safe.
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tend(self, say: Callable[[str], None]) -> None:
        """Start the process again when it has died, each time after a longer pause."""
        now = time.monotonic()
        if self.is_running:
            return
        if self.start_again_at == 0.0:
            self.deaths = 1 if now - self.started > WELL_AFTER_SECONDS else self.deaths + 1
            pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE)
            self.start_again_at = now + pause
            code = self.process.returncode if self.process else "?"
            say(f"The {self.name} ended unexpectedly (code {code}); starting it again in {pause:.0f} s")
        elif now >= self.start_again_at:
            self.start_again_at = 0.0
            self.start()


class Supervisor:
    """Starts the children, keeps them alive, and stops them when told."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.children = [Child("web server", ("serve",)), Child("worker", ("worker",))]
        self.stopping = False

    def run(self, announce: Callable[[], None]) -> None:
        """Run until SIGTERM or SIGINT.

        Raises:
            NotReady: a child ended before all was ready.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        try:
            for child in self.children:
                child.start()
            self._wait_until_ready()
            if not self.stopping:
                announce()
            while not self.stopping:
                for child in self.children:
                    child.tend(_say)
                time.sleep(0.25)
        finally:
            self._stop_children()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping:
            dead = [child for child in self.children if not child.is_running]
            if dead:
                raise NotReady(f"The {dead[0].name} ended at its start; its last lines above say why.")
            if is_ready(self.place):
                return
            if time.monotonic() > deadline:
                raise NotReady(
                    f"Portico was not ready within {READY_SECONDS} s. See /readyz and the lines above for the reason."
                )
            time.sleep(0.1)

    def _stop_children(self) -> None:
        running = [child.process for child in self.children if child.process and child.is_running]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_ready(place: Place) -> bool:
    """Whether the web server answers that every part is well."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104
    with closing(HTTPConnection(host, place.port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def main() -> None:
    """Run as ``python -m portal.operations.supervisor``; the only argument is a ``Place`` as JSON."""
    place = Place(**json.loads(sys.argv[1]))

    def announce() -> None:
        _say(f"Portico is ready: {place.base_url}")
        if place.demo:
            subprocess.run([sys.executable, "-m", "portal", "demo-accounts"], check=False)
        _say("Stop it with Ctrl-C.")

    try:
        Supervisor(place).run(announce)
    except NotReady as error:
        sys.exit(f"Error: {error}")
    _say("Portico has stopped.")


def _end_with_parent() -> None:
    """Ask Linux to end this child when its parent is killed: no web server stays behind on the port."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
