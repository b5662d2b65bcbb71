"""GGUF files on this machine, single or split into shards."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.catalog.gguf_header import GgufHeader, Read, damaged, read_header, read_texts
from engine.errors import ModelFileError

_Found = TypeVar("_Found")
MAX_SHARDS = 1000
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
    return merge_headers(tuple(_read_one(shard) for shard in shard_paths(path)))


def read_file_texts(path: Path, key: str) -> tuple[bytes, ...]:
    """See `read_texts`; of a split model the first part holds them. Raises: ModelFileError."""
    return _reading(shard_paths(path)[0], partial(read_texts, key=key))


def merge_headers(headers: tuple[GgufHeader, ...]) -> GgufHeader:
    """One header for the parts of a split model: metadata of the first, tensors of all.

    Raises: ModelFileError, when two parts hold the same tensor.
    """
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise damaged("two of its parts hold the same tensor")
    return replace(
        headers[0],
        tensors=tensors,
        tensor_bytes=sum(header.tensor_bytes for header in headers),
        file_size=sum(header.file_size for header in headers),
    )


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
