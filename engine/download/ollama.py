"""Ollama's models: manifests that name blobs by their checksum. Believed only as far as the blobs agree."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.download.library import check_gguf, known_file
from engine.download.library_values import OLLAMA, KnownModel
from engine.download.names import printable, quantization_of
from engine.errors import DesksideError, ModelFileError
from engine.messages import Sentence

_WEIGHTS = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_LARGEST_TEXT_BYTES = 1 << 20
_MOST_MANIFESTS = 5_000
_DEEPEST = 6


def ollama_models(folder: Path) -> Iterator[KnownModel | Sentence]:
    """Every model of Ollama's `models` folder, and why others are left out."""
    for number, manifest in enumerate(_manifests(folder / "manifests")):
        if number >= _MOST_MANIFESTS:
            return
        try:
            yield _model(folder, manifest)
        except DesksideError as error:
            yield error.message


def _manifests(folder: Path, depth: int = 0) -> Iterator[Path]:
    """REGISTRY/OWNER/NAME/TAG; links are left alone."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return  # a folder that cannot be read holds nothing for us
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if depth < _DEEPEST:
                yield from _manifests(Path(entry.path), depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _model(folder: Path, manifest: Path) -> KnownModel:
    """Raises: ModelFileError, where the manifest or its blob is not what it should be."""
    stored = _json(manifest)
    layers = stored.get("layers") if isinstance(stored, dict) else None
    weights = [layer for layer in layers if _kind(layer) == _WEIGHTS] if isinstance(layers, list) else []
    if len(weights) != 1:
        raise _wrong(manifest, "it names no single file of weights")
    digest, size = weights[0].get("digest"), weights[0].get("size")
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if match is None:
        raise _wrong(manifest, "it names no checksum")
    blob = folder / "blobs" / f"sha256-{match[1]}"
    if os.path.realpath(blob) != str(Path(os.path.realpath(folder)) / "blobs" / blob.name):
        raise _wrong(manifest, "its file leads out of the folder")
    check_gguf(blob)
    file = known_file(blob, match[1])
    if file.size_bytes != size:
        raise _wrong(manifest, "its file has another size than it says")
    name, tag = _name(folder, manifest)
    return KnownModel((file,), f"{name}:{tag}", _quantization(folder, stored, tag), OLLAMA)


def _name(folder: Path, manifest: Path) -> tuple[str, str]:
    """("qwen3", "8b"); of other people with them in front: "me/qwen3". Raises: ModelFileError."""
    parts = manifest.relative_to(folder / "manifests").parts
    if len(parts) < 2:
        raise _wrong(manifest, "it lies where no model is named")
    *owner, name, tag = parts
    named = "/".join((*(part for part in owner[1:] if part != "library"), name))
    return printable(named), printable(tag)


def _quantization(folder: Path, stored: dict[str, Any], tag: str) -> str:
    """From the model's configuration, else from the tag; "" where neither tells."""
    config = stored.get("config")
    match = _DIGEST.fullmatch(str(config.get("digest"))) if isinstance(config, dict) else None
    if match is not None:
        try:
            told = _json(folder / "blobs" / f"sha256-{match[1]}")
        except ModelFileError:
            told = None  # the weights are what counts
        if isinstance(told, dict) and isinstance(told.get("file_type"), str):
            return quantization_of(told["file_type"][:100])
    return quantization_of(tag)


def _json(path: Path) -> Any:
    """Raises: ModelFileError."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_TEXT_BYTES:
            raise _wrong(path, "it is no file of that kind")
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, "it cannot be read") from error


def _kind(layer: object) -> object:
    return layer.get("mediaType") if isinstance(layer, dict) else None


def _wrong(path: Path, reason: str) -> ModelFileError:
    return ModelFileError.of("import_manifest_wrong", path=str(path), reason=reason)
