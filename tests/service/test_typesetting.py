"""The process that draws formulas: real, with formulas that mean no good."""

from __future__ import annotations

import io
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.chat.maths import LONGEST, Formula
from engine.typesetting.drawing import Drawing, can_be_painted
from engine.typesetting.main import TYPESETTING_WORD, draw
from engine.typesetting.picture import Picture, Size, Style, frame_of, read_reply, write_reply
from engine.typesetting.typesetter import Typesetter

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"
STYLE = Style(em=20.0, descent=5.0, colour="#102030", ratio=1.0)
OF_THAT_COLOUR = b"\x30\x20\x10\xff"


@pytest.fixture
def typesetter() -> Iterator[Typesetter]:
    made = Typesetter((sys.executable, str(PROGRAM), TYPESETTING_WORD))
    yield made
    made.close()


def block(tex: str) -> Formula:
    return Formula(tex, display=True)


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{a}{b}",
        r"\sum_{i=1}^n i = \frac{n(n+1)}{2}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
        r"\begin{aligned}a&=b+c\\d&=e\end{aligned}",
        r"\begin{cases}x&\text{if }x>0\\-x&\text{otherwise}\end{cases}",
        r"\boxed{42}",
        r"\operatorname{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right)V",
        r"a = b \tag{3.1}",
        r"\label{x} a = b \nonumber",
        r"\color{red}{x}",
        r"\xrightarrow{f}",
        r"\cancel{x}",
    ],
)
def test_what_models_write_is_drawn(typesetter: Typesetter, tex: str) -> None:
    picture = typesetter.draw(block(tex), STYLE)
    assert picture is not None
    assert 0.5 < picture.size.width < 40
    assert picture.size.ascent > 0
    assert any(picture.pixels)


def test_small_in_a_line_and_large_on_its_own(typesetter: Typesetter) -> None:
    small, large = (typesetter.draw(Formula(r"\sum_{i=1}^n i", display), STYLE) for display in (False, True))
    assert small is not None and large is not None
    assert small.size.ascent + small.size.descent < large.size.ascent + large.size.descent


def test_pixels_of_the_size_colour_and_screen_that_were_asked_for(typesetter: Typesetter) -> None:
    solid = block(r"\blacksquare")
    drawn = typesetter.draw(solid, STYLE)
    twice = typesetter.draw(solid, Style(em=20.0, descent=5.0, colour="#405060", ratio=2.0))
    assert drawn is not None and twice is not None
    assert drawn.size == twice.size
    assert OF_THAT_COLOUR in drawn.pixels and OF_THAT_COLOUR not in twice.pixels
    assert b"\x60\x50\x40\xff" in twice.pixels
    frame = frame_of(drawn.size, STYLE)
    assert frame is not None
    assert len(drawn.pixels) == 4 * frame.width * (frame.above + frame.below)
    assert len(twice.pixels) == 4 * len(drawn.pixels)


@pytest.mark.parametrize(
    "tex",
    [
        "",
        "{",
        r"\frac{a",
        "x^",
        "x_1_2",
        r"\left( x",
        r"\begin{matrix}",
        "x & y",
        r"\\",
        r"\def\a{\a\a}\a",
        r"\newcommand{\a}{\b}\newcommand{\b}{\a}\a",
        r"\text{<img src='file:///etc/passwd'>}",
        "{" * 2_000 + "}" * 2_000,
        r"\sqrt{" * 600 + "x" + "}" * 600,
        r"\left(" * 400 + "x" + r"\right)" * 400,
        "x" * (LONGEST + 1),
        "x" * 1_000_000,
        "\0\ud800",
        r"\text{若 } x > 0",
        r"x，y",
    ],
    ids=lambda tex: tex[:20].encode("ascii", "replace").decode(),
)
def test_what_cannot_be_drawn_is_refused_in_time_and_the_next_one_is_drawn(
    typesetter: Typesetter, tex: str
) -> None:
    begin = time.monotonic()
    assert typesetter.draw(block(tex), STYLE) is None
    assert typesetter.draw(block("x"), STYLE) is not None
    assert time.monotonic() - begin < 200


def test_one_of_too_many_pixels_is_refused(typesetter: Typesetter) -> None:
    wide = block("x" * 100)
    assert typesetter.draw(wide, Style(em=200.0, descent=50.0, colour="#000000", ratio=4.0)) is None
    assert typesetter.draw(wide, STYLE) is not None


