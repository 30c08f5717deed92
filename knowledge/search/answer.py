"""Answers one query from one view: understands, asks both halves, orders, folds, quotes and counts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import Favoured, Filters, Mode, Results, Sort
from knowledge.search.duplicates import fold_duplicates
from knowledge.search.embedder import Embedder
from knowledge.search.facets import count_facets, kept_by
from knowledge.search.fuse import FEATURES, Features, Fusion
from knowledge.search.hits import FEW_WORDS, Found, make_hits
from knowledge.search.model import model_record
from knowledge.search.parse import ParsedQuery, Shape, parse
from knowledge.search.ranking import Half, Ranking, ask_both, rank
from knowledge.search.snapshot import View, visible_ids
from knowledge.search.understand import Synonyms, Understood, understand
from knowledge.search.words import words

_FOLDED_RANKS = 60
"""Results that are compared with each other for near-duplicates; further ones are far from anyone's eye."""
_POOR = 3
"""With fewer results than this a doubtful correction is worth offering."""


@dataclass(frozen=True)
class Request:
    """A search call as it came in."""

    query: str
    mode: Mode
    filters: Filters
    sort: Sort
    limit: int
    offset: int
    correct: bool
    synonyms: Synonyms
    promoted: Sequence[int]
    favoured: Favoured


@dataclass(frozen=True)
class Means:
    """What a query is answered with, besides the index."""

    embedder: Embedder | None
    fusion: Fusion
    model_languages: frozenset[str]
    problem: str | None = None

    def weights(self, parsed: ParsedQuery) -> NDArray[np.float32]:
        """The weights of the features for a query."""
        foreign = parsed.language is not None and parsed.language not in self.model_languages
        return self.fusion.weights(parsed.shape, foreign=foreign)


@dataclass(frozen=True)
class Candidates:
    """What the fusion of a query chooses from."""

    ids: tuple[int, ...]
    features: Features
    shape: Shape


def protected_words(names: Iterable[str]) -> frozenset[str]:
    """The single words of names, folded as queries are."""
    return frozenset(word for name in names for word in words(name))


def answer(request: Request, view: View, means: Means) -> Results:
    """Answers a request from what the view holds.

    :raises OSError: when the index turns out damaged while it is read.
    """
    parsed = parse(request.query)
    if parsed.empty or not view.count:
        return Results(request.query, degraded=means.problem, timings_ms={})
    timings: dict[str, float] = {}
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        timings[name] = (now - clock) * 1000
        clock = now

    understood = _understand(parsed, view, request.correct, request.synonyms)
    lap("understand")
    vector, model = _query_vector(understood, means.embedder, request.mode)
    lap("embed")
    keep = kept_by(request.filters, view.snapshot)
    half = ask_both(view, understood, vector, model, mode=request.mode, keep=keep)
    lap("score")
    ranking = rank(
        view, half, understood, means.weights(parsed), mode=request.mode, keep=keep, favoured=request.favoured
    )
    lap("rank")
    rows, folded, pinned = _listed(view, ranking, request, keep)
    page = rows[request.offset : request.offset + request.limit]
    found = Found(view, half, understood, ranking, means.fusion, request.favoured)
    hits = make_hits(found, page, folded, pinned)
    lap("quote")
    facets = count_facets(half.found, request.filters, view.snapshot)
    lap("facets")
    doubtful = understood.did_you_mean if _poor(half, len(rows)) or understood.corrected is None else None
    return Results(
        query=request.query,
        hits=hits,
        total=len(rows),
        corrected=understood.corrected,
        did_you_mean=doubtful,
        facets=facets,
        degraded=means.problem,
        timings_ms=timings,
    )


def candidates(query: str, view: View, means: Means) -> Candidates:
    """The first candidates of a query with the features that the fusion weighs."""
    parsed = parse(query)
    if parsed.empty or not view.count:
        return Candidates((), np.zeros((0, len(FEATURES)), dtype=np.float32), parsed.shape)
    understood = _understand(parsed, view, True, {})
    vector, model = _query_vector(understood, means.embedder, Mode.HYBRID)
    half = ask_both(view, understood, vector, model, mode=Mode.HYBRID)
    ranking = rank(view, half, understood, means.weights(parsed))
    facts = view.snapshot.facts
    return Candidates(tuple(facts[int(row)].id for row in ranking.rows[:100]), ranking.features[:100], parsed.shape)


def _understand(parsed: ParsedQuery, view: View, correct: bool, synonyms: Synonyms) -> Understood:
    speller = view.speller if correct else None
    return understand(parsed, vocabulary=view.vocabulary, speller=speller, languages=view.languages, synonyms=synonyms)


def _query_vector(
    understood: Understood, embedder: Embedder | None, mode: Mode
) -> tuple[NDArray[np.float32] | None, dict[str, str]]:
    if embedder is None or mode is Mode.KEYWORD:
        return None, {}
    return embedder.embed([understood.meaning])[0], model_record(embedder)


def _poor(half: Half, count: int) -> bool:
    return count < _POOR or float(half.coverage.max(initial=0.0)) < FEW_WORDS


def _listed(
    view: View, ranking: Ranking, request: Request, keep: NDArray[np.bool_]
) -> tuple[list[int], dict[int, tuple[int, ...]], set[int]]:
    """The rows to list in order, the ids folded into each, and the promoted rows."""
    snapshot = view.snapshot
    rows: list[int] = ranking.rows.tolist()
    if request.sort is Sort.DATE:
        rows.sort(key=lambda row: (-snapshot.updated[row], row))
    top = rows[:_FOLDED_RANKS]
    signatures = []
    for row in top:
        segment, place = snapshot.place(row)
        signatures.append(segment.signatures[place])
    folds = fold_duplicates(signatures, [(snapshot.facts[r].language, snapshot.facts[r].type) for r in top])
    folded = {top[f[0]]: tuple(snapshot.facts[top[n]].id for n in f[1:]) for f in folds}
    rows = [top[f[0]] for f in folds] + rows[_FOLDED_RANKS:]
    first = [snapshot.row_of[number] for number in visible_ids(view, tuple(dict.fromkeys(request.promoted)))]
    first = [row for row in first if keep[row]]
    pinned = set(first)
    return first + [row for row in rows if row not in pinned], folded, pinned
