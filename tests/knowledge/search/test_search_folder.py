"""Damage to the files of the embedded engine: noticed, never shown to readers, mended by a rebuild."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowledge.search import keyword_tantivy
from knowledge.search.embedded import EmbeddedEngine
from knowledge.search.embedder import Embedder
from knowledge.search.index import SearchIndex
from knowledge.search.keyword_engines import keyword_engine
from knowledge.search.manifest import IndexDamaged
from tests.knowledge.search.corpus import CORPUS, document
from tests.knowledge.search.engines import FOLDER_ENGINES
from tests.knowledge.search.test_search_store import ids

Make = Callable[[], SearchIndex]


@pytest.fixture(params=FOLDER_ENGINES)
def make_folder_index(request: pytest.FixtureRequest, tmp_path: Path, embedder: Embedder) -> Make:
    return lambda: SearchIndex(EmbeddedEngine(tmp_path / "index", keyword_engine(request.param)), lambda: embedder)


def root_of(index: SearchIndex) -> Path:
    assert isinstance(index.engine, EmbeddedEngine)
    return index.engine.root


@pytest.mark.parametrize("name", ["vectors.npy", "facts.json", "sequence.npy", "documents.npy", "lengths.npy"])
@pytest.mark.parametrize("how", ["missing", "empty", "cut"])
def test_a_damaged_index_is_noticed_and_rebuilt_while_the_service_goes_on(
    make_folder_index: Make, name: str, how: str
) -> None:
    make_folder_index().add(CORPUS)
    index = make_folder_index()
    file = next(root_of(index).glob(f"segment-*/{name}"))
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
def test_damage_inside_the_keyword_index_never_reaches_the_reader(make_folder_index: Make, how: str) -> None:
    make_folder_index().add(CORPUS)
    index = make_folder_index()
    for file in root_of(index).glob("segment-*/keyword/*"):
        content = file.read_bytes()
        half = len(content) // 2
        file.write_bytes(
            content[:half] if how == "cut" else content[: half // 2] + bytes(half) + content[half + half // 2 :]
        )
    for query in ("reset password", "printer shows offline", "0x80040305"):
        index.search(query)
    index.rebuild(CORPUS)
    assert ids(index, "reset password")[0] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99, "engine": "whoosh", "generation": 1, "segments": []}'])
def test_a_damaged_or_foreign_manifest_is_rebuilt(make_folder_index: Make, text: str) -> None:
    make_folder_index().add(CORPUS)
    index = make_folder_index()
    (root_of(index) / "manifest.json").write_text(text)
    assert index.search("password").degraded is not None
    index.rebuild(CORPUS)
    assert ids(index, "reset password")[0] == 1
    assert make_folder_index().search("password").degraded is None


def test_fields_of_another_version_are_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = keyword_engine("tantivy")
    with monkeypatch.context() as before:
        before.setattr(keyword_tantivy, "FIELDS", ("title", "something_else"))
        engine.write(tmp_path, [])
    with pytest.raises(OSError, match="another version of Portico made it"):
        engine.open(tmp_path, np.zeros((0, 1), dtype=np.int32))


def test_a_reader_keeps_its_last_good_state(make_folder_index: Make) -> None:
    index = make_folder_index()
    index.add(CORPUS)
    assert ids(index, "reset password")[0] == 1
    (root_of(index) / "manifest.json").write_text("{")
    assert ids(index, "reset password")[0] == 1
    assert index.search("reset password").degraded is not None


def test_a_lost_folder_is_an_empty_index(make_folder_index: Make) -> None:
    index = make_folder_index()
    index.add(CORPUS)
    shutil.rmtree(root_of(index))
    assert index.search("reset password").total == 0
    index.add(CORPUS)
    assert ids(index, "reset password")[0] == 1


def test_what_is_mostly_old_is_written_anew_without_it(make_folder_index: Make) -> None:
    """No text outlives its article for long, and the index does not grow with every change."""
    index = make_folder_index()
    index.rebuild([document(number, f"Manual {number}", f"Old words zyzzyva{number}.") for number in range(40)])
    index.add([document(number, f"Manual {number}", f"New words {number}.") for number in range(20)])
    held = b"".join(path.read_bytes() for path in root_of(index).rglob("*") if path.is_file())
    assert [number for number in range(40) if b"zyzzyva%d." % number in held] == list(range(20, 40))
    assert make_folder_index().state().documents == 40
    assert ids(make_folder_index(), "zyzzyva35")[0] == 35
    assert ids(make_folder_index(), "new words 7")[0] == 7


def test_removing_most_of_an_index_gives_its_room_back(make_folder_index: Make) -> None:
    index = make_folder_index()
    index.rebuild([document(number, f"Manual {number}", "Words " * 400) for number in range(40)])
    before = sum(path.stat().st_size for path in root_of(index).rglob("*") if path.is_file())
    index.remove(range(35))
    after = sum(path.stat().st_size for path in root_of(index).rglob("*") if path.is_file())
    assert after < before / 2
    assert index.state().documents == 5
