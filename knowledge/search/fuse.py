"""Puts both halves together: what the query looks like decides what each is worth.

A document's score is the sum of three features, each times a weight that moves with the shape of the query:

- words: BM25F, divided by the best of this query, 0 to 1; less when even the best has few of the query's words, or
  a low score;
- meaning: the cosine of the best passage, 0 to 1;
- order: the share of neighbouring words of the query, by rarity, that are neighbours in the document, 0 to 1.

The nine weights are learned by ``benchmarks/learn_fusion.py`` from judged queries or clicks.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.search.parse import Shape

FEATURES = ("words", "meaning", "order")

FOREIGN = 0.5
"""What meaning counts for a query in a language that the model was not trained on."""

Features = NDArray[np.float32]
"""One row for each candidate, one column for each of ``FEATURES``."""


@dataclass(frozen=True)
class Fusion:
    """The weights of the features: for plain keywords, and what sentences and codes add to that."""

    keywords: tuple[float, float, float]
    sentence: tuple[float, float, float]
    code: tuple[float, float, float]
    slope: float = 1.0
    offset: float = 0.0
    """Turn a sum of features into the chance that the document is the right one, by the logistic function."""

    @classmethod
    def load(cls, path: Path) -> Fusion:
        """Reads weights that were learned.

        :raises ValueError: when the file does not hold three finite weights for each shape.
        """
        try:
            values = json.loads(path.read_text("utf-8"))
            rows = {name: tuple(float(x) for x in values[name]) for name in ("keywords", "sentence", "code")}
            loaded = cls(**rows, slope=float(values["slope"]), offset=float(values["offset"]))  # type: ignore[arg-type]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"The weights of the fusion cannot be read: {error}") from error
        if any(len(row) != len(FEATURES) for row in rows.values()):
            raise ValueError(f"Each shape needs {len(FEATURES)} weights.")
        if not np.isfinite([*loaded.keywords, *loaded.sentence, *loaded.code, loaded.slope, loaded.offset]).all():
            raise ValueError("The weights of the fusion are not finite.")
        return loaded

    def save(self, path: Path) -> None:
        """Writes the weights for ``load``."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    def weights(self, shape: Shape, *, foreign: bool = False) -> NDArray[np.float32]:
        """The weights of the features for a query, [features]; never below zero, so that more is never worse.

        :param foreign: the query is in a language that the model was not trained on.
        """
        mixed = (
            np.array(self.keywords) + shape.sentence * np.array(self.sentence) + shape.code * np.array(self.code)
        ).astype(np.float32)
        if foreign:
            mixed[FEATURES.index("meaning")] *= FOREIGN
        return np.maximum(mixed, 0.0)

    def chance(self, score: float) -> float:
        """The chance that a document with this score is the right one, 0 to 1."""
        return 1.0 / (1.0 + math.exp(-min(max(self.slope * score + self.offset, -30.0), 30.0)))


DEFAULT = Fusion(
    keywords=(8.6, 21.0, 3.9),
    sentence=(-1.5, 5.2, -0.1),
    code=(0.7, -0.8, 1.9),
    slope=0.70,
    offset=-16.9,
)
"""Learned from 600 judged queries over 2,439 support articles; see docs/search.md."""


def fused(features: Features, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores of candidates, [candidates].

    :param features: [candidates, features].
    :param weights: [features].
    """
    scores: NDArray[np.float32] = features @ weights
    return scores


def relative(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores divided by the best of them, 0 to 1; all 0 when nothing scored."""
    best = float(scores.max(initial=0.0))
    return scores / np.float32(best) if best > 0 else np.zeros_like(scores)
