"""Writes the ONNX graph of a BERT sentence encoder from its published weights.

The graph is written by hand from the architecture (Devlin et al. 2019, with the mean pooling and the
unit length of Sentence-BERT, Reimers and Gurevych 2019), so that neither torch nor a converter is
needed to run the model. The attention, layer-norm and GELU steps use the fused operators of ONNX
Runtime, which is the only runtime the graph is meant for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FUSED = "com.microsoft"


@dataclass(frozen=True)
class BertShape:
    """The sizes of a BERT encoder that the graph depends on."""

    layers: int
    heads: int
    epsilon: float


class _Graph:
    """Collects nodes and weights while the encoder is written from input to output."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], shape: BertShape) -> None:
        self._weights = weights
        self._shape = shape
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self._weights[name])

    def transposed(self, name: str) -> str:
        return self.constant(name, self._weights[name].T)

    def node(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def embeddings(self) -> str:
        """Word, position and token-type embeddings, added and normalised: [batch, tokens, hidden]."""
        # Every text is one segment, so the only token type that occurs is folded into the position table.
        positions = (
            self._weights["embeddings.position_embeddings.weight"]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        self.constant("positions", positions)
        words = self.node("Gather", [self.weight("embeddings.word_embeddings.weight"), "input_ids"], "words")
        shape = self.node("Shape", ["input_ids"], "ids_shape", start=1, end=2)
        first = self.constant("first", np.array([0], dtype=np.int64))
        used = self.node("Slice", ["positions", first, shape], "positions_used")
        added = self.node("Add", [words, used], "embedded")
        return self.node(
            "LayerNormalization",
            [added, self.weight("embeddings.LayerNorm.weight"), self.weight("embeddings.LayerNorm.bias")],
            "normalised",
            epsilon=self._shape.epsilon,
        )

    def layer(self, number: int, entering: str) -> str:
        """One encoder layer: self-attention and feed-forward, each with its residual and layer norm."""
        base = f"encoder.layer.{number}."
        parts = [f"{base}attention.self.{part}." for part in ("query", "key", "value")]
        weights = self.constant(
            f"{base}qkv.weight", np.concatenate([self._weights[f"{part}weight"].T for part in parts], axis=1)
        )
        bias = self.constant(f"{base}qkv.bias", np.concatenate([self._weights[f"{part}bias"] for part in parts]))
        attended = self.node(
            "Attention", [entering, weights, bias], f"{base}attended", FUSED, num_heads=self._shape.heads
        )
        projected = self.node(
            "MatMul", [attended, self.transposed(f"{base}attention.output.dense.weight")], f"{base}projected"
        )
        middle = self.skip_norm(projected, entering, f"{base}attention.output.")
        widened = self.node("MatMul", [middle, self.transposed(f"{base}intermediate.dense.weight")], f"{base}widened")
        activated = self.node(
            "BiasGelu", [widened, self.weight(f"{base}intermediate.dense.bias")], f"{base}activated", FUSED
        )
        narrowed = self.node("MatMul", [activated, self.transposed(f"{base}output.dense.weight")], f"{base}narrowed")
        return self.skip_norm(narrowed, middle, f"{base}output.")

    def skip_norm(self, value: str, residual: str, base: str) -> str:
        """Adds bias and residual, then normalises: the end of both halves of a layer."""
        inputs = [value, residual, *(self.weight(f"{base}LayerNorm.{part}") for part in ("weight", "bias"))]
        inputs.append(self.weight(f"{base}dense.bias"))
        return self.node("SkipLayerNormalization", inputs, f"{base}out", FUSED, epsilon=self._shape.epsilon)

    def pooled(self, tokens: str) -> str:
        """The mean over the tokens at unit length: [batch, hidden]."""
        mean = self.node("ReduceMean", [tokens, self.constant("token_axis", np.array([1]))], "mean", keepdims=0)
        return self.node("LpNormalization", [mean], "sentence", axis=1, p=2)


def build_encoder(weights: Mapping[str, NDArray[np.float32]], shape: BertShape, target: Path) -> None:
    """Writes the encoder as an ONNX file.

    The graph maps "input_ids", int64 [batch, tokens], to "sentence", float32 [batch, hidden], each row of
    length one. There is no attention mask: a batch holds texts of equal token count only, because padding
    would cost time and change the result of a quantised graph.

    :param weights: the tensors of the checkpoint by their published names.
    :param target: the file to write; its folder exists.
    :raises KeyError: when a tensor is missing from the checkpoint.
    """
    graph = _Graph(weights, shape)
    current = graph.embeddings()
    for number in range(shape.layers):
        current = graph.layer(number, current)
    graph.pooled(current)
    hidden = weights["embeddings.word_embeddings.weight"].shape[1]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "sentence_encoder",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
            [helper.make_tensor_value_info("sentence", TensorProto.FLOAT, ["batch", hidden])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)],
        ir_version=10,
    )
    onnx.save(model, str(target))


def quantize_encoder(source: Path, target: Path) -> None:
    """Writes a copy of an encoder whose matrices are held as 8-bit integers.

    One scale for each output channel: a single scale for the whole matrix costs ten times the accuracy.
    """
    # Heavy, and used once in the life of an index.
    from onnxruntime import quantization

    quantization.quantize_dynamic(
        str(source),
        str(target),
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Attention"],
        # Fused operators carry no shapes, so the type of what flows between them must be said.
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
