"""Embeds through the sentence-transformers library: any model by name or folder.

The library is an extra of the product, because it brings torch. It is also the reference that the default
runtime is tested against.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.search.embedder import WINDOW, ModelDamaged, ModelMissing


class SentenceTransformersEmbedder:
    """A model of the sentence-transformers library, loaded from a folder or by name from what is installed."""

    def __init__(self, model: str | Path, *, window: int = WINDOW) -> None:
        """Loads the model; nothing is fetched.

        :raises ModelMissing: when the library or the model is not installed.
        :raises ModelDamaged: when the model cannot be loaded.
        """
        try:
            from sentence_transformers import SentenceTransformer  # An extra that brings torch.
        except ImportError as error:
            raise ModelMissing("sentence-transformers is not installed; install portico[models].") from error
        if isinstance(model, Path) and not model.is_dir():
            raise ModelMissing("The model folder does not exist.")
        try:
            self._model: Any = SentenceTransformer(str(model), device="cpu", local_files_only=True)
        except Exception as error:
            raise ModelDamaged(f"The model cannot be loaded: {error}") from error
        self._model.max_seq_length = min(window, self._model.max_seq_length or window)
        # A name does not tell a tuned model from the one it was tuned from; its weights do.
        weights = next(iter(self._model.parameters())).detach().numpy()
        self._name = f"{Path(str(model)).name}-{hashlib.sha256(weights.tobytes()).hexdigest()[:12]}"

    @property
    def model_id(self) -> str:
        return f"sentence-transformers:{self._name}"

    @property
    def precision(self) -> str:
        return "fp32"

    @property
    def dimensions(self) -> int:
        return int(self._model.encode("ready").shape[0])

    def embed(self, texts: Sequence[str], threads: int = 1) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.encode(
            list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return vectors.astype(np.float32).reshape(len(texts), -1)

    def known_words(self) -> frozenset[str]:
        return frozenset(word for word in self._model.tokenizer.get_vocab() if len(word) > 2 and word.isalpha())
