"""Measures the quality and the speed of search on any corpus with judged queries.

    python benchmarks/search.py --corpus FOLDER --queries FILE [--engine embedded|postgresql] [--json]
    python benchmarks/search.py --corpus FOLDER --queries FILE --scale 100000

The corpus is indexed into a temporary folder by the product's own code, and every query goes through the
product's own search call, once for each half and once for both together. Latency is that of the hybrid
call from the text of the query to results that are ready to be shown, each query asked for the first time.
With ``--scale`` the corpus is multiplied to a number of passages, with vectors made by chance, and only
latency is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

if __package__ in (None, ""):
    # Run as a file, the folder above is not among those that Python looks in.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.judged_corpus import JudgedQuery, read_corpus, read_queries
from knowledge.search.document import Mode, SearchDocument
from knowledge.search.embedded import EmbeddedEngine
from knowledge.search.embedder import Embedder, OnnxEmbedder
from knowledge.search.engine import SearchEngine
from knowledge.search.index import SearchIndex
from knowledge.search.keyword_engines import KEYWORD_ENGINES, keyword_engine
from knowledge.search.passages import cut_passages

DEPTH = 10
MEASURES = ("mrr@10", "ndcg@10", "hit@1", "hit@5")


@dataclass(frozen=True)
class Times:
    """Milliseconds of each call: as a clock on the wall has it, and as the processor was busy with it."""

    wall: list[float]
    cpu: list[float]


def judge(found: Sequence[int], right: set[int]) -> dict[str, float]:
    """The measures of one result list against the right documents (binary relevance)."""
    hits = [number in right for number in found[:DEPTH]]
    first = next((rank for rank, hit in enumerate(hits, start=1) if hit), 0)
    gained = sum(1 / np.log2(rank + 1) for rank, hit in enumerate(hits, start=1) if hit)
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(len(right), DEPTH) + 1))
    return {
        "mrr@10": 1 / first if first else 0.0,
        "ndcg@10": float(gained / ideal) if ideal else 0.0,
        "hit@1": float(first == 1),
        "hit@5": float(0 < first <= 5),
    }


def measure_quality(
    index: SearchIndex, queries: Sequence[JudgedQuery], ids: dict[str, int], mode: Mode
) -> tuple[dict[str, dict[str, float]], Times]:
    """The mean measures by kind and overall, and the milliseconds of each call."""
    earned: dict[str, list[dict[str, float]]] = defaultdict(list)
    times = Times([], [])
    for query in queries:
        started, used = time.perf_counter(), time.thread_time()
        results = index.search(query.text, mode=mode, limit=DEPTH)
        times.wall.append((time.perf_counter() - started) * 1000)
        times.cpu.append((time.thread_time() - used) * 1000)
        right = {ids[path] for path in query.paths if path in ids}
        values = judge([hit.document_id for hit in results.hits], right)
        for kind in {"all", query.kind or "all"}:
            earned[kind].append(values)
    table = {
        kind: {measure: float(np.mean([one[measure] for one in values])) for measure in MEASURES}
        for kind, values in earned.items()
    }
    return table, times


def percentiles(times: Sequence[float]) -> dict[str, float]:
    """The median, 95th and 99th percentile of some milliseconds."""
    return {f"p{p}": round(float(np.percentile(times, p)), 2) for p in (50, 95, 99)}


class ChanceEmbedder:
    """The real model for queries; vectors made by chance for documents, where only time is measured."""

    def __init__(self, real: Embedder) -> None:
        self._real = real
        self._random = np.random.default_rng(0)
        self.building = True
        self.model_id, self.precision, self.dimensions = real.model_id, real.precision, real.dimensions

    def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
        if not self.building:
            return self._real.embed(texts, threads)
        made = self._random.standard_normal((len(texts), self.dimensions)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return made

    def known_words(self) -> frozenset[str]:
        return self._real.known_words()


def multiplied(documents: Sequence[SearchDocument], passages: int) -> Iterable[SearchDocument]:
    """Copies of a corpus under new ids until there are so many passages.

    Every copy has its sentences turned round from another place, so that copies are no near-duplicates.
    """
    made = 0
    number = 0
    while made < passages and documents:
        source = documents[number % len(documents)]
        turn = number // len(documents)
        blocks = source.body.split("\n\n")
        place = turn * 3 % max(1, len(blocks))
        copy = replace(source, id=number, body="\n\n".join(blocks[place:] + blocks[:place]))
        made += len(cut_passages(copy))
        number += 1
        yield copy


def progress_bar(label: str) -> Callable[[int, int], None]:
    """A progress bar on the error stream, which stays out of what is printed for machines."""

    def show(done: int, total: int) -> None:
        filled = 30 * done // max(total, 1)
        end = "\n" if done >= total else ""
        print(f"\r{label} [{'#' * filled}{'.' * (30 - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)

    def silent(done: int, total: int) -> None:
        """Nobody watches."""

    return show if sys.stderr.isatty() else silent


def folder_bytes(folder: Path) -> int:
    """The size of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def print_tables(figures: dict[str, Any]) -> None:
    """The figures for people."""
    for mode in (mode.value for mode in Mode):
        if mode in figures:
            print(f"{mode:<12} {'  '.join(f'{measure:>8}' for measure in MEASURES)}")
            for kind, values in figures[mode].items():
                print(f"  {kind:<10} {'  '.join(f'{values[measure]:8.3f}' for measure in MEASURES)}")
    latency = "  ".join(f"{name} {value:.1f} ms" for name, value in figures["latency_ms"].items())
    print(f"latency      {latency}")
    busy = "  ".join(f"{name} {value:.1f} ms" for name, value in figures["cpu_ms"].items())
    print(f"processor    {busy}, the same without waiting for other programs")
    print(f"build        {figures['build_seconds']:.1f} s, {figures['passages']} passages")
    print(f"index        {figures['index_bytes'] / 1e6:.1f} MB")
    print(f"peak memory  {figures['peak_rss_bytes'] / 2**20:.0f} MiB of this process, building included")


