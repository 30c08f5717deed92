"""Freshness and safety: what happens to the index when things change, break, or stop in the middle."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from knowledge.search.document import Mode
from knowledge.search.embedded import EmbeddedEngine
from knowledge.search.embedder import ModelDamaged, ModelMissing, OnnxEmbedder, packaged_model_folder
from knowledge.search.index import SearchIndex
from knowledge.search.postgresql.engine import PostgresEngine
from tests.knowledge.search.corpus import CORPUS, document
from tests.knowledge.search.engines import Place

Make = Callable[..., SearchIndex]


def left_over(place: Place, index: SearchIndex) -> set[str]:
    """What lies beside the live index and belongs to no reader any more."""
    if isinstance(index.engine, EmbeddedEngine):
        manifest = json.loads((index.engine.root / "manifest.json").read_text())
        named = {entry["name"] for entry in manifest["segments"]}
        return {path.name for path in index.engine.root.iterdir() if path.is_dir()} - named
    assert isinstance(index.engine, PostgresEngine)
    with sa.create_engine(place.url).connect() as connection:
        live = connection.execute(sa.text(f'SELECT build FROM "{place.name}".state')).scalar_one()
        names = sa.inspect(connection).get_table_names(place.name)
    return {name for name in names if name[-1].isdigit() and name.split("_")[1] != str(live)}


def ids(index: SearchIndex, query: str, **values: object) -> list[int]:
    return [hit.document_id for hit in index.search(query, **values).hits]  # type: ignore[arg-type]


def test_a_change_is_found_at_once_by_other_processes_too(make_index: Make) -> None:
    writer, reader = make_index(), make_index()
    writer.add(CORPUS)
    assert ids(reader, "walrus feeding schedule") == [] or 50 not in ids(reader, "walrus feeding schedule")
    writer.add([document(50, "Walrus feeding schedule", "Fish at noon.")])
    assert ids(reader, "walrus feeding schedule")[0] == 50
    writer.add([document(50, "Penguin feeding schedule", "Fish at noon.")])
    assert ids(reader, "walrus", mode=Mode.KEYWORD) == []
    assert ids(reader, "penguin")[0] == 50
    writer.remove([50, 51])
    assert 50 not in ids(reader, "penguin feeding schedule")
    assert reader.state().documents == len(CORPUS)


def test_the_same_document_again_changes_nothing(make_index: Make) -> None:
    index = make_index()
    assert index.add(CORPUS) == len(CORPUS)
    generation = index.state().generation
    assert index.add(CORPUS) == 0
    assert index.remove([999]) == 0 or index.state().generation == generation
    assert index.state().generation == generation


def test_many_small_changes_leave_few_segments(make_index: Make) -> None:
    index = make_index()
    for number in range(1, 31):
        index.add([document(number, f"Printer model {number}", f"Serial {number * 37}.")])
    assert index.state().documents == 30
    assert index.state().segments <= 8
    assert index.state().passages >= 30
    assert ids(index, "printer model 17", mode=Mode.KEYWORD)[0] == 17
    assert not index.check({d: index.engine.snapshot().digests()[d] for d in range(1, 31)})


def test_unchanged_passages_keep_their_vectors(place: Place, embedder: OnnxEmbedder) -> None:
    class Counting:
        model_id, precision, dimensions = embedder.model_id, embedder.precision, embedder.dimensions
        known_words = embedder.known_words
        texts = 0

        def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
            self.texts += len(texts)
            return embedder.embed(texts, threads)

    counting = Counting()
    index = SearchIndex(place.open(), lambda: counting)
    body = "".join(f"## Part {n}\n\nText number {n}.\n\n" for n in range(20))
    index.add([document(1, "Long article", body)])
    counting.texts = 0
    index.add([document(1, "Long article", body.replace("number 7.", "number seven."))])
    assert counting.texts == 1


def test_rebuild_keeps_answering_and_carries_over_what_changed_meanwhile(make_index: Make, place: Place) -> None:
    index, other = make_index(), make_index()
    index.add(CORPUS)
    seen: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        assert 0 < done <= total
        if not seen:
            other.add([document(60, "Walrus feeding schedule", "Fish at noon.")])
            other.remove([3])
            other.add([replace(CORPUS[8], title="Order a new telephone")])
        seen.append(ids(other, "reset password")[0])

    assert index.rebuild(CORPUS, progress=meanwhile) == len(CORPUS)
    assert set(seen) == {1}
    assert ids(index, "walrus feeding")[0] == 60
    assert 3 not in ids(index, "printer shows offline")
    assert index.search("order new telephone").hits[0].title == "Order a new telephone"
    assert left_over(place, index) == set()


def test_check_finds_drift_and_heal_mends_it(make_index: Make) -> None:
    index = make_index()
    index.add([*CORPUS[:5], document(70, "Gone from the database")])
    wanted = {d.id: d for d in CORPUS}
    wanted[2] = replace(wanted[2], body="Changed behind the back of the index.")
    expected = {number: d.digest() for number, d in wanted.items()}
    drift = index.check(expected)
    assert drift
    assert drift.missing == tuple(range(6, 13))
    assert drift.outdated == (2,)
    assert drift.extra == (70,)
    assert index.heal(expected, lambda numbers: [wanted[n] for n in numbers]) == drift
    assert not index.check(expected)


@pytest.mark.parametrize("damaged", [False, True], ids=["missing", "damaged"])
def test_without_a_model_search_goes_on_by_keyword_and_says_so(
    make_index: Make, place: Place, tmp_path: Path, damaged: bool
) -> None:
    folder = tmp_path / "model"
    if damaged:
        folder.mkdir()
        for file in packaged_model_folder().iterdir():
            (folder / file.name).write_bytes(b"no model")
    broken = SearchIndex(place.open(), lambda: OnnxEmbedder(tmp_path / "cache", folder))
    broken.add(CORPUS)
    results = broken.search("reset password")
    assert results.hits[0].document_id == 1
    assert results.degraded is not None
    assert "tokenizer" in results.degraded
    assert broken.state().problem is not None
    mended = make_index()
    assert len(mended.check({d.id: d.digest() for d in CORPUS}).unembedded) == len(CORPUS)
    assert mended.reembed() > 0
    assert ids(mended, "they cannot hear my voice") == [11]
    assert not mended.check({d.id: d.digest() for d in CORPUS})


def test_vectors_of_another_model_are_not_mixed_but_made_anew(
    make_index: Make, place: Place, model_cache: Path
) -> None:
    index = make_index()
    index.add(CORPUS)
    full = OnnxEmbedder(model_cache, precision="fp32")
    changed = SearchIndex(place.open(), lambda: full)
    assert ids(changed, "they cannot hear my voice") == []
    assert ids(changed, "reset password")[0] == 1
    shown: list[tuple[int, int]] = []
    changed.reembed(progress=lambda done, total: shown.append((done, total)))
    assert shown[-1][0] == shown[-1][1] > 0
    assert ids(changed, "they cannot hear my voice") == [11]
    assert changed.state().models == (f"{full.model_id} fp32",)


def test_merging_small_segments_throws_no_vectors_away(make_index: Make, place: Place) -> None:
    index, words = make_index(), SearchIndex(place.open())
    for number in range(100, 120):
        (index if number % 2 else words).add([document(number, f"Walrus number {number}", "Fish at noon.")])
    expected = index.engine.snapshot().digests()
    assert index.check(expected).unembedded == tuple(range(100, 120, 2))


def test_a_cache_that_cannot_be_written_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(ModelMissing):
        OnnxEmbedder(tmp_path / "cache")


_WRITER = """
import sys
from pathlib import Path
from knowledge.search.embedded import EmbeddedEngine
from knowledge.search.embedder import OnnxEmbedder
from knowledge.search.index import SearchIndex
from tests.knowledge.search.corpus import CORPUS, document
from tests.knowledge.search.engines import Place

