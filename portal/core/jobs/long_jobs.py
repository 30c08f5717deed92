"""Room for long jobs: one thread of a worker stays free for what somebody waits for, as an e-mail or a status update."""

from threading import Lock
from time import monotonic
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
        # When the one that waits in the queue comes up again.
        self._again: dict[Key, float] = {}

    def enter(self, key: Key) -> bool:
        """Whether the job may start now."""
        with self._lock:
            if key in self._running or len(self._running) >= self.most:
                return False
            self._running.add(key)
            self._again.pop(key, None)
            return True

    def leave(self, key: Key) -> None:
        with self._lock:
            self._running.discard(key)

    def postpone(self, key: Key) -> bool:
        """Whether the job has to be queued for later: where one waits already, a second need not."""
        with self._lock:
            now = monotonic()
            if self._again.get(key, now) > now:
                return False
            # A second less, so that the one that waits never finds itself waiting.
            self._again[key] = now + AGAIN_SECONDS - 1
            return True
