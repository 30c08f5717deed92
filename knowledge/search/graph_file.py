"""Writes the graph of a model: ``python -m knowledge.search.graph_file FOLDER TARGET PRECISION``.

Run as a process of its own, because what it loads would otherwise stay in the memory of a worker for good.
"""

import json
import sys
import tempfile
from pathlib import Path

from knowledge.search.embedder import ModelDamaged, ModelMissing


def write_graph(folder: Path, target: Path, precision: str) -> None:
    """Write the graph for the weights in a folder.

    Raises:
        ModelMissing, ModelDamaged: with a sentence for people.
    """
    try:
        # Needed for this alone.
        from safetensors.numpy import load_file

        from knowledge.search.bert_graph import BertShape, build_encoder, quantize_encoder
    except ImportError as error:
        raise ModelMissing(f"{error.name} is needed once to prepare the model; install it.") from error
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        full = Path(scratch) / "fp32.onnx"
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            shape = BertShape(
                int(config["num_hidden_layers"]), int(config["num_attention_heads"]), float(config["layer_norm_eps"])
            )
            build_encoder(load_file(str(folder / "model.safetensors")), shape, full)
        except OSError as error:
            raise ModelMissing(f"A file of the model cannot be read: {error}") from error
        except Exception as error:
            raise ModelDamaged(f"The files of the model do not fit together: {error}") from error
        finished = full
        if precision == "int8":
            finished = Path(scratch) / "int8.onnx"
            quantize_encoder(full, finished)
        finished.replace(target)


def main() -> None:
    folder, target, precision = sys.argv[1:]
    try:
        write_graph(Path(folder), Path(target), precision)
    except (ModelMissing, ModelDamaged) as error:
        # Told to whoever started this process.
        print(type(error).__name__, error, sep="\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