index = SearchIndex(Place(*sys.argv[2:]).open(), lambda: OnnxEmbedder(Path(sys.argv[1])))
index.add(CORPUS)
print("ready", flush=True)
number = 1000
while True:
    for _ in range(3):
        number += 1
        index.add([document(number, f"Walrus number {number}", "Fish at noon.")])
    print(number, flush=True)
    index.rebuild([*CORPUS, *(document(n, f"Walrus number {n}", "Fish at noon.") for n in range(1001, number + 1))])
"""


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.13, 0.4, 0.9])
def test_killed_in_the_middle_the_index_stays_usable_and_the_change_is_picked_up(
    make_index: Make, place: Place, model_cache: Path, wait: float
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(model_cache), place.kind, place.name, place.url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    last = int(process.stdout.readline())
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    index = make_index()
    results = index.search("reset password")
    assert results.degraded is None
    assert results.hits[0].document_id == 1
    assert f"Walrus number {last}" in {hit.title for hit in index.search(f"walrus number {last}", limit=100).hits}
    # The lock died with its holder, and the job that was cut off runs again.
    index.add([document(last + 1, f"Walrus number {last + 1}", "Fish at noon.")])
    index.add([document(9000, "Penguin", "Fish at dawn.")])
    assert index.search("penguin").hits[0].document_id == 9000
    wanted = {d.id: d for d in (*CORPUS, document(9000, "Penguin", "Fish at dawn."))}
    wanted |= {n: document(n, f"Walrus number {n}", "Fish at noon.") for n in range(1001, last + 2)}
    expected = {n: d.digest() for n, d in wanted.items()}
    index.heal(expected, lambda numbers: [wanted[n] for n in numbers])
    assert not index.check(expected)
    index.rebuild(wanted.values())
    assert left_over(place, index) == set()


def test_readers_and_writers_at_once(make_index: Make) -> None:
    index = make_index()
    index.add(CORPUS)
    problems: list[str] = []
    stop = threading.Event()

    def read() -> None:
        reader = make_index()
        while not stop.is_set():
            results = reader.search("reset password")
            if results.degraded or results.hits[0].document_id != 1:
                problems.append(str(results))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200, 212):
        index.add([document(number, f"Walrus number {number}", "Fish at noon.")])
    index.rebuild(CORPUS)
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_model_that_is_repaired_is_noticed(
    make_index: Make, place: Place, embedder: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def open_model() -> OnnxEmbedder:
        calls.append(1)
        if len(calls) == 1:
            raise ModelDamaged("broken")
        return embedder

    monkeypatch.setattr("knowledge.search.model._RETRY_SECONDS", 0.0)
    make_index().add(CORPUS)
    index = SearchIndex(place.open(), open_model)
    assert index.search("they cannot hear my voice", mode=Mode.HYBRID).degraded in ("broken", None)
    assert ids(index, "they cannot hear my voice") == [11]