@pytest.mark.parametrize(
    "tex", [r"\input{/etc/hostname}", r"\includegraphics{/etc/hostname}", r"\href{file:///etc}{y}"]
)
def test_nothing_of_a_file_gets_in(tex: str) -> None:
    try:
        drawing = draw(block(tex))
    except Exception:  # noqa: BLE001  the library raises whatever it likes
        return
    assert drawing is None or not can_be_painted(drawing) or "/etc" not in drawing.svg


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><image href='file:///x'/></svg>",
        "<svg><path style='fill:url(http://x)'/></svg>",
        "<svg><script/></svg>",
        "<!DOCTYPE x><svg/>",
        "<svg onload='x()'/>",
        "<svg><path/></svg>" * 40_000,
    ],
    ids=lambda svg: svg[:24],
)
def test_only_shapes_are_painted(svg: str) -> None:
    assert not can_be_painted(Drawing(svg, Size(1.0, 1.0, 0.2)))
    assert can_be_painted(Drawing("<svg><g><path d='M 0 0'/></g></svg>", Size(1.0, 1.0, 0.2)))


STAND_IN = """
import sys, time
GOOD = {good!r}
for line in sys.stdin.buffer:
    {answer}
    sys.stdout.flush()
"""
SIZE = Size(1.0, 1.0, 0.2)
PICTURE = Picture(SIZE, bytes(range(200)) * 10)  # 20 pixels wide, 25 high
GOOD = write_reply(PICTURE)


def stand_in(answer: str, limit_s: float = 0.3) -> Typesetter:
    program = STAND_IN.format(answer=answer, good=GOOD)
    return Typesetter((sys.executable, "-c", program), limit_s)


@pytest.mark.parametrize("never", ["time.sleep(9999)", "exec('while True: pass')"], ids=["hangs", "computes"])
def test_one_that_never_ends_is_killed_and_another_process_begins(never: str) -> None:
    typesetter = stand_in(f"{never} if b'slow' in line else sys.stdout.buffer.write(GOOD)")
    assert typesetter.draw(block("a"), STYLE) == PICTURE
    begin = time.monotonic()
    assert typesetter.draw(block("slow"), STYLE) is None
    assert time.monotonic() - begin < 60
    assert typesetter.draw(block("b"), STYLE) == PICTURE
    typesetter.close()
    assert typesetter.draw(block("c"), STYLE) is None


@pytest.mark.parametrize(
    "answer",
    [
        "sys.exit(3)",
        "print('x' * 5_000_000)",
        "print('nonsense')",
        "sys.stdout.buffer.write(GOOD[:-1]); sys.exit()",
    ],
)
def test_a_process_that_fails_gives_no_picture(answer: str) -> None:
    typesetter = stand_in(answer)
    assert [typesetter.draw(block("x"), STYLE) for _ in range(8)] == [None] * 8
    typesetter.close()


def test_waiting_for_the_processor_is_not_held_against_a_formula() -> None:
    typesetter = stand_in("time.sleep(1.5 * (b'slow' in line)); sys.stdout.buffer.write(GOOD)", limit_s=1.0)
    assert [typesetter.draw(block(tex), STYLE) for tex in ("a", "slow", "b")] == [PICTURE] * 3
    typesetter.close()


def test_a_program_that_is_not_there_gives_no_picture(tmp_path: Path) -> None:
    assert Typesetter((str(tmp_path / "none"),)).draw(block("x"), STYLE) is None


def read(reply: bytes) -> Picture | None:
    stream = io.BytesIO(reply)
    return read_reply(stream.readline(), STYLE, stream.read)


@pytest.mark.parametrize(
    "size",
    [
        [1e9, 1, 0],
        [1, -20000, 9999],
        [1, 1],
        [True, 1, 0],
        [1, math.nan, 0],
        [10**300, 1, 0],
        "123",
        None,
        [0, 1, 0],
    ],
)
def test_a_reply_is_believed_in_nothing_but_a_size_and_its_pixels(size: object) -> None:
    with pytest.raises(ValueError):
        read(json.dumps({"size": size}).encode() + b"\n" + bytes(4_000_000))


@pytest.mark.parametrize("reply", [b"", b"[]\n", b"[" * 300, b"\xff\n", b'{"size": [1, 1, 0.2]}\n\0\0'])
def test_what_is_no_reply_is_told_from_a_formula_that_cannot_be_drawn(reply: bytes) -> None:
    with pytest.raises(ValueError):
        read(reply)
    assert read(write_reply(None)) is None
    assert read(GOOD) == PICTURE
