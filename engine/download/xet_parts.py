"""Digests of parts of a file, which the hub's storage of chunks gives away: where a wrong byte may be.

The storage describes a file as terms, each a run of chunks of a "xorb": an object of up to 64 MiB that is
called by its hash. A term that is a whole xorb can so be compared with what lies on the disk here; one that
is a piece of a xorb cannot. What is found says which segments are looked at first, and nothing more.
(Xet protocol specification 1.0: hashing, and `GET /v1/reconstructions`.)
"""

from __future__ import annotations

import json
import re
import struct
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.download.endpoints import checked_endpoint
from engine.download.lines import TROUBLES
from engine.download.origin import Source
from engine.download.values import Way
from engine.download.wire import Wire
from engine.download.xet_line import XetFile, native, or_trouble, xet_file
from engine.errors import DownloadError

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LARGEST_TOKEN: Final = 64 << 10
_LARGEST_LISTING: Final = 64 << 20
_LONGEST_ANSWER_SECONDS: Final = 20.0
_LARGEST_TERM: Final = 256 << 20
_BLOCK_BYTES: Final = 1 << 20

Opened = Callable[[Wire], None]


@dataclass(frozen=True, slots=True)
class Term:
    """Bytes `start` to `stop` (excluded) of a file, as the storage keeps them."""

    start: int
    stop: int
    xorb: str | None  # hash of the xorb that it may be the whole of; None for a piece of one


@dataclass(frozen=True, slots=True)
class Doubts:
    """Segments that lie in a part that differs, and those that lie in parts that do not."""

    wrong: frozenset[int] = frozenset()
    right: frozenset[int] = frozenset()


def doubts(sources: Sequence[Source], part: Path, size: int, segment_size: int, opened: Opened) -> Doubts:
    """Compares what there is with what the first source that tells anything tells; that source is the hub.

    `opened` is given each connection before it is used, so that another thread can cut it.
    """
    for source in sources:
        if source.way is not Way.HUB:
            continue
        try:
            terms = _terms(source, size, opened)
            verdicts = [(term, _is_right(term, part)) for term in terms]
        except (*TROUBLES, DownloadError, RecursionError, KeyError, TypeError):
            continue  # this only saves bytes: without it all segments are compared
        return _of_segments(verdicts, size, segment_size)
    return Doubts()


def _terms(source: Source, size: int, opened: Opened) -> list[Term]:
    """Raises: one of `TROUBLES`; DownloadError; KeyError, TypeError, RecursionError for nonsense."""
    hub = Wire(source.endpoint, source.hub_token, _LONGEST_ANSWER_SECONDS)
    opened(hub)
    try:
        file = xet_file(hub.locate(source.url), source.endpoint, source.hub_token)
        if file is None or file.size != size:
            return []
        right = _json(hub, file.token_url, _LARGEST_TOKEN)
    finally:
        hub.close()
    endpoint = checked_endpoint(str(right["casUrl"]))
    storage = Wire(endpoint, str(right["accessToken"]), _LONGEST_ANSWER_SECONDS)
    opened(storage)
    try:
        listing = _json(storage, f"{endpoint}/v1/reconstructions/{file.hash}", _LARGEST_LISTING)
    finally:
        storage.close()
    return _parsed(listing, file)


def _json(wire: Wire, url: str, most_bytes: int) -> Any:
    status, body = wire.read(url, most_bytes, _LONGEST_ANSWER_SECONDS)
    if status != 200:
        raise ValueError(f"status {status}")
    return json.loads(body)


def _parsed(listing: Any, file: XetFile) -> list[Term]:
    """Raises: ValueError, KeyError, TypeError, unless the terms make up the whole file."""
    listed = listing["terms"]
    uses: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for each in listed:
        uses[each["hash"]].add((each["range"]["start"], each["range"]["end"]))
    terms: list[Term] = []
    offset = 0
    for each in listed:
        length, first, xorb = each["unpacked_length"], each["range"]["start"], each["hash"]
        if type(length) is not int or not 0 < length <= _LARGEST_TERM or not _HASH.fullmatch(xorb):
            raise ValueError("no term")
        whole = first == 0 and len(uses[xorb]) == 1
        terms.append(Term(offset, offset + length, xorb if whole else None))
        offset += length
    if offset != file.size or listing["offset_into_first_range"] != 0:
        raise ValueError("not the whole file")
    return terms


def _is_right(term: Term, part: Path) -> bool | None:
    """None where nothing is known. Raises: OSError."""
    if term.xorb is None:
        return None
    return _hash_of(part, term.start, term.stop) == file_hash(term.xorb)


def _hash_of(path: Path, start: int, stop: int) -> str:
    """What the storage would call a file of just these bytes. Raises: OSError."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "part"
        with path.open("rb", buffering=0) as file, copy.open("wb") as out:
            file.seek(start)
            left = stop - start
            while left and (block := file.read(min(_BLOCK_BYTES, left))):
                out.write(block)
                left -= len(block)
        return str(or_trouble(lambda: native().hash_files([str(copy)])[0].hash))


def _of_segments(verdicts: Sequence[tuple[Term, bool | None]], size: int, segment_size: int) -> Doubts:
    wrong: set[int] = set()
    unsure: set[int] = set()
    for term, right in verdicts:
        touched = range(term.start // segment_size, (term.stop - 1) // segment_size + 1)
        if right is False:
            wrong.update(touched)
        if not right:
            unsure.update(touched)
    count = -(-size // segment_size) if verdicts else 0
    return Doubts(frozenset(wrong), frozenset(range(count)) - unsure)


def file_hash(xorb: str) -> str:
    """What a file is called that consists of just this xorb: BLAKE3 of its hash under a key of zeros."""
    raw = b"".join(_turned(xorb))
    digest = struct.pack("<8I", *_compressed(struct.unpack("<16I", raw + bytes(32))))
    return b"".join(_turned(digest.hex())).hex()


def _turned(text: str) -> Iterator[bytes]:
    """Hashes are written as four little-endian numbers."""
    return (bytes.fromhex(text[at : at + 16])[::-1] for at in range(0, 64, 16))


_MASK: Final = 0xFFFFFFFF
_START: Final = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A)
_ORDER: Final = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_FLAGS: Final = 1 | 2 | 8 | 16  # the only block of a chunk that is the root, keyed
_COLUMNS: Final = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS: Final = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def _compressed(words: tuple[int, ...]) -> list[int]:
    """BLAKE3 of 32 bytes in a block of 16 words, under a key of zeros: one call of its compression."""
    state = [0] * 8 + list(_START) + [0, 0, 32, _FLAGS]
    for _ in range(7):
        for number, (a, b, c, d) in enumerate((*_COLUMNS, *_DIAGONALS)):
            for word, by_d, by_b in ((words[2 * number], 16, 12), (words[2 * number + 1], 8, 7)):
                state[a] = (state[a] + state[b] + word) & _MASK
                state[d] = _rotated(state[d] ^ state[a], by_d)
                state[c] = (state[c] + state[d]) & _MASK
                state[b] = _rotated(state[b] ^ state[c], by_b)
        words = tuple(words[place] for place in _ORDER)
    return [state[place] ^ state[place + 8] for place in range(8)]


def _rotated(word: int, by: int) -> int:
    return (word >> by | word << (32 - by)) & _MASK
