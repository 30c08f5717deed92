"""What a process holds of the index: the facts of each document, brought up to date when the index changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from knowledge.search.postgresql.database import Row
from knowledge.search.postgresql.tables import Build
from knowledge.search.segment import Facts, facts_of

_AT_ONCE = 500
_NUMBERS = "SELECT array_agg(number), array_agg(coalesce(model, 0)) FROM {document}"
_ABOUT = (
    "SELECT number, facts, coalesce(model, 0), passages, lengths, signature, spoken FROM {document}"
    " WHERE number = ANY(%s)"
)
_MODELS = "SELECT number, record, indexed FROM {} WHERE build = %s"


@dataclass(frozen=True)
class Held:
    """What is held of one version of a document."""

    facts: Facts
    model: int
    passages: int
    lengths: NDArray[np.int32]
    signature: NDArray[np.uint32]
    spoken: NDArray[np.int32]


@dataclass(frozen=True)
class Model:
    """A model whose vectors a build has."""

    number: int
    record: dict[str, str]
    indexed: bool
    """Whether pgvector keeps them; else they are plain bytes."""


class Contents:
    """The facts of the documents of one build, by their numbers in rising order."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.held: dict[int, Held] = {}
        self.models: dict[int, Model] = {}
        self.lexicon: list[str] = []
        """Every word that was read; it only grows, so that a snapshot may go on with its beginning."""
        self._numbers: dict[str, int] = {}
        self._audiences: dict[frozenset[str], frozenset[str]] = {}

    def update(self) -> None:
        """Reads what is new and drops what is gone.

        :raises OSError: when the index cannot be read.
        """
        database, build = self.build.database, self.build
        self.models = {
            number: Model(number, json.loads(record), indexed)
            for number, record, indexed in database.fetch(
                sql.SQL(_MODELS).format(database.name("model")), [build.number]
            )
        }
        numbers, models = database.fetch(build.format(_NUMBERS))[0]
        held = {}
        missing = []
        for number, model in zip(numbers or (), models or (), strict=True):
            one = self.held.get(number)
            if one is None:
                missing.append(number)
            else:
                held[number] = one if one.model == model else replace(one, model=model)
        for start in range(0, len(missing), _AT_ONCE):
            for row in database.fetch(build.format(_ABOUT), [missing[start : start + _AT_ONCE]]):
                held[row[0]] = self._held(row)
        self.held = dict(sorted(held.items()))

    def _held(self, row: Row) -> Held:
        _, facts, model, passages, lengths, signature, spoken = row
        about = facts_of(json.loads(facts))
        # Few audiences are shared by many documents.
        about = replace(about, audience=self._audiences.setdefault(about.audience, about.audience))
        words = spoken.decode().split("\n") if spoken else []
        return Held(
            about,
            model,
            passages,
            np.frombuffer(lengths, dtype="<i4"),
            np.frombuffer(signature, dtype="<u4"),
            np.array([self._number(word) for word in words], dtype=np.int32),
        )

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self.lexicon)
            self.lexicon.append(word)
        return number
