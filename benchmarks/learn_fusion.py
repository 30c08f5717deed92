"""Learns the weights of the fusion from judged queries or from clicks.

    python benchmarks/learn_fusion.py --corpus FOLDER --queries FILE [--output fusion.json]
    python benchmarks/learn_fusion.py --queries FILE [--output fusion.json]

With a corpus, a portal is made in a temporary folder, as by ``benchmarks/search.py``. Without one, the portal that
PORTICO_DATA_DIR or PORTICO_DATABASE_URL name is asked, which is read and not changed: its own articles, all of them,
and its own index, for the searches that ``portico search-log export`` wrote there.

A query's candidates compete in a softmax, and the weights are those under which the right documents win
with the least regularised surprise (ListNet, Cao et al. 2007, with one relevant document). The problem is
convex and has nine unknowns, so a few hundred queries are enough. Queries that ask for the same document, or are
the same text, are held out together: the cross-validated figures are of queries whose text and documents the
weights have never seen. Beside them stand the figures of each half alone, of the weights that ship, and of what was
learned on all queries, which nothing holds out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

if __package__ in (None, ""):
    # Run as a file, the folder above is not among those that Python looks in.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.searched_corpus import JudgedQuery, portal_with, read_queries
from knowledge.exporting.markdown import exported_paths
from knowledge.indexing.opening import search_index
from knowledge.indexing.services import rebuild_index
from knowledge.search.document import Mode
from knowledge.search.fuse import DEFAULT, FEATURES, Fusion
from knowledge.search.index import SearchIndex
from knowledge.search.keyword_engines import KEYWORD_ENGINES
from knowledge.search.parse import normalised
from portal.app import create_app
from portal.core.db import db
from portal.core.settings import load_settings

DEPTH = 10
LEAST = 30
"""Fewer queries say nothing about nine weights."""
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
    """Queries that share a document or a text share a number, [queries]."""
    halves: dict[str, NDArray[np.float64]]
    """One over the rank of the right document by each half of the engine alone, [queries]."""


def gather(index: SearchIndex, queries: list[JudgedQuery], ids: dict[str, int]) -> Judged:
    """Asks the index for the candidates of every query, as one who may read everything."""
    everyone = {token for fact in index.engine.snapshot().facts for token in fact.audience}
    found = [index.candidates(query.text, audience=everyone) for query in queries]
    most = max((len(one.ids) for one in found), default=0)
    features = np.zeros((len(queries), most, len(FEATURES)))
    present = np.zeros((len(queries), most), dtype=np.bool_)
    right = np.full(len(queries), -1)
    halves = {mode.value: np.zeros(len(queries)) for mode in (Mode.KEYWORD, Mode.SEMANTIC)}
    for n, (query, one) in enumerate(zip(queries, found, strict=True)):
        features[n, : len(one.ids)] = one.features
        present[n, : len(one.ids)] = True
        wanted = {ids[path] for path in query.paths if path in ids}
        right[n] = next((m for m, number in enumerate(one.ids) if number in wanted), -1)
        for mode, ranks in halves.items():
            hits = index.search(query.text, audience=everyone, mode=Mode(mode), limit=DEPTH).hits
            ranks[n] = next((1 / rank for rank, hit in enumerate(hits, 1) if hit.document_id in wanted), 0.0)
    return Judged(
        features,
        present,
        right,
        np.array([[1.0, one.shape.sentence, one.shape.code] for one in found]),
        np.array([query.kind for query in queries]),
        connected(queries),
        halves,
    )


def connected(queries: list[JudgedQuery]) -> NDArray[np.int64]:
    """A number for each query, the same for those that share a right document or a text, also by way of others."""
    groups = np.arange(len(queries))
    first: dict[tuple[str, str], int] = {}
    for n, query in enumerate(queries):
        for key in (("text", normalised(query.text)), *(("path", path) for path in query.paths)):
            groups[groups == groups[n]] = groups[first.setdefault(key, n)]
    return groups


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
    reciprocal: NDArray[np.float64] = np.where((right >= 0) & (ranks <= DEPTH), 1.0 / ranks, 0.0)
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


def report(rows: dict[str, NDArray[np.float64]], kinds: NDArray[np.str_]) -> None:
    """Prints the mean reciprocal rank by kind and overall, a line for each way to rank."""
    by_kind: dict[str, NDArray[np.bool_]] = {str(kind): kinds == kind for kind in dict.fromkeys(kinds) if kind}
    by_kind["all"] = np.ones(len(kinds), dtype=np.bool_)
    print(f"{'mrr@10':<32}{''.join(f'{kind:>10}' for kind in by_kind)}")
    for name, ranks in rows.items():
        print(f"{name:<32}{''.join(f'{ranks[chosen].mean():10.3f}' for chosen in by_kind.values())}")
    print(f"{'queries':<32}{''.join(f'{chosen.sum():10d}' for chosen in by_kind.values())}")


def shortfalls(hybrid: NDArray[np.float64], judged: Judged) -> list[str]:
    """The kinds for which both halves together do worse than the better one, and by how much."""
    found = []
    for kind in dict.fromkeys(judged.kinds):
        chosen = judged.kinds == kind
        better = max(float(ranks[chosen].mean()) for ranks in judged.halves.values())
        if (short := better - float(hybrid[chosen].mean())) > 0:
            found.append(f"{kind or 'all'} by {short:.3f}")
    return found


def as_rows(fusion: Fusion) -> NDArray[np.float64]:
    """The weights of a fusion, [shapes, features]."""
    return np.array([fusion.keywords, fusion.sentence, fusion.code])


@contextmanager
def asked(arguments: argparse.Namespace) -> Iterator[tuple[SearchIndex, dict[str, int]]]:
    """The index to ask, and the article of each path of the queries."""
    if arguments.corpus is None:
        with create_app(load_settings()).app_context():
            paths = {path: number for number, path in exported_paths().items()}
            db.session.close()
            yield search_index(), paths
        return
    with (
        tempfile.TemporaryDirectory() as scratch,
        portal_with(
            arguments.corpus,
            Path(scratch) / "data",
            keyword_engine=arguments.keyword_engine,
            models=arguments.cache,
        ) as (_, ids),
    ):
        rebuild_index()
        yield search_index(), ids


def main() -> None:
    parser = argparse.ArgumentParser(description="Learns the weights of the fusion from judged queries.")
    parser.add_argument("--corpus", type=Path, help="folder of Markdown files; the portal of the settings by default")
    parser.add_argument("--queries", type=Path, required=True, help="judged queries, JSON lines")
    parser.add_argument("--keyword-engine", choices=KEYWORD_ENGINES, default="whoosh", help="with a corpus")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "portico-model")
    parser.add_argument("--output", type=Path, help="where to write the weights")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    queries = list(read_queries(arguments.queries))
    with asked(arguments) as (index, ids):
        if gone := sum(not any(path in ids for path in query.paths) for query in queries):
            print(f"{gone} of {len(queries)} queries ask for what is not there")
        judged = gather(index, queries, ids)
    everything = np.arange(len(judged.right))
    known = int((judged.right >= 0).sum())
    if known < LEAST or len(np.unique(judged.groups)) < arguments.folds:
        raise SystemExit(f"{known} queries whose article is found are too few to learn from; {LEAST} are the least.")
    held_out = cross_validate(judged, arguments.folds, arguments.repeats)
    weights = learn(judged, everything)
    rows = {
        "keyword": judged.halves["keyword"],
        "meaning": judged.halves["semantic"],
        "hybrid, weights that ship": reciprocal_ranks(judged, as_rows(DEFAULT), everything),
        "hybrid, cross-validated": held_out,
        "hybrid, learned on all": reciprocal_ranks(judged, weights, everything),
    }
    report(rows, judged.kinds)
    differences = held_out - rows["hybrid, weights that ship"]
    error = float(differences.std() / np.sqrt(len(differences)))
    print(f"cross-validated less those that ship: {differences.mean():+.4f}, standard error {error:.4f}")
    for name in ("hybrid, weights that ship", "hybrid, cross-validated"):
        print(f"{name}, below the better half: {'; '.join(shortfalls(rows[name], judged)) or 'for no kind'}")
    slope, offset = calibrate(judged, weights)
    keywords, sentence, code = (tuple(round(float(value), 2) for value in row) for row in weights)
    fusion = Fusion(keywords, sentence, code, slope=round(slope, 3), offset=round(offset, 3))  # type: ignore[arg-type]
    print(json.dumps(asdict(fusion)))
    if arguments.output:
        fusion.save(arguments.output)


if __name__ == "__main__":
    main()
