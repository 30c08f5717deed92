"""Vectors in the memory of the process, for servers without pgvector: exact, at the price of the memory."""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from knowledge.search.keyword import Scores
from knowledge.search.postgresql.tables import Build

MOST = 60_000
"""Passages whose vectors a process holds; 92 MB with 384 dimensions. Beyond that, meaning needs pgvector."""
_AT_ONCE = 500
_READ = "SELECT number, ordinal, embedding FROM {} WHERE number = ANY(%s)"


class MemoryVectors:
    """The vectors of one model, read when they are first asked for, and then only those that are new."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._table = ""
        self._numbers: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._starts: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        self._vectors: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)

    def similarities(
        self,
        build: Build,
        model: int,
        numbers: NDArray[np.int64],
        starts: NDArray[np.int64],
        query: NDArray[np.float32],
    ) -> Scores | None:
        """The cosine of a query to every passage, [passages]; None when there are too many to hold.

        :param numbers: the documents in rising order, [documents].
        :param starts: where the passages of each begin, [documents + 1].
        """
        if int(starts[-1]) > MOST:
            return None
        with self._lock:
            if self._table != f"{build.number} {model}" or not np.array_equal(self._numbers, numbers):
                self._take_up(build, model, numbers, starts, len(query))
            vectors = self._vectors
        similarities: Scores = vectors @ query
        return similarities

    def _take_up(
        self, build: Build, model: int, numbers: NDArray[np.int64], starts: NDArray[np.int64], dimensions: int
    ) -> None:
        """Brings the vectors up to a state of the index."""
        table = f"{build.number} {model}"
        held: dict[int, int] = {}
        if table == self._table:
            held = {number: n for n, number in enumerate(self._numbers.tolist())}
        vectors = np.zeros((int(starts[-1]), dimensions), dtype=np.float32)
        places = {number: n for n, number in enumerate(numbers.tolist())}
        for number, n in places.items():
            if number in held:
                begin = int(self._starts[held[number]])
                vectors[int(starts[n]) : int(starts[n + 1])] = self._vectors[
                    begin : begin + int(starts[n + 1] - starts[n])
                ]
        missing = [number for number in places if number not in held]
        statement = sql.SQL(_READ).format(build.vectors(model))
        complete = True
        for start in range(0, len(missing), _AT_ONCE):
            chunk = missing[start : start + _AT_ONCE]
            found = set()
            for number, ordinal, embedding in build.database.fetch(statement, [chunk]):
                vectors[int(starts[places[number]]) + ordinal] = np.frombuffer(embedding, dtype="<f4")
                found.add(number)
            complete &= len(found) == len(chunk)
        self._vectors, self._starts, self._numbers = vectors, starts, numbers
        # While a model is being changed some documents have no vectors yet: the next call looks again.
        self._table = table if complete else ""
