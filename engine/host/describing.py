"""What a model is, from its own file."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.catalog.model import InstalledModel, ModelSpec, Quantization
from engine.planning.placement import spec_of_file


def describe(model: InstalledModel) -> tuple[ModelSpec, Quantization]:
    """From the file's own header. Raises: ModelFileError."""
    header = read_file_header(Path(model.path))
    shape, weights = shape_of(header), weights_of(header)
    return spec_of_file(shape, model.name, model.size_bytes, weights, model.quantization)
