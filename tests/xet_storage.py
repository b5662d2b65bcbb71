"""A stand-in for the hub's storage of chunks: what it tells of a file, hashed by the published rules.

Everything here is plain Python and slow, so contents are made of runs of one byte, whose chunks all have
the largest size and of which there are few kinds.
"""

from __future__ import annotations

import functools
import struct
from typing import Any

CHUNK = 128 << 10  # a run of one byte is cut at the largest size only
CHUNKS = 512  # of that size, that fill a xorb
_DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_START = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A)
_ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_MASK = 0xFFFFFFFF
Words = tuple[int, ...]


def content_of(runs: str) -> bytes:
    """A chunk of one byte for each letter."""
    return b"".join(letter.encode() * CHUNK for letter in runs)


def reconstruction(xorbs: list[str]) -> dict[str, Any]:
    """What the storage answers for a file that is these xorbs, one after the other."""
    terms = [
        {
            "hash": written(xorb_hash(runs)),
            "unpacked_length": len(runs) * CHUNK,
            "range": {"start": 0, "end": len(runs)},
        }
        for runs in xorbs
    ]
    return {"offset_into_first_range": 0, "terms": terms, "fetch_info": {}}


def xorb_hash(runs: str) -> bytes:
    nodes = [(_chunk_hash(letter), CHUNK) for letter in runs]
    while len(nodes) > 1:
        merged = []
        while nodes:
            cut = _cut(nodes)
            merged.append(_merged(nodes[:cut]))
            nodes = nodes[cut:]
        nodes = merged
    return nodes[0][0]


def written(digest: bytes) -> str:
    return b"".join(digest[at : at + 8][::-1] for at in range(0, 32, 8)).hex()


def _cut(nodes: list[tuple[bytes, int]]) -> int:
    if len(nodes) <= 2:
        return len(nodes)
    most = min(9, len(nodes))
    for at in range(2, most):
        if int.from_bytes(nodes[at][0][24:], "little") % 4 == 0:
            return at + 1
    return most


def _merged(nodes: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    lines = "".join(f"{written(digest)} : {length}\n" for digest, length in nodes)
    return blake3(_NODE_KEY, lines.encode()), sum(length for _, length in nodes)


@functools.cache
def _chunk_hash(letter: str) -> bytes:
    return blake3(_DATA_KEY, letter.encode() * CHUNK)


def blake3(key: bytes, data: bytes) -> bytes:
    """Keyed BLAKE3."""
    words = struct.unpack("<8I", key)
    chunks = [data[at : at + 1024] for at in range(0, len(data), 1024)] or [b""]
    if len(chunks) == 1:
        return struct.pack("<8I", *_chunk(words, chunks[0], 0, 8))
    stack: list[Words] = []
    for number, chunk in enumerate(chunks[:-1], 1):
        value = _chunk(words, chunk, number - 1, 0)
        while number % 2 == 0:
            value = _parent(words, stack.pop(), value, 0)
            number //= 2
        stack.append(value)
    value = _chunk(words, chunks[-1], len(chunks) - 1, 0)
    while stack:
        value = _parent(words, stack.pop(), value, 8 if not stack else 0)
    return struct.pack("<8I", *value)


def _chunk(key: Words, data: bytes, number: int, root: int) -> Words:
    blocks = [data[at : at + 64] for at in range(0, len(data), 64)] or [b""]
    value = key
    for at, block in enumerate(blocks):
        flags = 16 | (1 if at == 0 else 0) | (2 | root if at == len(blocks) - 1 else 0)
        value = _compressed(value, struct.unpack("<16I", block.ljust(64, b"\0")), number, len(block), flags)
    return value


def _parent(key: Words, left: Words, right: Words, root: int) -> Words:
    return _compressed(key, (*left, *right), 0, 64, 16 | 4 | root)


def _compressed(value: Words, words: Words, counter: int, length: int, flags: int) -> Words:
    s = [*value, *_START, counter & _MASK, counter >> 32, length, flags]

    def mix(a: int, b: int, c: int, d: int, first: int, second: int) -> None:
        s[a] = s[a] + s[b] + first & _MASK
        t = s[d] ^ s[a]
        s[d] = (t >> 16 | t << 16) & _MASK
        s[c] = s[c] + s[d] & _MASK
        t = s[b] ^ s[c]
        s[b] = (t >> 12 | t << 20) & _MASK
        s[a] = s[a] + s[b] + second & _MASK
        t = s[d] ^ s[a]
        s[d] = (t >> 8 | t << 24) & _MASK
        s[c] = s[c] + s[d] & _MASK
        t = s[b] ^ s[c]
        s[b] = (t >> 7 | t << 25) & _MASK

    for _ in range(7):
        for column in range(4):
            mix(column, column + 4, column + 8, column + 12, words[2 * column], words[2 * column + 1])
        for column in range(4):
            b, c, d = 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4
            mix(column, b, c, d, words[8 + 2 * column], words[9 + 2 * column])
        words = tuple(words[place] for place in _ORDER)
    return tuple(s[place] ^ s[place + 8] for place in range(8))
