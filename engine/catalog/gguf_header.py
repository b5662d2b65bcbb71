"""Reads the header of a GGUF file: metadata and tensor table, never the weights.

Everything in a file is hostile until it is parsed. Counts, lengths and the size of the
whole header have limits, long arrays (the tokenizer) are stepped over, and whatever is
wrong becomes a ModelFileError. Format: docs/gguf.md of ggml, versions 2 and 3.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.catalog.gguf_types import ARRAY, SCALAR_FORMATS, STRING, TENSOR_TYPES
from engine.errors import ModelFileError

Read = Callable[[int, int], bytes]  # (offset, size) -> at most size bytes, fewer only at the end

MAX_HEADER_BYTES = 64 << 20  # the largest tokenizers in use take about 16 MB
MAX_KEYS = 4096
MAX_KEY_BYTES = 1024
MAX_STRING_BYTES = 1 << 20  # chat templates reach some 50 kB
MAX_KEPT_BYTES = 2 << 20  # of all metadata values together
MAX_ARRAY_LENGTH = 1 << 21  # the largest vocabularies have 262,144 entries, their merges twice that
MAX_ARRAY_STRINGS = 1 << 21  # of all string arrays together: each has to be stepped over
MAX_KEPT_ARRAY = 1024  # longer arrays are summarised; per-layer values are shorter
MAX_TENSORS = 16_384
MAX_TENSOR_NAME_BYTES = 256
MAX_DIMENSIONS = 4
MAX_ELEMENTS = 1 << 50
MAX_ALIGNMENT = 1 << 20
_CHUNK = 256 << 10
_KEPT_ENTRY_BYTES = 32  # about what one number takes in Python


@dataclass(frozen=True, slots=True)
class ArrayLength:
    """Stands for an array that was stepped over."""

    length: int


Scalar = bool | int | float | str
MetadataValue = Scalar | tuple[Scalar, ...] | ArrayLength


@dataclass(frozen=True, slots=True)
class GgufTensor:
    name: str
    type_name: str  # "Q4_K"
    shape: tuple[int, ...]  # ggml's order: the row length first
    offset: int  # from `data_offset` of the file that holds it
    size_bytes: int

    @property
    def elements(self) -> int:
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says about itself; of a split model, all files together."""

    version: int
    metadata: Mapping[str, MetadataValue]  # of the first file
    tensors: tuple[GgufTensor, ...]
    data_offset: int  # of the first file
    tensor_bytes: int  # weights without padding
    file_size: int  # all files


def read_header(read: Read, file_size: int) -> GgufHeader:
    """The header of one file of `file_size` bytes, local or remote.

    `read` is asked for at most 256 KiB at a time, in order. What `read` raises passes
    through. Raises: ModelFileError, also when the file is shorter than its tensor table.
    """
    cursor = _Cursor(read, file_size)
    version = _read_preamble(cursor)
    tensor_count = cursor.count("tensors", MAX_TENSORS)
    key_count = cursor.count("keys", MAX_KEYS)
    metadata = _read_metadata(cursor, key_count)
    tensors = tuple(_read_tensor(cursor) for _ in range(tensor_count))
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise damaged("two tensors have the same name")
    alignment = _alignment(metadata)
    data_offset = -(-cursor.position // alignment) * alignment
    _check_extent(tensors, alignment, data_offset, file_size)
    return GgufHeader(
        version,
        MappingProxyType(metadata),
        tensors,
        data_offset,
        sum(tensor.size_bytes for tensor in tensors),
        file_size,
    )


def read_texts(read: Read, file_size: int, key: str) -> tuple[bytes, ...]:
    """The texts of one list of the metadata, however long it is; () where there is none of that name.
    `read` and errors: as in `read_header`."""
    cursor = _Cursor(read, file_size)
    _read_preamble(cursor)
    cursor.count("tensors", MAX_TENSORS)
    for _ in range(cursor.count("keys", MAX_KEYS)):
        if _text(cursor.string(MAX_KEY_BYTES), "a key") == key:
            if (cursor.u32(), cursor.u32()) != (ARRAY, STRING):
                return ()
            length = cursor.count("entries of a list", MAX_ARRAY_LENGTH)
            return tuple(cursor.string(MAX_STRING_BYTES) for _ in range(length))
        _read_value(cursor)
    return ()


def damaged(detail: str) -> ModelFileError:
    return ModelFileError.of("header_damaged", detail=detail)


class _Cursor:
    """Walks forward through the header, holding one chunk of it."""

    def __init__(self, read: Read, file_size: int) -> None:
        self._read = read
        self._end = min(file_size, MAX_HEADER_BYTES)
        self._file_size = file_size
        self._chunk = b""
        self._chunk_start = 0
        self.position = 0
        self._kept_bytes = 0
        self._array_strings = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes; at most MAX_STRING_BYTES, by the callers' limits."""
        start = self.position - self._chunk_start
        if start + size > len(self._chunk):
            self._fill(size)
            start = 0
        self.position += size
        return self._chunk[start : start + size]

    def skip(self, size: int) -> None:
        if self.position + size > self._end:
            raise self._too_long()
        self.position += size
        if self.position > self._chunk_start + len(self._chunk):
            self._chunk, self._chunk_start = b"", self.position

    def _fill(self, size: int) -> None:
        if self.position + size > self._end:
            raise self._too_long()
        wanted = min(max(size, _CHUNK), self._end - self.position)
        chunk = self._read(self.position, wanted)
        if len(chunk) < size:
            raise ModelFileError.of("header_ends_in_header")
        self._chunk, self._chunk_start = chunk, self.position

    def _too_long(self) -> ModelFileError:
        if self._file_size > self._end:
            return damaged("its header is absurdly long")
        return ModelFileError.of("header_ends_in_header")

    def scalar(self, code: int) -> bool | int | float:
        form = SCALAR_FORMATS.get(code)
        if form is None:
            raise damaged(f"a value has the unknown type {code}")
        value: bool | int | float = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "little")

    def count(self, of_what: str, limit: int) -> int:
        value = self.u64()
        if value > limit:
            raise damaged(f"it claims {value} {of_what}")
        return value

    def string(self, limit: int) -> bytes:
        size = self.u64()
        if size > limit:
            raise damaged(f"a text of it claims to be {size} bytes long")
        return self.take(size)

    def keep(self, size: int) -> None:
        """Counts what stays in memory."""
        self._kept_bytes += size
        if self._kept_bytes > MAX_KEPT_BYTES:
            raise damaged("its metadata is absurdly long")

    def skip_strings(self, count: int) -> None:
        """Steps over the texts of an array. The inner loop is kept short: there may be 500,000."""
        self._array_strings += count
        if self._array_strings > MAX_ARRAY_STRINGS:
            raise damaged("its lists of texts are absurdly long")
        unpack = struct.Struct("<Q").unpack_from
        for _ in range(count):
            start = self.position - self._chunk_start
            if start + 8 > len(self._chunk):
                self._fill(8)
                start = 0
            self.skip(8 + unpack(self._chunk, start)[0])


