"""The whole index as one segment: facts in memory, everything else read from the database when it is asked for."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from knowledge.search.document import Passage
from knowledge.search.duplicates import SIGNATURE
from knowledge.search.engine import Rows
from knowledge.search.keyword import WEIGHTS, Mask, Scores
from knowledge.search.postgresql.contents import Contents
from knowledge.search.postgresql.keyword import PostgresKeyword
from knowledge.search.postgresql.memory import MemoryVectors
from knowledge.search.postgresql.writing import audience_key, term_number, vector_text

NEAREST = 120
"""Passages that are taken from the index of the vectors; about half as many documents."""
_SEARCHED = 120
"""How many vectors the index looks at before it stops; it goes on when too few of them are in view."""
EXACT = 3000
"""Up to so many passages in view are all compared: that costs no more than the index would, and misses nothing."""
_KEPT_RUNS = 4_000_000
"""Words of documents held in memory in their order, four bytes each: 16 MB at most."""

_SETTINGS = "SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)"
_NEAR = (
    "SELECT number, ordinal, embedding <#> %s::vector FROM {vector} {visible}"
    " ORDER BY embedding <#> %s::vector LIMIT %s"
)
_EXACTLY = (
    "SELECT array_agg(number), array_agg(ordinal), array_agg((embedding <#> %s::vector)::real) FROM {vector}"
    " WHERE number = ANY(%s)"
)
_MEANS = "SELECT number, avg(embedding)::real[] FROM {vector} WHERE number = ANY(%s) GROUP BY number"
_VECTORS = "SELECT number, embedding FROM {vector} WHERE number = ANY(%s)"
_MEANS_AT_ONCE = 500
_RUNS = "SELECT number, sequence FROM {document} WHERE number = ANY(%s)"
_PASSAGES = (
    "SELECT number, ordinal, content FROM {passage}"
    " WHERE (number, ordinal) IN (SELECT * FROM unnest(%s::integer[], %s::integer[]))"
)


class Runs:
    """The order of words of the documents that were read last, shared by the snapshots of one build."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, NDArray[np.int32]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def held(self, numbers: Sequence[int]) -> dict[int, NDArray[np.int32]]:
        """Those of some documents that are held."""
        with self._lock:
            found = {number: self._kept[number] for number in numbers if number in self._kept}
            for number in found:
                self._kept.move_to_end(number)
            return found

    def keep(self, runs: dict[int, NDArray[np.int32]]) -> None:
        """Holds more of them, and lets the oldest go."""
        with self._lock:
            for number, run in runs.items():
                if number not in self._kept:
                    self._size += len(run) + 16
                self._kept[number] = run
            while self._size > _KEPT_RUNS:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped) + 16


class Spoken:
    """The distinct words of each document, as ``engine.Words`` asks for."""

    def __init__(self, lexicon: list[str], lists: Sequence[NDArray[np.int32]]) -> None:
        self.lexicon = lexicon
        self.values = np.concatenate([np.zeros(0, dtype=np.int32), *lists])
        self.starts = np.array([0, *accumulate(map(len, lists))], dtype=np.int64)


