"""What is only counted: gathered while requests are answered, and written in batches after the answers.

A request that only reads never commits, and nobody should wait for a counter. So a view leaves a note in memory, and
a thread of the process writes the notes of about a second in one transaction. A process that is killed loses that
second: whatever must not be lost belongs into the transaction of the request, or into a job.

    @gathered("knowledge.article_views")
    def write_views(notes: Sequence[View]) -> None:
        db.session.execute(sa.insert(ArticleView), [...])

    write_views.note(View(article.id))      # in the request: no query, no lock on the database
"""

import atexit
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from portal.core.db import unit_of_work
from portal.core.origin import origin

Note = TypeVar("Note")
# Notes of one kind that wait for the database; more are dropped, because memory is worth more than counts.
MOST_WAITING = 10_000
SECONDS = 1.0
EXTENSION = "portico_notes"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gathered(Generic[Note]):
    """A declared kind of note: ``note`` leaves one, ``write`` puts a batch into the database.

    What ``write`` returns waits for the next time: notes that depend on what another process has yet to write.
    """

    name: str
    write: Callable[[Sequence[Note]], Iterable[Note] | None]

    def note(self, note: Note) -> None:
        """Leave a note of the current application; it is written within seconds, in the order of this process."""
        _notes().add(self, note)


def gathered(name: str) -> Callable[[Callable[[Sequence[Note]], Iterable[Note] | None]], Gathered[Note]]:
    """Declare a function that writes a batch of notes; it runs in a transaction of its own."""
    return lambda write: Gathered(name, write)


def write_gathered() -> None:
    """Write everything that waits in the current application: what tests call before they look at the rows."""
    _notes().write_all()


class Notes:
    """The notes of one application in one process."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Gathered[Any], list[Any]]] = {}
        self._lock = Lock()
        self._writer: _Writer | None = None

    def add(self, kind: Gathered[Any], note: Any) -> None:
        with self._lock:
            waiting = self._waiting.setdefault(kind.name, (kind, []))[1]
            if len(waiting) < MOST_WAITING:
                waiting.append(note)
            else:
                logger.warning("Too many notes of %s wait for the database; one was dropped.", kind.name)
            if self._writer is None and not current_app.testing:
                self._writer = _Writer(current_app._get_current_object(), self)  # type: ignore[attr-defined]  # noqa: SLF001 (Flask's own way)
        if self._writer:
            self._writer.wanted.set()

    def write_all(self) -> None:
        """Write everything that waits, each kind in a transaction of its own."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        for kind, notes in taken.values():
            try:
                with origin(f"notes {kind.name}"), unit_of_work():
                    early = list(kind.write(notes) or ())
                if early:
                    self._put_back(kind, early)
            except OperationalError:
                logger.warning("%d notes of %s wait: the database is busy or away.", len(notes), kind.name)
                self._put_back(kind, notes)
            except Exception:
                # What cannot be written must not hold up what comes after it.
                logger.exception("%d notes of %s could not be written and are dropped.", len(notes), kind.name)

    def _put_back(self, kind: Gathered[Any], notes: list[Any]) -> None:
        with self._lock:
            newer = self._waiting.get(kind.name, (kind, []))[1]
            self._waiting[kind.name] = (kind, [*notes, *newer][:MOST_WAITING])
        if self._writer:
            self._writer.wanted.set()


class _Writer:
    """The thread that writes; it begins with the first note, so that it is never lost in a fork."""

    def __init__(self, app: Flask, notes: Notes) -> None:
        self._app, self._notes = app, notes
        self.wanted, self._stopping = Event(), Event()
        self._thread = Thread(target=self._run, name="portico-notes", daemon=True)
        self._thread.start()
        atexit.register(self._stop)

    def _stop(self) -> None:
        """Write what waits when the process ends in order."""
        self._stopping.set()
        self.wanted.set()
        self._thread.join(timeout=5)
        # What came while the thread wrote its last batch.
        with self._app.app_context():
            self._notes.write_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.wanted.wait()
            # What comes within a second goes into one transaction.
            self._stopping.wait(SECONDS)
            self.wanted.clear()
            with self._app.app_context():
                self._notes.write_all()


_making = Lock()


def _notes() -> Notes:
    with _making:
        notes: Notes = current_app.extensions.setdefault(EXTENSION, Notes())
        return notes
