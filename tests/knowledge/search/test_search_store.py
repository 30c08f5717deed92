"""Freshness and safety: what happens to the index when things change, break, or stop in the middle."""

import json
import os
import shutil
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
from numpy.typing import NDArray

from knowledge.search.document import Mode
from knowledge.search.embedder import ModelDamaged, ModelMissing, OnnxEmbedder
from knowledge.search.index import SearchIndex
from knowledge.search.manifest import IndexDamaged
from tests.knowledge.search.corpus import CORPUS, document

Make = Callable[..., SearchIndex]


def ids(index: SearchIndex, query: str, **values: object) -> list[int]:
    return [hit.document_id for hit in index.search(query, **values).hits]  # type: ignore[arg-type]


def test_a_change_is_found_at_once_by_other_processes_too(make_index: Make) -> None:
    writer, reader = make_index(), make_index()
    writer.add(CORPUS)
    assert ids(reader, "walrus feeding schedule") == [] or 50 not in ids(reader, "walrus feeding schedule")
    started = time.perf_counter()
    writer.add([document(50, "Walrus feeding schedule", "Fish at noon.")])
    assert ids(reader, "walrus feeding schedule")[0] == 50
    assert time.perf_counter() - started < 2
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
    assert not index.check({d: index._store.snapshot().digests()[d] for d in range(1, 31)})


def test_unchanged_passages_keep_their_vectors(make_index: Make, embedder: OnnxEmbedder) -> None:
    class Counting:
        model_id, precision, dimensions = embedder.model_id, embedder.precision, embedder.dimensions
        known_words = embedder.known_words
        texts = 0

        def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
            self.texts += len(texts)
            return embedder.embed(texts, threads)

    counting = Counting()
    index = SearchIndex(make_index()._store.root, lambda: counting, engine=make_index()._store.engine)
    body = "".join(f"## Part {n}\n\nText number {n}.\n\n" for n in range(20))
    index.add([document(1, "Long article", body)])
    counting.texts = 0
    index.add([document(1, "Long article", body.replace("number 7.", "number seven."))])
    assert counting.texts == 1


def test_rebuild_keeps_answering_and_carries_over_what_changed_meanwhile(make_index: Make) -> None:
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
    folders = {path.name for path in index._store.root.iterdir() if path.is_dir()}
    assert not any(name.startswith("build-") for name in folders)
    assert len(folders) == index.state().segments


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


def test_without_a_model_search_goes_on_by_keyword_and_says_so(make_index: Make, tmp_path: Path) -> None:
    whole = make_index()._store
    broken = SearchIndex(whole.root, lambda: OnnxEmbedder(tmp_path / "cache", tmp_path / "no"), engine=whole.engine)
    broken.add(CORPUS)
    results = broken.search("reset password")
    assert results.hits[0].document_id == 1
    assert results.degraded is not None
    assert "tokenizer" in results.degraded
    assert broken.state().problem is not None
    mended = make_index()
    assert mended.check({d.id: d.digest() for d in CORPUS}).unembedded == len(CORPUS)
    assert mended.reembed() == 1
    assert ids(mended, "they cannot hear my voice") == [11]
    assert not mended.check({d.id: d.digest() for d in CORPUS})


def test_vectors_of_another_model_are_not_mixed_but_made_anew(make_index: Make, model_cache: Path) -> None:
    index = make_index()
    index.add(CORPUS)
    full = OnnxEmbedder(model_cache, precision="fp32")
    changed = SearchIndex(index._store.root, lambda: full, engine=index._store.engine)
    assert ids(changed, "they cannot hear my voice") == []
    assert ids(changed, "reset password")[0] == 1
    shown: list[tuple[int, int]] = []
    changed.reembed(progress=lambda done, total: shown.append((done, total)))
    assert shown[-1][0] == shown[-1][1] > 0
    assert ids(changed, "they cannot hear my voice") == [11]
    assert changed.state().models == (f"{full.model_id} fp32",)


