"""Room for long jobs: one thread of a worker stays free for what somebody waits for, as an e-mail or a status update."""

from threading import Lock
from typing import Any

Key = tuple[str, tuple[Any, ...]]

# How long a job waits that found no room.
AGAIN_SECONDS = 5


class LongJobs:
    """Which long jobs this process runs: never the same twice, and never so many that no thread is left."""

    def __init__(self, threads: int) -> None:
        self.most = max(1, threads - 1)
        self._lock = Lock()
        self._running: set[Key] = set()
        self._postponed: set[Key] = set()

    def enter(self, key: Key) -> bool:
        """Whether the job may start now."""
        with self._lock:
            self._postponed.discard(key)
            if key in self._running or len(self._running) >= self.most:
                return False
            self._running.add(key)
            return True

    def leave(self, key: Key) -> None:
        with self._lock:
            self._running.discard(key)

    def postpone(self, key: Key) -> bool:
        """Whether the job has to be queued for later: what waits already need not wait twice."""
        with self._lock:
            if key in self._postponed:
                return False
            self._postponed.add(key)
            return True
