"""Several at once, each in a thread and a transaction of its own."""

from collections.abc import Callable
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.core.db import unit_of_work
from portal.core.errors import PorticoError


def all_at_once(app: Flask, acts: list[Callable[[], object]]) -> list[object]:
    """Run each act in a thread and a transaction of its own, started together; return results or errors."""
    results: list[object] = [None] * len(acts)
    gate = Barrier(len(acts))

    def run(place: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                with unit_of_work():
                    results[place] = acts[place]()
            except (PorticoError, IntegrityError) as error:
                results[place] = error

    threads = [Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
