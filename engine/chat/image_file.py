"""A look at the file of an image, before anything decodes it: what it is, how large, and whether it is whole.

Only forms that the engine's own decoder reads are taken, and of those only what fits into limits on bytes
and pixels: a file of some kilobytes can ask for gigabytes.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from engine.errors import UsageError

MOST_BYTES: Final = 10 * 1024 * 1024  # of one file; as base64 it fits a request to the API
MOST_PIXELS: Final = 52_000_000  # decoded, 156 MB; the largest photos of telephones have 50
MOST_IMAGES: Final = 16  # in one request
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_GIFS: Final = (b"GIF87a", b"GIF89a")
_JPEG_END: Final = b"\xff\xd9"
_START_OF_SCAN: Final = 0xDA
# Markers of a JPEG that begin a frame; those left out define tables.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


@dataclass(frozen=True, slots=True)
class ImageFacts:
    kind: str  # "png", "jpeg", "gif"
    width: int  # pixels
    height: int


class _Broken(Exception):
    """The text says how."""


def look_at_image(data: bytes) -> ImageFacts:
    """Raises: UsageError, for what is no image that can be read here, damaged, or too large."""
    if len(data) > MOST_BYTES:
        raise UsageError.of("image_bytes", size=len(data) >> 20, most=MOST_BYTES >> 20)
    try:
        facts = _facts(data)
    except (_Broken, struct.error, IndexError) as error:
        reason = str(error) if isinstance(error, _Broken) else "it ends too early"
        raise UsageError.of("image_damaged", reason=reason) from error
    if facts is None:
        raise UsageError.of("image_unknown")
    if facts.width * facts.height > MOST_PIXELS:
        raise UsageError.of(
            "image_pixels", width=facts.width, height=facts.height, most=MOST_PIXELS // 1_000_000
        )
    if not facts.width or not facts.height:
        raise UsageError.of("image_damaged", reason="it has no pixels")
    return facts


def _facts(data: bytes) -> ImageFacts | None:
    """None for another kind of file. Raises: _Broken, struct.error, IndexError."""
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(_JPEG):
        return _jpeg(data)
    if data.startswith(_GIFS):
        width, height = struct.unpack_from("<HH", data, 6)
        return ImageFacts("gif", width, height)
    return None


def _png(data: bytes) -> ImageFacts:
    """Every chunk is whole, by its checksum, and the last one is there."""
    view, at, size = memoryview(data), len(_PNG), (0, 0)
    while True:
        (length,) = struct.unpack_from(">I", data, at)
        name, end = data[at + 4 : at + 8], at + 8 + length
        (checksum,) = struct.unpack_from(">I", data, end)
        if zlib.crc32(view[at + 4 : end]) != checksum:
            raise _Broken("a part of it has changed")
        if at == len(_PNG):
            if name != b"IHDR":
                raise _Broken("its head is missing")
            size = struct.unpack_from(">II", data, at + 8)
        if name == b"IEND":
            return ImageFacts("png", *size)
        at = end + 4


def _jpeg(data: bytes) -> ImageFacts:
    """Its size stands in front of the pixels, its end behind them."""
    at, facts = 2, None
    while True:
        if data[at] != 0xFF:
            raise _Broken("its head makes no sense")
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _BARE:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            facts = ImageFacts("jpeg", width, height)
        at += 2 + max(length, 2)
        if marker == _START_OF_SCAN:
            break
    if facts is None:
        raise _Broken("its size is missing")
    if data.find(_JPEG_END, at) < 0:
        raise _Broken("it ends too early")
    return facts


def looks_like_image(head: bytes) -> bool:
    """Whether a file that begins like that is one of the forms that are read."""
    return head.startswith((_PNG, _JPEG, *_GIFS))
