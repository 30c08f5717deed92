"""The worker: runs queued and periodic jobs in threads, and ends cleanly."""

import logging
import os
import signal
import sys
from threading import Event, Thread

from flask import Flask

from portal.core import clock
from portal.core.jobs import queue_starting_jobs
from portal.core.jobs.running import BEAT_SECONDS, beat, sign_off
from portal.core.settings import Settings
from portal.operations.metrics_folder import prepare_metrics_folder

logger = logging.getLogger(__name__)

# A third of the weight of the web server's processes, for the kernel's scheduler.
_POLITENESS = 5


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        PreflightFailed: the database is not at this version's revision.
    """
    # The command line imports this module for its help; the application is needed only now.
    prepare_metrics_folder(settings)
    from portal.app import create_app
    from portal.core.log import configure_logging
    from portal.operations.consumer import make_consumer
    from portal.operations.preflight import refuse_unless_current

    for number in (signal.SIGTERM, signal.SIGINT):
        # Until the consumer takes over, there is nothing to finish.
        signal.signal(number, lambda *_: sys.exit(0))
    refuse_unless_current(settings)
    configure_logging(settings)
    app = create_app(settings)
    # Where both want the processor, whoever waits for a page goes before what nobody waits for.
    os.nice(_POLITENESS)
    heart = Heart(app)
    heart.start()
    try:
        with app.app_context():
            # What a killed worker left behind must not wait for the next full minute.
            queue_starting_jobs()
        make_consumer(app, settings).run()
    finally:
        heart.stop()


class Heart(Thread):
    """Gives the worker's sign of life every few seconds, also while a long job runs."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="heart", daemon=True)
        self.app = app
        self.started_at = clock.now()
        self.ended = Event()

    def run(self) -> None:
        while not self.ended.is_set():
            try:
                with self.app.app_context():
                    beat(self.started_at)
            except Exception:
                # The database may be away for a while; a worker must outlive that.
                logger.exception("The worker's sign of life could not be written.")
            self.ended.wait(BEAT_SECONDS)

    def stop(self) -> None:
        self.ended.set()
        self.join(timeout=5)
        with self.app.app_context():
            sign_off()
