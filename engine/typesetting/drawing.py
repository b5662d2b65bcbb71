"""A drawn formula, as the process that draws has it. Believed in nothing but its shapes and bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.typesetting.picture import Size

EM = 20.0  # of the formula's own units: the height of the letters around it
COLOUR = "#010203"  # stands in the drawing where the colour of the text belongs
LARGEST = 600_000  # characters of a drawing

# Shapes and nothing else: no picture, no link, no script, no style.
_TAG = re.compile(r"<(/?[^\s>/]*)")
_SHAPES = frozenset({"svg", "/svg", "g", "/g", "path", "/path", "rect", "/rect", "ellipse", "/ellipse"})
_FORBIDDEN = re.compile(r"href\s*=|url\s*\(|style\s*=|\son\w+\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drawing:
    """SVG in which COLOUR stands for the colour of text."""

    svg: str
    size: Size


def can_be_painted(drawing: Drawing) -> bool:
    """True for shapes and nothing else."""
    if len(drawing.svg) > LARGEST or not drawing.size.can_be_shown:
        return False
    return set(_TAG.findall(drawing.svg)) <= _SHAPES and _FORBIDDEN.search(drawing.svg) is None
