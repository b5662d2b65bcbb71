"""A formula as pixels: how it is asked for, how large it is among words, and how the process tells of it.

Of what that process says nothing is believed but a size within bounds, and as many pixels as belong to it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

from engine.chat.maths import Formula

LONGEST_HEADER = 400  # bytes of a reply before its pixels
_WIDEST = 400.0  # em
_HIGHEST = 120.0  # em
_MOST_PIXELS = 6_000_000


@dataclass(frozen=True, slots=True)
class Style:
    """The words around a formula. `em` and `descent` are their font's, in pixels of the window."""

    em: float
    descent: float
    colour: str  # "#rrggbb"
    ratio: float  # pixels of the screen for each of the window's


@dataclass(frozen=True, slots=True)
class Size:
    """In em; `ascent` is above the baseline."""

    width: float
    ascent: float
    descent: float

    @property
    def can_be_shown(self) -> bool:
        sizes = (self.width, self.ascent, self.descent)
        if not all(map(math.isfinite, sizes)) or abs(self.ascent) > _HIGHEST:
            return False
        return 0 < self.width <= _WIDEST and 0 < self.ascent + self.descent <= _HIGHEST


@dataclass(frozen=True, slots=True)
class Frame:
    """The room of a formula among words: whole pixels of the window, its baseline between two of them."""

    width: int
    above: int  # the baseline
    below: int

    def pixels(self, ratio: float) -> tuple[int, int]:
        """Width and height on the screen."""
        height = max(self.above + self.below, 1)
        return math.ceil(self.width * ratio), math.ceil(height * ratio)


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels`: four bytes each (blue, green, red, how opaque; the colours times that), line by line."""

    size: Size
    pixels: bytes


def frame_of(size: Size, style: Style) -> Frame | None:
    """None for one of too many pixels."""
    below = math.ceil(max(size.descent * style.em, style.descent))
    frame = Frame(math.ceil(size.width * style.em), math.ceil(size.ascent * style.em), below)
    return frame if math.prod(frame.pixels(style.ratio)) <= _MOST_PIXELS else None


def write_request(formula: Formula, style: Style) -> bytes:
    """A line."""
    return json.dumps({"formula": asdict(formula), "style": asdict(style)}).encode("ascii") + b"\n"


def read_request(line: bytes) -> tuple[Formula, Style]:
    """Raises ValueError, KeyError or TypeError for anything else."""
    asked = json.loads(line)
    return Formula(**asked["formula"]), Style(**asked["style"])


def write_reply(picture: Picture | None) -> bytes:
    """A line, and the pixels behind it; None for a formula that cannot be drawn."""
    if picture is None:
        return b"{}\n"
    size = picture.size
    told = {"size": [size.width, size.ascent, size.descent]}
    return json.dumps(told).encode("ascii") + b"\n" + picture.pixels


def read_reply(header: bytes, style: Style, read: Callable[[int], bytes]) -> Picture | None:
    """What a reply says; `read` gives that many of the bytes behind its first line.

    None for a formula that cannot be drawn. ValueError for a reply that is none."""
    told = json.loads(header)
    if told == {}:
        return None
    size = _size(told)
    frame = frame_of(size, style) if size.can_be_shown else None
    if frame is None:
        raise ValueError("too large")
    length = 4 * math.prod(frame.pixels(style.ratio))
    pixels = read(length)
    if len(pixels) != length:
        raise ValueError("too short")
    return Picture(size, pixels)


def _size(told: object) -> Size:
    """Raises ValueError for anything but three numbers."""
    sizes = told.get("size") if isinstance(told, dict) else None
    if not isinstance(sizes, list) or len(sizes) != 3 or not all(type(one) in (int, float) for one in sizes):
        raise ValueError("no sizes")
    try:
        return Size(*map(float, sizes))
    except OverflowError as error:
        raise ValueError("no such size") from error
