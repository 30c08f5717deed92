"""Learns the weights of the fusion from judged queries or from clicks.

    python benchmarks/learn_fusion.py --corpus FOLDER --queries FILE [--output fusion.json]

A query's candidates compete in a softmax, and the weights are those under which the right documents win
with the least regularised surprise (ListNet, Cao et al. 2007, with one relevant document). The problem is
convex and has nine unknowns, so a few hundred queries are enough. Queries that ask for the same document
are held out together: the printed figures are of queries whose documents the weights have never seen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

if __package__ in (None, ""):
    # Run as a file, the folder above is not among those that Python looks in.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.searched_corpus import JudgedQuery, portal_with, read_queries
from knowledge.indexing.opening import search_index
from knowledge.indexing.services import rebuild_index
from knowledge.search.fuse import FEATURES, Fusion
from knowledge.search.index import SearchIndex
from portal.core.auth import Anonymous

SHAPES = ("keywords", "sentence", "code")
_STEPS, _RATE = 400, 0.05
_SHRINK = np.array([0.003, 0.01, 0.01])[:, None]
"""How strongly the weights are drawn to zero; what a shape adds has to earn its place."""


@dataclass(frozen=True)
class Judged:
    """All judged queries as arrays, padded to the longest list of candidates."""

    features: NDArray[np.float64]
    """[queries, candidates, features]"""
    present: NDArray[np.bool_]
    """[queries, candidates]"""
    right: NDArray[np.int64]
    """The candidate that is right, -1 when it is not among them, [queries]."""
    shapes: NDArray[np.float64]
    """[queries, shapes]; the first column is 1."""
    kinds: NDArray[np.str_]
    groups: NDArray[np.int64]
    """Queries that ask for the same document share a number, [queries]."""


def gather(index: SearchIndex, queries: list[JudgedQuery], ids: dict[str, int]) -> Judged:
    """Asks the index for the candidates of every query."""
    found = [index.candidates(query.text, audience=Anonymous.audience_tokens) for query in queries]
    most = max(len(one.ids) for one in found)
    features = np.zeros((len(queries), most, len(FEATURES)))
    present = np.zeros((len(queries), most), dtype=np.bool_)
    right = np.full(len(queries), -1)
    groups: dict[tuple[str, ...], int] = {}
    for n, (query, one) in enumerate(zip(queries, found, strict=True)):
        features[n, : len(one.ids)] = one.features
        present[n, : len(one.ids)] = True
        wanted = {ids[path] for path in query.paths if path in ids}
        right[n] = next((m for m, number in enumerate(one.ids) if number in wanted), -1)
    return Judged(
        features,
        present,
        right,
        np.array([[1.0, one.shape.sentence, one.shape.code] for one in found]),
        np.array([query.kind for query in queries]),
        np.array([groups.setdefault(query.paths, len(groups)) for query in queries]),
    )


def learn(judged: Judged, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """The weights, [shapes, features], for some of the queries."""
    chosen = chosen[judged.right[chosen] >= 0]
    spread = judged.features[judged.present].std(axis=0) + 1e-9
    features = judged.features[chosen] / spread
    shapes, right = judged.shapes[chosen], judged.right[chosen]
    weights = np.zeros((len(SHAPES), len(FEATURES)))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        chances = _chances(features, judged.present[chosen], shapes @ weights)
        chances[np.arange(len(chosen)), right] -= 1.0
        slopes = np.einsum("qn,qnf->qf", chances, features)
        gradient = shapes.T @ slopes / len(chosen) + _SHRINK * weights
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        weights -= _RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    unscaled: NDArray[np.float64] = weights / spread
    return unscaled


def _chances(
    features: NDArray[np.float64], present: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The softmax over the candidates of each query, [queries, candidates]."""
    scores = np.einsum("qnf,qf->qn", features, weights)
    scores[~present] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    raised = np.exp(scores)
    chances: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return chances