def _read_preamble(cursor: _Cursor) -> int:
    if cursor.take(4) != b"GGUF":
        raise ModelFileError.of("header_not_gguf")
    version = cursor.u32()
    if version & 0xFFFF == 0:
        raise ModelFileError.of("header_big_endian")
    if version not in (2, 3):
        raise ModelFileError.of("header_version", version=version)
    return version


def _read_metadata(cursor: _Cursor, count: int) -> dict[str, MetadataValue]:
    metadata: dict[str, MetadataValue] = {}
    for _ in range(count):
        key = _text(cursor.string(MAX_KEY_BYTES), "a key")
        if key in metadata:
            raise damaged("a key appears twice")
        metadata[key] = _read_value(cursor)
    return metadata


def _read_value(cursor: _Cursor) -> MetadataValue:
    code = cursor.u32()
    if code == ARRAY:
        return _read_array(cursor)
    return _read_scalar(cursor, code)


def _read_scalar(cursor: _Cursor, code: int) -> Scalar:
    if code != STRING:
        return cursor.scalar(code)
    raw = cursor.string(MAX_STRING_BYTES)
    cursor.keep(len(raw))
    return raw.decode("utf-8", errors="replace")


def _read_array(cursor: _Cursor) -> tuple[Scalar, ...] | ArrayLength:
    code = cursor.u32()
    length = cursor.count("entries of a list", MAX_ARRAY_LENGTH)
    if code != STRING and code not in SCALAR_FORMATS:  # lists of lists are not used by any model
        raise damaged(f"a list has entries of the unknown type {code}")
    if length <= MAX_KEPT_ARRAY:
        cursor.keep(length * _KEPT_ENTRY_BYTES)
        return tuple(_read_scalar(cursor, code) for _ in range(length))
    if code == STRING:
        cursor.skip_strings(length)
    else:
        cursor.skip(length * struct.calcsize(SCALAR_FORMATS[code]))
    return ArrayLength(length)


def _read_tensor(cursor: _Cursor) -> GgufTensor:
    name = _text(cursor.string(MAX_TENSOR_NAME_BYTES), "a tensor's name")
    dimensions = cursor.u32()
    if dimensions > MAX_DIMENSIONS:
        raise damaged(f"a tensor claims {dimensions} dimensions")
    shape = tuple(cursor.u64() for _ in range(dimensions))
    elements = 1
    for length in shape:
        elements *= length
        if not 0 < elements <= MAX_ELEMENTS:
            raise damaged("a tensor has an impossible size")
    code = cursor.u32()
    kind = TENSOR_TYPES.get(code)
    if kind is None:
        raise ModelFileError.of("header_tensor_type", type=code)
    if (shape[0] if shape else 1) % kind.block_elements:
        raise damaged("the rows of a tensor do not fit its type")
    return GgufTensor(
        name, kind.name, shape, cursor.u64(), elements // kind.block_elements * kind.block_bytes
    )


def _text(raw: bytes, what: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise damaged(f"{what} is not text") from None


def _alignment(metadata: Mapping[str, MetadataValue]) -> int:
    value = metadata.get("general.alignment", 32)
    if type(value) is not int or not 0 < value <= MAX_ALIGNMENT or value & (value - 1):
        raise damaged("its alignment is impossible")
    return value


def _check_extent(tensors: tuple[GgufTensor, ...], alignment: int, data_offset: int, file_size: int) -> None:
    if any(tensor.offset % alignment for tensor in tensors):
        raise damaged("a tensor is not aligned")
    placed = sorted((tensor.offset, tensor.offset + tensor.size_bytes) for tensor in tensors)
    if any(end > start for (_, end), (start, _) in itertools.pairwise(placed)):
        raise damaged("two of its tensors overlap")
    end = data_offset + max((tensor.offset + tensor.size_bytes for tensor in tensors), default=0)
    if end > file_size:
        raise ModelFileError.of("header_truncated", size=file_size, needed=end)
