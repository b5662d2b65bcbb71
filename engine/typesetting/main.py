"""The process that draws: a line with a formula comes in, a line with its drawing goes out.

It may be killed at any moment, and bounds its own memory where the system allows that.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from typing import Any

from engine.chat.maths import LONGEST, Formula
from engine.typesetting.drawing import COLOUR, EM, LARGEST, Drawing, write_reply

TYPESETTING_WORD = "_maths"  # the hidden command of the program that becomes this process

_MEMORY = 768 * 2**20  # bytes of address space
_BOX = re.compile(r'viewBox="(\S+) (\S+) (\S+) (\S+)"')
_TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
# Written beside the formula for references that a chat does not have.
_REFERENCES = re.compile(r"\\(?:label\s*\{[^{}]*\}|nonumber|notag)")


def main() -> int:
    """Draws until its input ends."""
    _make_modest()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not print between replies
    while line := sys.stdin.buffer.readline(16 * LONGEST):
        output.write(write_reply(_answer(line)))
        output.flush()
    return 0


def _make_modest() -> None:
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _answer(line: bytes) -> Drawing | None:
    try:
        asked = json.loads(line)
        return draw(Formula(str(asked["tex"]), bool(asked["display"])))
    except Exception:  # noqa: BLE001  the libraries raise whatever they like; the source is shown then
        return None


def draw(formula: Formula) -> Drawing | None:
    """Raises: whatever the libraries raise for a formula that they cannot read."""
    # Slow to import, and needed by this process only.
    from ziafont.config import config
    from ziamath.zmath import Latex

    warnings.simplefilter("ignore")
    config.svg2 = False  # each letter where it stands, without references
    tex = _TAG.sub(r"\\qquad\\text{(\1)}", _REFERENCES.sub("", formula.tex))
    made: Any = Latex(tex, size=EM, color=COLOUR, inline=not formula.display)
    svg = str(made.svg()).replace('"black"', f'"{COLOUR}"')
    box = _BOX.search(svg)
    if box is None or len(svg) > LARGEST:
        return None
    _, top, width, height = (float(number) / EM for number in box.groups())
    return Drawing(svg, width, -top, height + top)
