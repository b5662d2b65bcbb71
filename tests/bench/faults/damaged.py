"""Model files that are damaged in many ways, made from sound ones."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

_HEADER = 24  # bytes: magic, version, number of tensors, number of facts
_HUGE = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1)


def damaged(sound: bytes, header: int, count: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """So many files with the way in which each is damaged. `header`: where the weights begin."""
    ways = (
        _cut,
        _cut_header,
        _flip_header,
        _flip_start,
        _number,
        _text_length,
        _swap,
        _zeros,
        _weights,
        _noise,
    )
    for number in range(count):
        way = ways[number % len(ways)]
        yield way.__name__.strip("_").replace("_", " "), way(sound, header, chance)


def _cut(sound: bytes, header: int, chance: random.Random) -> bytes:
    return sound[: chance.randrange(header, len(sound))]


def _cut_header(sound: bytes, header: int, chance: random.Random) -> bytes:
    return sound[: chance.randrange(header)]


def _flip_header(sound: bytes, header: int, chance: random.Random) -> bytes:
    raw = bytearray(sound)
    for _ in range(chance.randint(1, 20)):
        raw[chance.randrange(header)] ^= 1 << chance.randrange(8)
    return bytes(raw)


def _flip_start(sound: bytes, header: int, chance: random.Random) -> bytes:
    """Counts, and the facts of the architecture, which come first."""
    raw = bytearray(sound)
    for _ in range(chance.randint(1, 3)):
        raw[chance.randrange(min(header, 1500))] ^= 1 << chance.randrange(8)
    return bytes(raw)


def _number(sound: bytes, header: int, chance: random.Random) -> bytes:
    """A 32-bit fact of the architecture with another value."""
    start = sound.find(b"general.architecture") + 20 + 4  # its type, then its length, then its name
    length = int.from_bytes(sound[start : start + 8], "little")
    name = sound[start + 8 : start + 8 + length]
    place = chance.choice(_places(sound[: min(header, 4000)], name + b"."))
    end = place + int.from_bytes(sound[place - 8 : place], "little")
    value = chance.choice((0, 1, 3, 7, 2**16, 2**31 - 1, 2**31, 2**32 - 1, chance.randrange(2**32)))
    return sound[: end + 4] + struct.pack("<I", value) + sound[end + 8 :]


def _text_length(sound: bytes, header: int, chance: random.Random) -> bytes:
    """A length or a count of the header, gone mad."""
    place = chance.choice([8, 16, *(place - 8 for place in _places(sound[:header], b"general."))])
    return sound[:place] + struct.pack("<Q", chance.choice(_HUGE)) + sound[place + 8 :]


def _swap(sound: bytes, header: int, chance: random.Random) -> bytes:
    """Two stretches of the descriptions of tensors, exchanged."""
    length = chance.randint(4, 64)
    first = chance.randrange(header // 2, header - 3 * length)
    second = chance.randrange(first + length, header - length)
    return (
        sound[:first] + sound[second : second + length] + sound[first + length : second]
        + sound[first : first + length] + sound[second + length :]
    )  # fmt: skip


def _zeros(sound: bytes, header: int, chance: random.Random) -> bytes:
    """A block of the disk that was never written."""
    start = chance.randrange(len(sound) - 4096) & ~4095
    return sound[:start] + bytes(4096) + sound[start + 4096 :]


def _weights(sound: bytes, header: int, chance: random.Random) -> bytes:
    """Weights that are noise: it may run, and say nonsense."""
    start = chance.randrange(header, len(sound) - 65536)
    return sound[:start] + chance.randbytes(65536) + sound[start + 65536 :]


def _noise(sound: bytes, header: int, chance: random.Random) -> bytes:
    return sound[:_HEADER] + chance.randbytes(chance.randint(1, 100_000))


def _places(raw: bytes, word: bytes) -> list[int]:
    found, place = [], raw.find(word)
    while place >= 0:
        found.append(place)
        place = raw.find(word, place + 1)
    return found
