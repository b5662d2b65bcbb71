"""What a model is, from its own file."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.catalog.image_rule import ImageRule, image_rule
from engine.catalog.model import InstalledModel, ModelSpec, Quantization
from engine.catalog.projector import projector_size
from engine.download.projectors import projector_beside
from engine.errors import ModelFileError
from engine.messages import english
from engine.planning.placement import spec_of_file

log = logging.getLogger(__name__)


def describe(model: InstalledModel) -> tuple[ModelSpec, Quantization]:
    """From the file's own header, with the projector that lies beside it. Raises: ModelFileError."""
    header = read_file_header(Path(model.path))
    shape, weights = shape_of(header), weights_of(header)
    spec, quantization = spec_of_file(shape, model.name, model.size_bytes, weights, model.quantization)
    quantization = replace(quantization, projector=projector_bytes(projector_beside(Path(model.path))))
    return replace(spec, quantizations=(quantization,)), quantization


def projector_bytes(path: Path | None) -> int:
    """Of a file that is no projector nothing is planned; the engine will say what is wrong with it."""
    if path is None:
        return 0
    try:
        return projector_size(path).total
    except ModelFileError as error:
        log.warning("%s cannot be planned: %s", path, english(error.message))
        return 0


def images_of(model: InstalledModel) -> ImageRule | None:
    """What the projector beside it makes of images, as far as its header tells: not how many tokens the
    model's vocabulary has around them. None without one, or where its kind has no rule."""
    path = projector_beside(Path(model.path))
    if path is None:
        return None
    try:
        return image_rule(read_file_header(path))
    except ModelFileError:  # which the plan of its memory has told
        return None


def describe_file(path: Path) -> tuple[ModelSpec, Quantization]:
    """The same of a file that nobody has named. Raises: ModelFileError."""
    header = read_file_header(path)
    return spec_of_file(shape_of(header), path.stem, header.file_size, weights_of(header))
