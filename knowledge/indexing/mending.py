"""An index that turns out damaged while somebody searches is rebuilt by the worker, without anybody's doing."""

from time import monotonic

from flask import current_app

from knowledge.tasks import heal_index

EXTENSION = "portico_asked_for_mending"
# A rebuild takes minutes; asking again while it runs would only queue another.
SECONDS = 600.0


def ask_for_mending() -> None:
    """Queue the job that mends the index, once in a while for each process."""
    asked: float | None = current_app.extensions.get(EXTENSION)
    if asked is None or monotonic() - asked > SECONDS:
        current_app.extensions[EXTENSION] = monotonic()
        heal_index.queue()
