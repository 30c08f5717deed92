"""Reads the newest state of the index, and knows when it cannot be read."""

from __future__ import annotations

import logging
from threading import Lock

from psycopg import sql

from knowledge.search.manifest import Entry, IndexDamaged, Manifest
from knowledge.search.postgresql.contents import Contents
from knowledge.search.postgresql.database import Database, Unreadable
from knowledge.search.postgresql.memory import MOST, MemoryVectors
from knowledge.search.postgresql.segment import PostgresSegment, Runs
from knowledge.search.postgresql.tables import FORMAT, Build, extension_in_use
from knowledge.search.snapshot import Snapshot

_log = logging.getLogger(__name__)

NAME = "postgresql"
_NO_EXTENSION = (
    "PostgreSQL has no extension “vector” (pgvector 0.8 or newer). Meaning is compared exactly, in the memory of each "
    "process. Install pgvector and run “portico index rebuild”."
)
_TOO_MANY = (
    f"PostgreSQL has no extension “vector” (pgvector 0.8 or newer), and more than {MOST} passages are too many for the memory of "
    "each process: search goes by words alone. Install pgvector and run “portico index rebuild”."
)
_UNUSED = "The index was built without the extension “vector” (pgvector). Run “portico index rebuild” to use it."
_STATE = "SELECT format, build, generation FROM {}"
_COUNTS = """
SELECT (SELECT coalesce(sum(passages), 0) FROM {document}), (SELECT count(*) FROM {passage}),
       (SELECT count(*) FROM {document} WHERE facts IS NULL), (SELECT count(*) > 0 FROM {posting})
"""


class Reader:
    """Holds the newest snapshot of one index for all threads of a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.damage: str | None = None
        self.notice: str | None = None
        self._nothing = Snapshot[PostgresSegment](Manifest(NAME), [])
        self._snapshot = self._nothing
        self._stamp: tuple[int, int] | None = None
        self._contents: Contents | None = None
        self._runs = Runs()
        self._memory = MemoryVectors()
        self._lock = Lock()

    def snapshot(self) -> Snapshot[PostgresSegment]:
        """The newest state that can be read; the last good one, or an empty one, when the newest is damaged."""
        with self.database.reading():
            stamp = self._read_stamp()
            if stamp == self._stamp:
                return self._snapshot
            with self._lock:
                if stamp != self._stamp:
                    self._take_up(stamp)
                return self._snapshot

    def _read_stamp(self) -> tuple[int, int] | None:
        """The build and the generation that count; None for an index that was never written."""
        try:
            rows = self.database.fetch(sql.SQL(_STATE).format(self.database.name("state")))
        except Unreadable as error:
            if error.missing:
                return None
            raise
        if not rows:
            return None
        found, build, generation = rows[0]
        # Another format is a build that this version cannot know.
        return (build, generation) if found == FORMAT else (-found, generation)

    def _take_up(self, stamp: tuple[int, int] | None) -> None:
        if stamp is None or stamp[0] == 0:
            self._snapshot, self.damage, self.notice, self._contents = self._nothing, None, None, None
            self._stamp = stamp
            return
        build, generation = stamp
        try:
            if build < 0:
                raise IndexDamaged(f"The search index has format {-build}; this version reads {FORMAT}.")
            if self._contents is None or self._contents.build.number != build:
                self._contents = Contents(Build(self.database, build))
                self._runs, self._memory = Runs(), MemoryVectors()
            self._contents.update()
            segment = PostgresSegment(self._contents, self._runs, self._memory)
            self._snapshot = Snapshot(Manifest(NAME, generation, (Entry(NAME),)), [segment])
            self.notice = self._find_notice(segment)
            self.damage = None
        except (IndexDamaged, Unreadable, ValueError, KeyError, TypeError, IndexError) as error:
            # Damaged rows end in whatever error their misread bytes lead to.
            _log.error("the search index is damaged: %s", error)
            self.damage = str(error)
            self._contents = None
        self._stamp = stamp

    def _find_notice(self, segment: PostgresSegment) -> str | None:
        models = self._contents.models.values() if self._contents else ()
        if not any(not model.indexed for model in models):
            return None
        if extension_in_use(self.database):
            return _UNUSED
        return _TOO_MANY if int(segment.passage_starts[-1]) > MOST else _NO_EXTENSION

    def readable(self) -> Snapshot[PostgresSegment]:
        """The newest state, to be changed; a damaged one must not be.

        :raises IndexDamaged: when it cannot be read.
        """
        snapshot = self.snapshot()
        if self.damage is not None:
            raise IndexDamaged(self.damage)
        return snapshot

    def mark_damaged(self, error: Exception) -> None:
        """Remembers that reading failed, until the index changes. A server that does not answer is no damage."""
        if isinstance(error, Unreadable):
            self.damage = str(error)

    def verify(self) -> None:
        """Looks for damage that no query has met yet."""
        snapshot = self.snapshot()
        if not snapshot.segments or self.damage:
            return
        try:
            with self.database.reading():
                snapshot = self.snapshot()
                build = snapshot.segments[0].build
                told, passages, nothing, posted = self.database.fetch(build.format(_COUNTS))[0]
        except Unreadable as error:
            self.damage = str(error)
            return
        if told != passages or nothing or (snapshot.row_of and not posted):
            self.damage = "The tables of the search index do not fit together."
