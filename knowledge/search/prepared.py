"""Where the graphs of models lie. It loads nothing, because every process asks and most have no use for a model."""

from pathlib import Path

# Graphs of an older way of writing them are left alone and not used.
_GRAPH_VERSION = 1


def graph_path(cache: Path, fingerprint: str, precision: str) -> Path:
    """Return where the graph of the weights with this fingerprint lies."""
    return cache / f"{fingerprint[:16]}-{precision}-{_GRAPH_VERSION}.onnx"


def is_prepared(cache: Path, precision: str = "int8") -> bool:
    """Whether a graph stands in the cache, so that opening the model takes a moment and not many seconds."""
    return any(cache.glob(graph_path(cache, "*", precision).name))
