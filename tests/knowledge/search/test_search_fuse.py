from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.fuse import DEFAULT, FEATURES, Fusion, fused, relative
from knowledge.search.parse import Shape

SHARE = st.floats(0, 1, width=32)
SHAPES = st.builds(Shape, SHARE, SHARE)
ROWS = st.lists(SHARE, min_size=3, max_size=3)


@given(SHAPES, ROWS, st.integers(0, 2), SHARE)
def test_more_of_a_feature_is_never_worse(shape: Shape, row: list[float], column: int, more: float) -> None:
    better = list(row)
    better[column] = min(1.0, better[column] + more)
    scores = fused(np.array([row, better], dtype=np.float32), DEFAULT.weights(shape))
    assert scores[1] >= scores[0]


@given(SHAPES)
def test_every_shape_listens_to_both_halves(shape: Shape) -> None:
    weights = DEFAULT.weights(shape)
    assert weights.shape == (len(FEATURES),)
    assert weights[0] > 0
    assert weights[1] > 0


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_chance_is_a_share_and_grows_with_the_score(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= DEFAULT.chance(low) <= DEFAULT.chance(high) <= 1


@given(st.lists(st.floats(0, 1000, width=32), max_size=20))
def test_relative_scores_lie_between_nought_and_one(scores: list[float]) -> None:
    values = relative(np.array(scores, dtype=np.float32))
    assert np.isfinite(values).all()
    assert ((values >= 0) & (values <= 1)).all()


def test_sentences_lean_more_to_meaning_than_codes_do() -> None:
    sentence, code = DEFAULT.weights(Shape(1.0, 0.0)), DEFAULT.weights(Shape(0.0, 1.0))
    assert sentence[1] / sentence[0] > code[1] / code[0]


def test_saved_weights_load_again(tmp_path: Path) -> None:
    DEFAULT.save(tmp_path / "fusion.json")
    assert Fusion.load(tmp_path / "fusion.json") == DEFAULT


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "nonsense", '{"keywords": [1], "sentence": [1], "code": [1], "slope": 1, "offset": 0}']
)
def test_broken_weights_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "fusion.json").write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        Fusion.load(tmp_path / "fusion.json")