@pytest.mark.parametrize("name", ["vectors.npy", "facts.json", "sequence.npy", "documents.npy", "lengths.npy"])
@pytest.mark.parametrize("how", ["missing", "empty", "cut"])
def test_a_damaged_index_is_noticed_and_rebuilt_while_the_service_goes_on(
    make_index: Make, name: str, how: str
) -> None:
    make_index().add(CORPUS)
    index = make_index()
    file = next(index._store.root.glob(f"segment-*/{name}"))
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(b"" if how == "empty" else content[: len(content) // 2])
    results = index.search("reset password")
    assert results.hits == ()
    assert results.degraded is not None
    assert index.state().problem is not None
    with pytest.raises(IndexDamaged):
        index.add([document(80, "New")])
    wanted = {d.id: d for d in CORPUS}
    index.heal({n: d.digest() for n, d in wanted.items()}, lambda numbers: [wanted[n] for n in numbers])
    assert ids(index, "reset password")[0] == 1
    assert index.state().problem is None


@pytest.mark.parametrize("how", ["garbage", "cut"])
def test_damage_inside_the_keyword_index_never_reaches_the_reader(make_index: Make, how: str) -> None:
    make_index().add(CORPUS)
    index = make_index()
    for file in index._store.root.glob("segment-*/keyword/*"):
        content = file.read_bytes()
        half = len(content) // 2
        file.write_bytes(
            content[:half] if how == "cut" else content[: half // 2] + bytes(half) + content[half + half // 2 :]
        )
    for query in ("reset password", "printer shows offline", "0x80040305"):
        index.search(query)
    index.rebuild(CORPUS)
    assert ids(index, "reset password")[0] == 1


def test_a_cache_that_cannot_be_written_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(ModelMissing):
        OnnxEmbedder(tmp_path / "cache")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99, "engine": "whoosh", "generation": 1, "segments": []}'])
def test_a_damaged_or_foreign_manifest_is_rebuilt(make_index: Make, text: str) -> None:
    make_index().add(CORPUS)
    index = make_index()
    (index._store.root / "manifest.json").write_text(text)
    assert index.search("password").degraded is not None
    index.rebuild(CORPUS)
    assert ids(index, "reset password")[0] == 1
    assert make_index().search("password").degraded is None


def test_a_reader_keeps_its_last_good_state(make_index: Make) -> None:
    index = make_index()
    index.add(CORPUS)
    assert ids(index, "reset password")[0] == 1
    (index._store.root / "manifest.json").write_text("{")
    assert ids(index, "reset password")[0] == 1
    assert index.search("reset password").degraded is not None


_WRITER = """
import sys
from pathlib import Path
from knowledge.search.embedder import OnnxEmbedder
from knowledge.search.index import SearchIndex
from knowledge.search.keyword_engines import keyword_engine
from tests.knowledge.search.corpus import CORPUS, document

index = SearchIndex(
    Path(sys.argv[1]), lambda: OnnxEmbedder(Path(sys.argv[2])), engine=keyword_engine(sys.argv[3])
)
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
    make_index: Make, model_cache: Path, wait: float
) -> None:
    root = make_index()._store.root
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(root), str(model_cache), make_index()._store.engine.name],
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
    named = {entry["name"] for entry in json.loads((root / "manifest.json").read_text())["segments"]}
    index.rebuild(wanted.values())
    named = {entry["name"] for entry in json.loads((root / "manifest.json").read_text())["segments"]}
    assert {path.name for path in root.iterdir() if path.is_dir()} == named


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
    make_index: Make, embedder: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def open_model() -> OnnxEmbedder:
        calls.append(1)
        if len(calls) == 1:
            raise ModelDamaged("broken")
        return embedder

    monkeypatch.setattr("knowledge.search.model._RETRY_SECONDS", 0.0)
    make_index().add(CORPUS)
    index = SearchIndex(make_index()._store.root, open_model, engine=make_index()._store.engine)
    assert index.search("they cannot hear my voice", mode=Mode.HYBRID).degraded in ("broken", None)
    assert ids(index, "they cannot hear my voice") == [11]


def test_a_lost_folder_is_an_empty_index(make_index: Make) -> None:
    index = make_index()
    index.add(CORPUS)
    shutil.rmtree(index._store.root)
    assert index.search("reset password").total == 0
    index.add(CORPUS)
    assert ids(index, "reset password")[0] == 1