def open_engine(arguments: argparse.Namespace, folder: Path) -> tuple[SearchEngine, Callable[[], int]]:
    """The engine that was asked for, and what tells the bytes of its index."""
    if arguments.engine == "embedded":
        return EmbeddedEngine(folder, keyword_engine(arguments.keyword_engine)), lambda: folder_bytes(folder)
    # Only this engine needs a server; without an address one is started as the tests do it.
    import sqlalchemy as sa

    from knowledge.search.postgresql.engine import PostgresEngine

    url = arguments.database
    if not url:
        from tests.postgresql import postgresql_url

        url = postgresql_url("portico_benchmark")
    database = sa.create_engine(url)
    schema = f"portico_benchmark_{os.getpid()}"

    def size() -> int:
        statement = (
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = :schema AND c.relkind = 'r'"
        )
        with database.connect() as connection:
            return int(connection.execute(sa.text(statement), {"schema": schema}).scalar_one())

    return PostgresEngine(database, schema, extension=not arguments.without_extension), size


def build(index: SearchIndex, documents: Iterable[SearchDocument], threads: int) -> float:
    """Indexes the documents and gives the seconds that it took."""
    started = time.perf_counter()
    index.rebuild(documents, progress=progress_bar("indexing"), threads=threads)
    return time.perf_counter() - started


def run(arguments: argparse.Namespace, root: Path) -> dict[str, Any]:
    """Builds, asks and measures."""
    corpus = read_corpus(arguments.corpus)
    ids = {path: document.id for path, document in corpus.items()}
    queries = list(read_queries(arguments.queries))
    embedder: Embedder = OnnxEmbedder(arguments.cache or root / "model", precision=arguments.precision)
    chance = ChanceEmbedder(embedder) if arguments.scale else None
    folder = root / "index"
    engine, index_bytes = open_engine(arguments, folder)
    index = SearchIndex(engine, lambda: chance or embedder)
    documents = multiplied(list(corpus.values()), arguments.scale) if arguments.scale else list(corpus.values())
    del corpus
    figures: dict[str, Any] = {"build_seconds": round(build(index, documents, arguments.threads), 1)}
    if chance:
        chance.building = False
    index.search("warm up the caches of the first call")
    if arguments.scale:
        _, times = measure_quality(index, queries, ids, Mode.HYBRID)
    else:
        # The hybrid call goes first, so that no other has warmed the words of its queries.
        figures["hybrid"], times = measure_quality(index, queries, ids, Mode.HYBRID)
        for mode in (Mode.KEYWORD, Mode.SEMANTIC):
            figures[mode.value], _ = measure_quality(index, queries, ids, mode)
    figures["latency_ms"] = percentiles(times.wall)
    figures["cpu_ms"] = percentiles(times.cpu)
    figures["passages"] = index.state().passages
    figures["index_bytes"] = index_bytes()
    figures["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of Markdown files")
    parser.add_argument("--queries", type=Path, required=True, help="judged queries, JSON lines")
    parser.add_argument("--engine", choices=("embedded", "postgresql"), default="embedded")
    parser.add_argument("--database", default="", help="address of a PostgreSQL server; one is started by default")
    parser.add_argument("--without-extension", action="store_true", help="PostgreSQL without pgvector")
    parser.add_argument("--keyword-engine", choices=KEYWORD_ENGINES, default="whoosh")
    parser.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    parser.add_argument("--threads", type=int, default=2, help="texts embedded at once while indexing")
    parser.add_argument("--cache", type=Path, help="folder for the prepared model; a temporary one by default")
    parser.add_argument("--scale", type=int, default=0, help="multiply the corpus to so many passages, latency only")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = run(arguments, Path(scratch))
    print_tables(figures)
    if arguments.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
