import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from knowledge.search.embedder import ModelDamaged, ModelMissing, OnnxEmbedder, packaged_model_folder
from tests.knowledge.search import reference

TEXTS = [
    "How do I reset my password?",
    "Outlook",
    "",
    "0x80040305 Set-Mailbox -ProhibitSendQuota",
    "Öffnen Sie die Anmeldeseite und wählen Sie Passwort vergessen.",
    "The printer on the second floor shows an error and does not print. " * 40,
]


@pytest.fixture(scope="module")
def full(model_cache: Path) -> OnnxEmbedder:
    return OnnxEmbedder(model_cache, precision="fp32")


def test_vectors_have_length_one_and_meaning(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed(["How do I reset my password?", "password reset procedure", "the cat sat on the mat"])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.3


def test_quantised_vectors_are_close_to_full_ones(embedder: OnnxEmbedder, full: OnnxEmbedder) -> None:
    assert (embedder.embed(TEXTS) * full.embed(TEXTS)).sum(axis=1).min() > 0.98


def test_vectors_equal_those_of_sentence_transformers(full: OnnxEmbedder) -> None:
    """To 1e-4 in every number, recorded; and made afresh where the library is installed."""
    recorded = np.load(reference.FILE)
    made = full.embed(reference.TEXTS)
    np.testing.assert_allclose(made, recorded, atol=1e-4, rtol=0)
    if find_spec("sentence_transformers"):
        from knowledge.search.embedder_library import SentenceTransformersEmbedder

        afresh = SentenceTransformersEmbedder(packaged_model_folder()).embed(reference.TEXTS)
        np.testing.assert_allclose(made, afresh, atol=1e-4, rtol=0)


def test_a_vector_does_not_depend_on_its_company_or_on_threads(embedder: OnnxEmbedder) -> None:
    together = embedder.embed(TEXTS * 2, threads=2)
    np.testing.assert_array_equal(together[: len(TEXTS)], np.stack([embedder.embed([text])[0] for text in TEXTS]))


def test_no_text_is_refused(embedder: OnnxEmbedder) -> None:
    odd = embedder.embed(["", "\x00", "\ud800", "🎉" * 500, "x" * 100_000, "مرحبا"])
    assert np.isfinite(odd).all()
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_common_words_are_known(embedder: OnnxEmbedder) -> None:
    words = embedder.known_words()
    assert {"everybody", "password"} <= words
    assert "pasword" not in words


def test_preparing_the_model_says_nothing_and_leaves_nothing_in_memory(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from knowledge.search.embedder import OnnxEmbedder;"
        f"OnnxEmbedder(Path({str(tmp_path)!r})); print('onnx' in sys.modules, 'safetensors' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False False\n", "")
    assert list(tmp_path.glob("*.onnx"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the model's folder that a test may damage."""
    return Path(shutil.copytree(packaged_model_folder(), tmp_path / "model"))


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors", "config.json"])
def test_a_missing_file_is_named(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelMissing, match=name.split(".", maxsplit=1)[0]):
        OnnxEmbedder(tmp_path / "cache", copy)


def test_a_missing_folder_is_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        OnnxEmbedder(tmp_path / "cache", tmp_path / "nowhere")


def test_changed_weights_are_refused(copy: Path, tmp_path: Path) -> None:
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    with pytest.raises(ModelDamaged, match="published"):
        OnnxEmbedder(tmp_path / "cache", copy)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_a_damaged_file_is_a_damaged_model(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / name).write_text("{")
    with pytest.raises(ModelDamaged):
        OnnxEmbedder(tmp_path / "cache", copy)


def test_a_damaged_graph_is_made_anew_at_the_next_start(
    tmp_path: Path, model_cache: Path, embedder: OnnxEmbedder
) -> None:
    cache = Path(shutil.copytree(model_cache, tmp_path / "cache"))
    graph = next(cache.glob("*-int8-*.onnx"))
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(ModelDamaged):
        OnnxEmbedder(cache)
    np.testing.assert_array_equal(OnnxEmbedder(cache).embed(["mended"]), embedder.embed(["mended"]))