def reciprocal_ranks(judged: Judged, weights: NDArray[np.float64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """One over the rank of the right document for each chosen query, 0 beyond the tenth."""
    mixed = np.maximum(judged.shapes[chosen] @ weights, 0.0)
    scores = np.einsum("qnf,qf->qn", judged.features[chosen], mixed)
    scores[~judged.present[chosen]] = -np.inf
    right = judged.right[chosen]
    own = scores[np.arange(len(chosen)), np.maximum(right, 0)]
    ranks = 1 + (scores > own[:, None]).sum(axis=1)
    reciprocal: NDArray[np.float64] = np.where((right >= 0) & (ranks <= 10), 1.0 / ranks, 0.0)
    return reciprocal


def cross_validate(judged: Judged, folds: int, repeats: int) -> NDArray[np.float64]:
    """The reciprocal rank of each query under weights learned without its document, the mean of some repeats."""
    total = np.zeros(len(judged.right))
    for repeat in range(repeats):
        order = np.random.default_rng(repeat).permutation(np.unique(judged.groups))
        for fold in range(folds):
            held = np.isin(judged.groups, order[fold::folds])
            weights = learn(judged, np.flatnonzero(~held))
            total[held] += reciprocal_ranks(judged, weights, np.flatnonzero(held))
    return total / repeats


def calibrate(judged: Judged, weights: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset that turn a score into a chance (Platt 1999), from the ten best candidates of each query."""
    mixed = np.maximum(judged.shapes @ weights, 0.0)
    scores = np.einsum("qnf,qf->qn", judged.features, mixed)
    scores[~judged.present] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :10]
    taken = np.take_along_axis(scores, best, axis=1)
    labels = (best == judged.right[:, None])[np.isfinite(taken)].astype(float)
    values = taken[np.isfinite(taken)]
    middle, spread = float(values.mean()), float(values.std()) + 1e-9
    inputs = np.stack([(values - middle) / spread, np.ones_like(values)], axis=1)
    line = np.zeros(2)
    for _ in range(50):  # Newton's method on the logistic likelihood.
        chances = 1 / (1 + np.exp(-inputs @ line))
        curve = inputs.T @ (inputs * (chances * (1 - chances))[:, None]) + 1e-6 * np.eye(2)
        line += np.linalg.solve(curve, inputs.T @ (labels - chances))
    return float(line[0] / spread), float(line[1] - line[0] * middle / spread)


def report(name: str, judged: Judged, ranks: NDArray[np.float64]) -> None:
    """Prints the mean reciprocal rank by kind and overall."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    for kind, rank in zip(judged.kinds, ranks, strict=True):
        by_kind[str(kind)].append(float(rank))
    columns = [f"{kind or 'all'} {np.mean(values):.3f}" for kind, values in by_kind.items()]
    print(f"{name:<16} {'  '.join(columns)}  overall {ranks.mean():.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Learns the weights of the fusion from judged queries.")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "portico-model")
    parser.add_argument("--output", type=Path, help="where to write the weights")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        portal_with(arguments.corpus, Path(scratch) / "data", models=arguments.cache) as (_, ids),
    ):
        rebuild_index()
        judged = gather(search_index(), list(read_queries(arguments.queries)), ids)
    everything = np.arange(len(judged.right))
    report("cross-validated", judged, cross_validate(judged, arguments.folds, arguments.repeats))
    weights = learn(judged, everything)
    report("learned on all", judged, reciprocal_ranks(judged, weights, everything))
    slope, offset = calibrate(judged, weights)
    keywords, sentence, code = (tuple(round(float(value), 2) for value in row) for row in weights)
    fusion = Fusion(keywords, sentence, code, slope=round(slope, 3), offset=round(offset, 3))  # type: ignore[arg-type]
    print(json.dumps(asdict(fusion)))
    if arguments.output:
        fusion.save(arguments.output)


if __name__ == "__main__":
    main()
