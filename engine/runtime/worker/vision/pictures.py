"""Pictures among the tokens of a prompt: which numbers stand for them, and where they begin and end.

A picture fills cells of the cache as tokens do, but has none. Numbers below zero stand in their places,
drawn from a digest of the image and of the projector. So whoever compares tokens compares images too:
what was computed of one is found again in another conversation, in a state file, after a restart.

A picture is computed whole, and a cache is never cut inside of one. Where a model tells places apart in
two dimensions (M-RoPE), a picture fills more cells than it takes positions: tokens behind it stand
`shift` before their place in the list.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

_SIGN = 1 << 31


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A part of an image that is computed at once: all of it, or one of the tiles that it is cut into."""

    ids: array[int]  # stand for it among tokens; their number is that of its cells
    positions: int
    digest: str  # of the image
    number: int  # among the parts of its image


@dataclass(frozen=True, slots=True)
class Layout:
    """An image as a model reads it: pictures, and tokens around and between them."""

    parts: tuple[array[int] | Picture, ...]

    @property
    def tokens(self) -> list[int]:
        written: list[int] = []
        for part in self.parts:
            written += part.ids if isinstance(part, Picture) else part
        return written

    @property
    def pictures(self) -> tuple[Picture, ...]:
        return tuple(part for part in self.parts if isinstance(part, Picture))


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A picture in a prompt. `start` and `end` count cells."""

    start: int
    end: int
    picture: Picture

    @property
    def shift(self) -> int:
        """Cells that it fills beyond its positions."""
        return self.end - self.start - self.picture.positions


@dataclass(slots=True, eq=False)
class Sight:
    """The pictures of one prompt, in their order. Belongs to the thread of the context."""

    placed: tuple[Placed, ...]
    files: dict[str, bytes]  # the images, by their digests
    ready: dict[int, Any] = field(default_factory=dict)  # encoded, by the cells they begin at
    asked: set[int] = field(default_factory=set)  # the same of those that are or were being encoded
    dropped: bool = False  # nobody waits for it any more

    def at(self, cell: int) -> Placed | None:
        """The picture that begins there."""
        return next((one for one in self.placed if one.start == cell), None)

    def text_until(self, cell: int, end: int) -> int:
        """Where the tokens that begin there end: at a picture, or at `end`."""
        return next((one.start for one in self.placed if one.start >= cell), end)

    def whole(self, length: int) -> int:
        """The same length, or less, so that no picture is cut."""
        return next((one.start for one in self.placed if one.start < length < one.end), length)

    def shift(self, length: int) -> int:
        """Of what stands behind the first `length` cells."""
        return sum(one.shift for one in self.placed if one.end <= length)

    def drop(self) -> None:
        """Nobody waits for it any more."""
        self.dropped = True
        self.ready.clear()


def ids_for(digest: str, number: int, count: int) -> array[int]:
    """Numbers below zero, the same for the same part of the same image."""
    drawn = hashlib.shake_256(f"{digest}/{number}".encode()).digest(4 * count)
    values = (int.from_bytes(drawn[at : at + 4], "little") | _SIGN for at in range(0, 4 * count, 4))
    return array("i", (value - 2 * _SIGN for value in values))


def place(tokens: Sequence[int], pictures: Iterable[Picture]) -> tuple[Placed, ...]:
    """Where they stand. Every number below zero belongs to one of them."""
    known = {picture.ids[0]: picture for picture in pictures}
    placed, at = [], 0
    while at < len(tokens):
        if tokens[at] >= 0:
            at += 1
            continue
        picture = known[tokens[at]]
        end = at + len(picture.ids)
        placed.append(Placed(at, end, picture))
        at = end
    return tuple(placed)


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A picture was encoded, or why it could not be."""

    sight: Sight
    placed: Placed
    result: Any  # Encoded (projector.py), or a Sentence
