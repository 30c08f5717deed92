"""The part of the worker that takes jobs from the queue and runs them in threads."""

import signal
from typing import Any

from flask import Flask
from huey.consumer import Consumer

from portal.core.jobs import queue_of, stopping
from portal.core.settings import Settings


class JobConsumer(Consumer):
    """Huey's consumer; a request to stop is told to the jobs, which finish the item they are at."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Ctrl-C on a terminal is no reason to drop a message half-way either.
        self._signal_actions[signal.SIGINT] = (False, True)

    def stop(self, graceful: bool = False) -> None:
        stopping.set()
        super().stop(graceful=graceful)


def make_consumer(app: Flask, settings: Settings) -> JobConsumer:
    return JobConsumer(
        queue_of(app),
        workers=settings.job_threads,
        periodic=True,
        initial_delay=0.05,
        max_delay=0.5,
        scheduler_interval=5,
        health_check_interval=10,
        graceful_signal="TERM",
        shutdown_timeout=25,
    )
