"""The process that draws formulas: real, with formulas that mean no good."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.chat.maths import LONGEST, Formula
from engine.typesetting.drawing import COLOUR, Drawing, read_reply, write_reply
from engine.typesetting.main import TYPESETTING_WORD
from engine.typesetting.typesetter import Typesetter

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"


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
        r"\text{中文}",
        r"\color{red}{x}",
        r"\xrightarrow{f}",
        r"\cancel{x}",
    ],
)
def test_what_models_write_is_drawn(typesetter: Typesetter, tex: str) -> None:
    drawing = typesetter.draw(block(tex))
    assert drawing is not None
    assert 0.5 < drawing.width < 40
    assert drawing.ascent > 0


def test_small_in_a_line_and_large_on_its_own(typesetter: Typesetter) -> None:
    small, large = (typesetter.draw(Formula(r"\sum_{i=1}^n i", display)) for display in (False, True))
    assert small is not None and large is not None
    assert small.ascent + small.descent < large.ascent + large.descent
    assert COLOUR in small.svg


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
    ],
    ids=lambda tex: tex[:20].encode("ascii", "replace").decode(),
)
def test_what_cannot_be_drawn_is_refused_in_time_and_the_next_one_is_drawn(
    typesetter: Typesetter, tex: str
) -> None:
    begin = time.monotonic()
    assert typesetter.draw(block(tex)) is None
    assert typesetter.draw(block("x")) is not None
    assert time.monotonic() - begin < 60


def test_nothing_of_a_file_gets_in(typesetter: Typesetter) -> None:
    for tex in (r"\input{/etc/hostname}", r"\includegraphics{/etc/hostname}", r"\href{file:///etc}{y}"):
        drawing = typesetter.draw(block(tex))
        assert drawing is None or "/etc" not in drawing.svg


STAND_IN = """
import sys, time
for line in sys.stdin.buffer:
    {answer}
    sys.stdout.flush()
"""
GOOD = json.dumps({"svg": "<svg></svg>", "box": [1.0, 1.0, 0.2]})


def stand_in(answer: str) -> Typesetter:
    return Typesetter((sys.executable, "-c", STAND_IN.format(answer=answer)), limit_s=0.3)


def test_one_that_never_ends_is_killed_and_another_process_begins() -> None:
    typesetter = stand_in(f"time.sleep(9999) if b'slow' in line else print('''{GOOD}''')")
    assert typesetter.draw(block("a")) == Drawing("<svg></svg>", 1.0, 1.0, 0.2)
    begin = time.monotonic()
    assert typesetter.draw(block("slow")) is None
    assert time.monotonic() - begin < 10
    assert typesetter.draw(block("b")) is not None
    typesetter.close()
    assert typesetter.draw(block("c")) is None


@pytest.mark.parametrize("answer", ["sys.exit(3)", "print('x' * 5_000_000)", "print('nonsense')"])
def test_a_process_that_fails_gives_no_drawing(answer: str) -> None:
    typesetter = stand_in(answer)
    assert [typesetter.draw(block("x")) for _ in range(8)] == [None] * 8
    typesetter.close()


def test_a_program_that_is_not_there_gives_no_drawing(tmp_path: Path) -> None:
    assert Typesetter((str(tmp_path / "none"),)).draw(block("x")) is None


@pytest.mark.parametrize(
    ("svg", "box"),
    [
        ("<svg><image href='file:///x'/></svg>", [1, 1, 0]),
        ("<svg><path style='fill:url(http://x)'/></svg>", [1, 1, 0]),
        ("<svg><script/></svg>", [1, 1, 0]),
        ("<!DOCTYPE x><svg/>", [1, 1, 0]),
        ("<svg/>", [1e9, 1, 0]),
        ("<svg/>", [1, -20000, 9999]),
        ("<svg/>", [1, 1]),
        ("<svg/>", [True, 1, 0]),
        ("<svg/>", "123"),
        (7, [1, 1, 0]),
    ],
)
def test_a_reply_is_believed_in_nothing_but_shapes_and_sizes(svg: object, box: object) -> None:
    assert read_reply(json.dumps({"svg": svg, "box": box}).encode()) is None
    assert read_reply(b'{"svg": "<svg/>", "box": [1, NaN, 0]}') is None
    assert read_reply(write_reply(None)) is None
    good = Drawing("<svg><g><path d='M 0 0'/></g></svg>", 1.0, 1.0, 0.0)
    assert read_reply(write_reply(good)) == good
