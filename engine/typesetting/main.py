"""The process that draws: a line with a formula comes in, a line and its pixels go out.

It may be killed at any moment, and bounds its own memory where the system allows that.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from engine.chat.maths import LONGEST, Formula
from engine.typesetting.drawing import COLOUR, EM, LARGEST, Drawing, can_be_painted
from engine.typesetting.picture import Frame, Picture, Size, Style, frame_of, read_request, write_reply

TYPESETTING_WORD = "_maths"  # the hidden command of the program that becomes this process

Paint = Callable[[Drawing, Style, Frame], bytes | None]

_MEMORY = 768 * 2**20  # bytes of address space
_KEPT_CHARS = 2_000_000  # of drawings, for another size or colour
_BOX = re.compile(r'viewBox="(\S+) (\S+) (\S+) (\S+)"')
_TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
# Letters that the font has none of: the source can be read, boxes in their place cannot.
_UNDRAWN = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
# Written beside the formula for references that a chat does not have.
_REFERENCES = re.compile(r"\\(?:label\s*\{[^{}]*\}|nonumber|notag)")


def main(paint: Paint) -> int:
    """Draws until its input ends. `paint` makes pixels of a drawing, with the library of the window."""
    _make_modest()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not print between replies
    drawings = Drawings()
    while line := sys.stdin.buffer.readline(16 * LONGEST):
        output.write(write_reply(_answer(line, drawings, paint)))
        output.flush()
    return 0


class Drawings:
    """Those made last: what is shown at another size or in another colour is only painted again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Formula, Drawing] = OrderedDict()
        self._chars = 0

    def drawing(self, formula: Formula) -> Drawing | None:
        """Raises: whatever the libraries raise for a formula that they cannot read."""
        found = self._kept.get(formula)
        if found is None:
            found = draw(formula)
            if found is None or not can_be_painted(found):
                return None
            self._kept[formula] = found
            self._chars += len(found.svg)
        self._kept.move_to_end(formula)
        while self._chars > _KEPT_CHARS:
            _, old = self._kept.popitem(last=False)
            self._chars -= len(old.svg)
        return found


def draw(formula: Formula) -> Drawing | None:
    """Raises: whatever the libraries raise for a formula that they cannot read."""
    # Slow to import, and needed by this process only.
    from ziafont.config import config
    from ziamath.zmath import Latex

    if _UNDRAWN.search(formula.tex):
        return None
    warnings.simplefilter("ignore")
    config.svg2 = False  # each letter where it stands, without references
    tex = _TAG.sub(r"\\qquad\\text{(\1)}", _REFERENCES.sub("", formula.tex))
    made: Any = Latex(tex, size=EM, color=COLOUR, inline=not formula.display)
    svg = str(made.svg()).replace('"black"', f'"{COLOUR}"')
    box = _BOX.search(svg)
    if box is None or len(svg) > LARGEST:
        return None
    _, top, width, height = (float(number) / EM for number in box.groups())
    return Drawing(svg, Size(width, -top, height + top))


def _make_modest() -> None:
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _answer(line: bytes, drawings: Drawings, paint: Paint) -> Picture | None:
    try:
        formula, style = read_request(line)
        drawing = drawings.drawing(formula)
        frame = frame_of(drawing.size, style) if drawing is not None else None
        if drawing is None or frame is None:
            return None
        pixels = paint(drawing, style, frame)
        return Picture(drawing.size, pixels) if pixels is not None else None
    except Exception:  # noqa: BLE001  the libraries raise whatever they like; the source is shown then
        return None
