"""Measures the quality and the speed of search on any corpus with judged queries.

    python benchmarks/search.py --corpus FOLDER --queries FILE [--engine embedded|postgresql] [--json]
    python benchmarks/search.py --corpus FOLDER --queries FILE --scale 100000

The corpus is taken in by the product's own importer into a portal in a temporary folder and indexed by its
own code. Every query goes through the call behind the search page, and once through each half of the engine.
Latency is that of the page's call, from the text of the query to results that are ready to be shown, each
query asked for the first time.
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
import sqlalchemy as sa
from flask import Flask
from numpy.typing import NDArray

from benchmarks.searched_corpus import JudgedQuery, portal_with, read_queries
from knowledge.finding import search_articles
from knowledge.indexing.documents import all_documents
from knowledge.indexing.opening import search_index
from knowledge.indexing.services import rebuild_index
from knowledge.search.document import EVERYONE, Mode, SearchDocument
from knowledge.search.embedder import Embedder, OnnxEmbedder
from knowledge.search.index import SearchIndex
from knowledge.search.keyword_engines import KEYWORD_ENGINES
from knowledge.search.passages import cut_passages
from knowledge.search.postgresql.engine import SCHEMA, PostgresEngine
from portal.core.auth import Anonymous
from portal.core.db import db

DEPTH = 10
MEASURES = ("mrr@10", "ndcg@10", "hit@1", "hit@5")
REPORTED = ("keyword", "semantic", "hybrid", "latency_ms", "build_seconds", "index_bytes", "peak_rss_bytes")
"""What the last line of ``--json`` holds."""


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


Search = Callable[[str], Sequence[int]]


def search_page(text: str) -> Sequence[int]:
    """The call behind the search page, from the text of the query to results ready to be shown."""
    return [article.id for article in search_articles(text, Anonymous(), limit=DEPTH)[1]]


def half(index: SearchIndex, mode: Mode) -> Search:
    """One half of the engine alone, for the same readers; the page never asks for that."""
    audience = Anonymous.audience_tokens
    return lambda text: [hit.document_id for hit in index.search(text, audience=audience, mode=mode, limit=DEPTH).hits]


def measure_quality(
    app: Flask, search: Search, queries: Sequence[JudgedQuery], ids: dict[str, int]
) -> tuple[dict[str, dict[str, float]], Times]:
    """The mean measures by kind and overall, and the milliseconds of each call."""
    earned: dict[str, list[dict[str, float]]] = defaultdict(list)
    times = Times([], [])
    for query in queries:
        # Each has a request and a session of its own, as on the page.
        with app.test_request_context("/search"):
            elsewhere = server_seconds()
            started, used = time.perf_counter(), time.thread_time()
            found = search(query.text)
            times.wall.append((time.perf_counter() - started) * 1000)
            used = time.thread_time() - used
            times.cpu.append((used + server_seconds() - elsewhere) * 1000)
            db.session.close()
        right = {ids[path] for path in query.paths if path in ids}
        values = judge(found, right)
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


def server_seconds() -> float:
    """The processor time that PostgreSQL has used for this program; known on Linux, for a server on this machine."""
    if db.engine.dialect.name == "sqlite":
        return 0.0
    statement = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND client_port IS NOT NULL"
    with db.engine.connect() as connection:
        processes = connection.execute(sa.text(statement)).scalars().all()
    files = (Path(f"/proc/{process}/schedstat") for process in processes)
    return sum(int(file.read_text().split()[0]) for file in files if file.is_file()) / 1e9


def index_bytes(folder: Path) -> int:
    """The size of the index: its folder, or its tables and their indexes in PostgreSQL."""
    if db.engine.dialect.name == "sqlite":
        return folder_bytes(folder / "index")
    statement = (
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = :schema"
    )
    with db.engine.connect() as connection:
        return int(connection.execute(sa.text(statement), {"schema": SCHEMA}).scalar_one())


def run(arguments: argparse.Namespace, root: Path) -> dict[str, Any]:
    """Imports, builds, asks and measures."""
    queries = list(read_queries(arguments.queries))
    address = arguments.database
    if arguments.engine == "postgresql" and not address:
        # Without an address a server is started as the tests do it.
        from tests.postgresql import postgresql_url

        address = postgresql_url("portico_benchmark")
    opened = portal_with(
        arguments.corpus,
        root / "data",
        database_url=address if arguments.engine == "postgresql" else "",
        keyword_engine=arguments.keyword_engine,
        models=arguments.cache,
        progress=progress_bar("importing"),
    )
    with opened as (app, ids):
        figures: dict[str, Any] = {}
        index = search_index()
        if arguments.without_extension:
            index.engine = PostgresEngine(db.engine, extension=False)
        if arguments.scale:
            index = scaled(index, arguments, figures)
            _, times = measure_quality(app, half(index, Mode.HYBRID), queries, ids)
        else:
            figures["build_seconds"] = timed(lambda: rebuild_index(progress_bar("indexing"), threads=arguments.threads))
            db.session.close()
            index.search("warm up the caches of the first call")
            # The hybrid call goes first, so that no other has warmed the words of its queries.
            figures["hybrid"], times = measure_quality(app, search_page, queries, ids)
            for mode in (Mode.KEYWORD, Mode.SEMANTIC):
                figures[mode.value], _ = measure_quality(app, half(index, mode), queries, ids)
        figures["latency_ms"] = percentiles(times.wall)
        figures["cpu_ms"] = percentiles(times.cpu)
        figures["passages"] = index.state().passages
        figures["index_bytes"] = index_bytes(root / "data")
        figures["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return figures


def scaled(index: SearchIndex, arguments: argparse.Namespace, figures: dict[str, Any]) -> SearchIndex:
    """The product's engine with many more passages, whose vectors are made by chance."""
    models = arguments.cache or Path(tempfile.mkdtemp(prefix="portico-model-"))
    chance = ChanceEmbedder(OnnxEmbedder(models))
    large = SearchIndex(index.engine, lambda: chance)
    copies = (replace(d, audience=frozenset({EVERYONE})) for d in multiplied(list(all_documents()), arguments.scale))
    figures["build_seconds"] = timed(lambda: large.rebuild(copies, progress=progress_bar("indexing"), threads=1))
    chance.building = False
    db.session.close()
    large.search("warm up the caches of the first call")
    return large


def timed(work: Callable[[], object]) -> float:
    """The seconds that some work takes."""
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of Markdown files")
    parser.add_argument("--queries", type=Path, required=True, help="judged queries, JSON lines")
    parser.add_argument("--engine", choices=("embedded", "postgresql"), default="embedded")
    parser.add_argument(
        "--database", default="", help="address of an empty PostgreSQL database; one is made by default"
    )
    parser.add_argument("--without-extension", action="store_true", help="PostgreSQL without pgvector")
    parser.add_argument("--keyword-engine", choices=KEYWORD_ENGINES, default="whoosh")
    parser.add_argument("--threads", type=int, default=2, help="texts embedded at once while indexing")
    parser.add_argument("--cache", type=Path, help="folder for the prepared model; a temporary one by default")
    parser.add_argument("--scale", type=int, default=0, help="multiply the corpus to so many passages, latency only")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = run(arguments, Path(scratch))
    print_tables(figures)
    if arguments.json:
        print(json.dumps({name: figures[name] for name in REPORTED if name in figures}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
