"""What a projector takes of main memory, by its header."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.catalog.gguf_file import read_file_header
from engine.catalog.gguf_header import GgufHeader
from engine.errors import ModelFileError

_LARGEST_SIDE = 4096  # of an image in pixels, or in patches
_LARGEST_WIDTH = 1 << 20
# Kinds that take images in their own size are given buffers for so many patches at first: 46 x 46 tokens of
# 2 x 2 patches (clip.cpp, `set_warmup_n_tokens`). Larger images make them grow.
_PATCHES_OF_ANY_SIZE = 4 * 46 * 46
_ANY_SIZE = frozenset({"qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger", "pixtral", "kimivl", "glm4v"})
_FLOAT = 4


@dataclass(frozen=True, slots=True)
class ProjectorSize:
    weights: int  # bytes
    compute: int  # bytes of the buffer that images are encoded in; estimated

    @property
    def total(self) -> int:
        return self.weights + self.compute


def projector_size(path: Path) -> ProjectorSize:
    """Raises: ModelFileError, for a file that is no projector of images."""
    return size_of_header(read_file_header(path))


def size_of_header(header: GgufHeader) -> ProjectorSize:
    """Raises: ModelFileError."""
    if header.metadata.get("general.architecture") != "clip":
        raise ModelFileError.of("header_key_missing", key="clip")
    kind = header.metadata.get("clip.vision.projector_type", header.metadata.get("clip.projector_type"))
    image, patch = (_number(header, name, _LARGEST_SIDE) for name in ("image_size", "patch_size"))
    width, forward = (
        _number(header, name, _LARGEST_WIDTH) for name in ("embedding_length", "feed_forward_length")
    )
    patches = _PATCHES_OF_ANY_SIZE if kind in _ANY_SIZE else (image // max(patch, 1)) ** 2
    # What is alive at the widest place of a layer: its input, its normed input, and the inner width twice.
    floats = patches * (2 * width + max(2 * forward, 4 * width))
    return ProjectorSize(header.tensor_bytes, _FLOAT * floats)


def _number(header: GgufHeader, name: str, most: int) -> int:
    value = header.metadata.get(f"clip.vision.{name}", 0)
    if type(value) is not int or not 0 <= value <= most:
        raise ModelFileError.of("header_key_absurd", key=f"clip.vision.{name}")
    return value
