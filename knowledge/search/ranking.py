"""Scores all documents in view by both halves, picks the candidates and puts them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.search.document import Favoured, Mode
from knowledge.search.fuse import Features, fused, relative
from knowledge.search.keyword import Mask, QueryTerm, Rarity, Scores
from knowledge.search.order import order_features
from knowledge.search.snapshot import View
from knowledge.search.understand import Understood
from knowledge.search.vector import best_by_document

CANDIDATES = 100
"""Documents whose word order is looked at; the rest keep the order that the two halves gave them."""
WANTED = 150
"""Documents found by words whose meaning is looked at exactly, where an engine only knows the nearest passages."""
FEW = 500
"""When the filters leave at most so many documents, the meaning of all of them is looked at."""
CODES = 0.5
"""What an identifier found whole adds to the words that it is made of."""
CLOSE, CLOSE_TO_BEST = 0.30, 0.60
"""A document is a result by meaning when its cosine reaches both: the floor, and this share of the best one."""
COVERED, COVERED_TO_BEST = 0.15, 0.50
"""The same for the share of the query's words, by rarity, that a document has."""
_ENOUGH = 0.6
"""When no document has this share of the query's words, even the best match by words is a weak one."""
_STRONG = 8.0
"""A best match by words with a lower score is a weak one too: a few words, none of them rare, each said once. In small
corpora and for questions in other words than the articles' that is the rule, and divided by itself it would count as
much as the best match for a product's name."""
FAVOUR = 0.5
"""What being near to the reader counts, as much as a cosine that is 0.025 higher: it decides between articles that
fit about equally well."""
_PHRASE = 100.0
"""Lifts the documents that hold a quoted phrase as quoted above all others."""


@dataclass(frozen=True)
class Half:
    """What both halves say of every row of the index, before anything is put in order."""

    words: Scores
    coverage: Scores
    meaning: Scores
    passages: list[Scores | None]
    """The cosine of each passage, by segment; None where a segment was not asked."""
    rarity: Rarity
    found: Mask
    """The rows that are results at all."""


@dataclass(frozen=True)
class Ranking:
    """Candidates in order, best first."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    features: Features
    weights: NDArray[np.float32]


def ask_both(
    view: View,
    understood: Understood,
    vector: NDArray[np.float32] | None,
    model: dict[str, str],
    *,
    mode: Mode,
    keep: Mask | None = None,
) -> Half:
    """Scores every document in view; hidden ones score 0 and are not found.

    What each half finds is not narrowed by the filters, so that facets can say what else there is.

    :param vector: of the query, of length one; None leaves the meaning out.
    :param keep: the rows that pass the filters.
    """
    segments = view.snapshot.segments
    rarity = view.rarity(understood.terms)
    words, coverage, meaning = ([np.zeros(0, dtype=np.float32)] for _ in range(3))
    passages: list[Scores | None] = []
    for segment, allowed, first in zip(segments, view.by_segment, view.snapshot.first_rows, strict=False):
        nothing = np.zeros(len(segment), dtype=np.float32)
        if mode is Mode.SEMANTIC or not allowed.any():
            words.append(nothing)
            coverage.append(nothing)
        else:
            scores = segment.keyword.score(understood.terms, rarity, allowed)
            words.append(scores.words + np.float32(CODES) * scores.codes)
            coverage.append(np.where(scores.codes > 0, np.float32(1.0), scores.coverage))
        close = None
        if vector is not None and mode is not Mode.KEYWORD and allowed.any():
            kept = None if keep is None else keep[first : first + len(segment)]
            close = segment.similarities(vector, model, allowed, _wanted(words[-1], allowed, kept))
        passages.append(close)
        meaning.append(nothing if close is None else best_by_document(close, segment, allowed))
    covered, nearness = np.concatenate(coverage), np.concatenate(meaning)
    found = (covered >= max(COVERED, COVERED_TO_BEST * float(covered.max(initial=0.0)))) | (
        nearness >= max(CLOSE, CLOSE_TO_BEST * float(nearness.max(initial=0.0)))
    )
    return Half(np.concatenate(words), covered, nearness, passages, rarity, found & view.allowed)


def _wanted(words: Scores, allowed: Mask, kept: Mask | None) -> NDArray[np.int64]:
    """The rows whose meaning must be known exactly: the best by words, and few that the filters leave."""
    best = np.argsort(-words, kind="stable")[:WANTED]
    best = best[words[best] > 0]
    if kept is not None and not kept.all():
        left = np.flatnonzero(kept & allowed)
        if len(left) <= FEW:
            return np.union1d(best, left)
    return best


def rank(
    view: View,
    half: Half,
    understood: Understood,
    weights: NDArray[np.float32],
    *,
    mode: Mode = Mode.HYBRID,
    keep: Mask | None = None,
    favoured: Favoured | None = None,
) -> Ranking:
    """Orders the found documents that the filters keep.

    The order of words is only looked at for the first hundred, which come before all others.

    :param weights: of the features, for a query of this shape, [features].
    :param keep: the rows that pass the filters; all of them by default.
    :param favoured: what is near to the reader. It moves a document past those whose score is at most ``FAVOUR``
        higher, and past no other; the scores stay what they are.
    """
    rows = np.flatnonzero(half.found if keep is None else half.found & keep)
    values = np.zeros((len(rows), 3), dtype=np.float32)
    # The best of the query is taken over everything in view, so that a filter does not change a score.
    worth = min(1.0, float(half.coverage.max(initial=0.0)) / _ENOUGH)
    worth *= min(1.0, float(half.words.max(initial=0.0)) / _STRONG)
    values[:, 0] = worth * relative(half.words)[rows]
    values[:, 1] = half.meaning[rows]
    if mode is not Mode.HYBRID or not half.meaning.any():
        # One half alone is shown as it is: as its own scores, without the other's features.
        weights = weights * np.array([mode is not Mode.SEMANTIC, mode is Mode.SEMANTIC, 0.0], dtype=np.float32)
    first = np.lexsort((rows, -fused(values, weights)))
    rows, values = rows[first], values[first]
    near = rows[:CANDIDATES]
    values[: len(near), 2] = ordered(view, near, understood.order, half.rarity, understood)
    lifted = np.zeros(len(rows), dtype=np.float32)
    for phrase in understood.phrases:
        whole = order_features(view, near, phrase, [1.0] * len(phrase)) > 1 - 1e-6
        lifted[: len(near)] += _PHRASE * whole
    scores = fused(values, weights)
    if len(rows) > len(near):
        scores[len(near) :] = np.minimum(scores[len(near) :], scores[: len(near)].min())
    if favoured:
        lifted[: len(near)] += FAVOUR * np.array([_is_near(view, row, favoured) for row in near], dtype=np.float32)
    last = np.lexsort((rows, -(scores + lifted)))
    return Ranking(rows[last], scores[last], values[last], weights)


def _is_near(view: View, row: int, favoured: Favoured) -> bool:
    fact = view.snapshot.facts[row]
    return favoured.of(fact.services, fact.audience) is not None


def ordered(
    view: View, rows: NDArray[np.int64], order: Sequence[QueryTerm], rarity: Rarity, understood: Understood
) -> Scores:
    """The order feature of some rows, with the rarity of the query's terms as weights."""
    rare = {term.forms: value for term, value in zip(understood.terms.terms, rarity.terms, strict=True)}
    return order_features(view, rows, order, [rare.get(term.forms, 0.0) for term in order])
