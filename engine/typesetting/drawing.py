"""A drawn formula, and how the process that draws tells of it. Believed in nothing but its bounds."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

EM = 20.0  # of the formula's own units: the height of the letters around it
COLOUR = "#010203"  # stands in the drawing where the colour of the text belongs
LARGEST = 600_000  # characters of a drawing
_WIDEST = 400.0  # em
_HIGHEST = 120.0  # em

# Shapes and nothing else: no picture, no link, no script, no style.
_TAG = re.compile(r"<(/?[^\s>/]*)")
_SHAPES = frozenset({"svg", "/svg", "g", "/g", "path", "/path", "rect", "/rect", "ellipse", "/ellipse"})
_FORBIDDEN = re.compile(r"href\s*=|url\s*\(|style\s*=|\son\w+\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drawing:
    """SVG in which COLOUR stands for the colour of text. Sizes in em; `ascent` is above the baseline."""

    svg: str
    width: float
    ascent: float
    descent: float


def write_reply(drawing: Drawing | None) -> bytes:
    """A line; None for a formula that cannot be drawn."""
    if drawing is None:
        return b"{}\n"
    told = {"svg": drawing.svg, "box": [drawing.width, drawing.ascent, drawing.descent]}
    return json.dumps(told).encode("ascii") + b"\n"


def read_reply(line: bytes) -> Drawing | None:
    """None for anything but a drawing of shapes and of a size that can be shown."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    svg, box = told.get("svg"), told.get("box")
    if not isinstance(svg, str) or not isinstance(box, list) or len(box) != 3:
        return None
    if not all(type(size) in (int, float) and math.isfinite(size) for size in box):
        return None
    drawing = Drawing(svg, *(float(size) for size in box))
    return drawing if _can_be_shown(drawing) else None


def _can_be_shown(drawing: Drawing) -> bool:
    height = drawing.ascent + drawing.descent
    fits = 0 < drawing.width <= _WIDEST and 0 < height <= _HIGHEST and abs(drawing.ascent) <= _HIGHEST
    if not fits or len(drawing.svg) > LARGEST:
        return False
    tags = set(_TAG.findall(drawing.svg))
    return tags <= _SHAPES and _FORBIDDEN.search(drawing.svg) is None