class PostgresSegment:
    """All documents of the index at one generation; see ``engine.SearchSegment``."""

    name = "postgresql"

    def __init__(self, contents: Contents, runs: Runs, memory: MemoryVectors) -> None:
        held = list(contents.held.values())
        self.build = contents.build
        self._models = contents.models
        self._runs = runs
        self._memory = memory
        self.numbers = np.array(list(contents.held), dtype=np.int64)
        self.facts = [one.facts for one in held]
        self.passage_starts = np.array([0, *accumulate(one.passages for one in held)], dtype=np.int64)
        self.signatures = np.array([one.signature for one in held], dtype=np.uint32).reshape(len(held), SIGNATURE)
        self.lengths = np.array([one.lengths for one in held], dtype=np.int32).reshape(len(held), len(WEIGHTS))
        self.models = np.array([one.model for one in held], dtype=np.int64)
        self.spoken = Spoken(contents.lexicon, [one.spoken for one in held])
        self.keyword = PostgresKeyword(self.build, self.numbers, self.lengths)

    def __len__(self) -> int:
        return len(self.facts)

    def model_of(self, row: int) -> dict[str, str]:
        model = self._models.get(int(self.models[row]))
        return model.record if model else {}

    def similarities(
        self, query: NDArray[np.float32], model: dict[str, str], allowed: Mask, wanted: Rows
    ) -> Scores | None:
        """The cosine of a query to the nearest passages and to all of the wanted rows; 0 for the others."""
        made = next((m for m in self._models.values() if m.record == model), None)
        if made is None:
            return None
        if not made.indexed:
            return self._memory.similarities(self.build, made.number, self.numbers, self.passage_starts, query)
        found = np.zeros(int(self.passage_starts[-1]), dtype=np.float32)
        having = allowed & (self.models == made.number)
        if int((np.diff(self.passage_starts) * having).sum()) <= EXACT:
            wanted = np.flatnonzero(having)
        else:
            self._nearest(made.number, query, allowed, found)
        self._exactly(made.number, query, wanted, found)
        return found

    def means(self) -> NDArray[np.float32]:
        """The mean of the vectors of each row's passages; zero for rows without any, [rows, dimensions]."""
        dimensions = max((int(model.record["dimensions"]) for model in self._models.values()), default=0)
        means = np.zeros((len(self), dimensions), dtype=np.float32)
        for made in self._models.values():
            rows = np.flatnonzero(self.models == made.number)
            statement = sql.SQL(_MEANS if made.indexed else _VECTORS).format(vector=self.build.vectors(made.number))
            for start in range(0, len(rows), _MEANS_AT_ONCE):
                places = {int(self.numbers[row]): int(row) for row in rows[start : start + _MEANS_AT_ONCE]}
                read = self.build.database.fetch(statement, [list(places)])
                if made.indexed:
                    for number, mean in read:
                        means[places[number], : len(mean)] = mean
                    continue
                for number, embedding in read:
                    # The sum has the direction of the mean, and only that counts.
                    vector = np.frombuffer(embedding, dtype="<f4")
                    means[places[number], : len(vector)] += vector
        return means

    def _nearest(self, model: int, query: NDArray[np.float32], allowed: Mask, found: Scores) -> None:
        """Fills in the cosines of the passages in view that the index of the vectors finds nearest."""
        vector = vector_text(query)
        visible, values = sql.SQL(""), [vector, vector, NEAREST]
        if not allowed.all():
            keys = list({int(key) for key in self._audiences[allowed]})
            visible, values = sql.SQL("WHERE audience = ANY(%s)"), [vector, keys, vector, NEAREST]
        database = self.build.database
        database.fetch(_SETTINGS, [str(_SEARCHED)])
        statement = sql.SQL(_NEAR).format(vector=self.build.vectors(model), visible=visible)
        rows = database.fetch(statement, values)
        if rows:
            numbers, ordinals, distances = (np.array(column) for column in zip(*rows, strict=True))
            self._fill(found, numbers, ordinals, distances)

    def _exactly(self, model: int, query: NDArray[np.float32], rows: Rows, found: Scores) -> None:
        """Fills in the cosines of all passages of some rows."""
        if not len(rows):
            return
        statement = sql.SQL(_EXACTLY).format(vector=self.build.vectors(model))
        numbers, ordinals, distances = self.build.database.fetch(
            statement, [vector_text(query), self.numbers[rows].tolist()]
        )[0]
        if numbers:
            self._fill(found, np.array(numbers), np.array(ordinals), np.array(distances))

    def _fill(
        self,
        found: Scores,
        numbers: NDArray[np.int64],
        ordinals: NDArray[np.int64],
        distances: NDArray[np.float32],
    ) -> None:
        """Writes negative inner products to where their passages stand; passages of unknown documents are dropped."""
        rows = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        known = self.numbers[rows] == numbers
        found[self.passage_starts[rows[known]] + ordinals[known]] = -distances[known]

    @cached_property
    def _audiences(self) -> NDArray[np.int64]:
        """The key of the audience of each row, [rows]."""
        keys: dict[frozenset[str], int] = {}
        for fact in self.facts:
            if fact.audience not in keys:
                keys[fact.audience] = audience_key(fact.audience)
        return np.array([keys[fact.audience] for fact in self.facts], dtype=np.int64)

    def runs(self, rows: Sequence[int]) -> list[NDArray[np.int32]]:
        numbers = self.numbers[list(rows)].tolist()
        found = self._runs.held(numbers)
        missing = [number for number in numbers if number not in found]
        if missing:
            read = self.build.database.fetch(self.build.format(_RUNS), [missing])
            fresh = {number: np.frombuffer(run, dtype="<i4") for number, run in read}
            self._runs.keep(fresh)
            found |= fresh
        try:
            return [found[number] for number in numbers]
        except KeyError:
            raise OSError("A document of the search index was replaced while it was read.") from None

    def term_number(self, term: str) -> int | None:
        return term_number(term)

    def passages_at(self, places: Sequence[tuple[int, int]]) -> list[Passage]:
        if not places:
            return []
        numbers = self.numbers[[row for row, _ in places]].tolist()
        asked = [numbers, [ordinal for _, ordinal in places]]
        read = self.build.database.fetch(self.build.format(_PASSAGES), asked)
        contents = {(number, ordinal): json.loads(content) for number, ordinal, content in read}
        try:
            return [
                Passage(self.facts[row].id, ordinal, *contents[number, ordinal])
                for number, (row, ordinal) in zip(numbers, places, strict=True)
            ]
        except KeyError:
            raise OSError("A document of the search index was replaced while it was read.") from None
