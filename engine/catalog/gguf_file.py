"""GGUF files on this machine, single or split into shards."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.catalog.gguf_header import (
    MAX_TENSORS,
    GgufHeader,
    GgufTensor,
    Read,
    damaged,
    read_header,
    read_texts,
)
from engine.errors import ModelFileError

_Found = TypeVar("_Found")
MAX_SHARDS = 1000
_PARTS_KEY = "split.count"  # as llama.cpp's own tool writes it
_SHARD = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$", re.DOTALL)


def shard_names(name: str) -> tuple[str, ...]:
    """The names of all files of the model that the file `name` is a part of, in order.

    Raises: ModelFileError, for a number outside the count.
    """
    match = _SHARD.match(name)
    if match is None:
        return (name,)
    number, count = int(match["number"]), int(match["count"])
    if not 1 <= number <= count <= MAX_SHARDS:
        raise damaged(f"its name counts parts wrongly ({number} of {count})")
    return tuple(f"{match['stem']}-{part:05d}-of-{count:05d}.gguf" for part in range(1, count + 1))


def shard_paths(path: Path) -> tuple[Path, ...]:
    """All files of the model, the first one first.

    Raises: ModelFileError, naming the first part that is missing.
    """
    paths = tuple(path.with_name(name) for name in shard_names(path.name))
    missing = [shard.name for shard in paths if not shard.is_file()]
    if missing and len(paths) > 1:
        raise ModelFileError.of(
            "header_shard_missing", name=missing[0], count=len(paths), folder=str(path.parent)
        )
    return paths


def read_file_header(path: Path) -> GgufHeader:
    """The header of a local model: of all its parts together if it is split.

    Raises: ModelFileError, also when a part is missing, unreadable or shorter than its
    tensor table says.
    """
    return merge_headers(map(_read_one, shard_paths(path)))


def read_file_texts(path: Path, key: str) -> tuple[bytes, ...]:
    """See `read_texts`; of a split model the first part holds them. Raises: ModelFileError."""
    return _reading(shard_paths(path)[0], partial(read_texts, key=key))


def merge_headers(headers: Iterable[GgufHeader]) -> GgufHeader:
    """One header for the parts of a split model: metadata of the first, tensors of all. Parts are taken
    one by one, so that no more of them is held than a model may have.

    Raises: ModelFileError, when two parts hold the same tensor, when they hold too many, and when there are
    fewer parts than the first one says.
    """
    first: GgufHeader | None = None
    tensors: dict[str, GgufTensor] = {}
    tensor_bytes = file_size = parts = 0
    for header in headers:
        first = first or header
        before = len(tensors)
        tensors |= {tensor.name: tensor for tensor in header.tensors}
        if len(tensors) < before + len(header.tensors):
            raise damaged("two of its parts hold the same tensor")
        if len(tensors) > MAX_TENSORS:
            raise damaged(f"its parts claim more than {MAX_TENSORS} tensors")
        tensor_bytes += header.tensor_bytes
        file_size += header.file_size
        parts += 1
    assert first is not None
    told = first.metadata.get(_PARTS_KEY)
    if isinstance(told, int) and told > parts:
        raise ModelFileError.of("header_part_alone", count=told, parts=parts)
    return replace(first, tensors=tuple(tensors.values()), tensor_bytes=tensor_bytes, file_size=file_size)


def _read_one(path: Path) -> GgufHeader:
    return _reading(path, read_header)


def _reading(path: Path, what: Callable[[Read, int], _Found]) -> _Found:
    try:
        with path.open("rb", buffering=0) as file:

            def read(offset: int, size: int) -> bytes:
                file.seek(offset)
                return file.read(size) or b""

            return what(read, os.fstat(file.fileno()).st_size)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelFileError.of("header_unreadable", path=str(path), reason=reason) from error
