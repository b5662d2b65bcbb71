"""Formulas in Markdown: where they are, and above all where none is."""

from __future__ import annotations

import pytest

from engine.chat.blocks import Block, ListBlock, Maths, Paragraph, Quote, Table, lines_of, plain_text
from engine.chat.markdown import MarkdownStream, parse_markdown
from engine.chat.maths import LONGEST, formula_of


def formulas(source: str) -> list[str]:
    return [text for block in parse_markdown(source) for text in found(block)]


def found(block: Block) -> list[str]:
    if isinstance(block, Maths):
        return [block.text]
    if isinstance(block, ListBlock):
        return [text for item in block.items for inner in item for text in found(inner)]
    if isinstance(block, Quote):
        return [text for inner in block.blocks for text in found(inner)]
    if isinstance(block, Table):
        cells = [cell for row in (block.header, *block.rows) for cell in row]
        return [span.text for cell in cells for span in cell if span.maths]
    return [span.text for span in getattr(block, "spans", ()) if span.maths]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("so $x_1$ and $y$.", ["$x_1$", "$y$"]),
        ("the $n$th", ["$n$"]),
        (r"a \(x+y\) b", [r"\(x+y\)"]),
        (r"mid \[z\] line", [r"\[z\]"]),
        ("$$\na\n- b\n= c\n$$\nmore", ["$$\na\n- b\n= c\n$$"]),
        ("text\n$$x$$.\nmore", ["$$x$$."]),
        ("$$\na\n$$ where x", ["$$\na\n$$"]),
        ("\\[\n\\frac{a}{b}\n\\]", ["\\[\n\\frac{a}{b}\n\\]"]),
        ("1. a\n   $$\n   x\n   $$\n2. b $q$", ["$$\nx\n$$", "$q$"]),
        ("> $$x$$\n> y", ["$$x$$"]),
        ("| $a$ |\n|---|\n| $b_1$ |", ["$a$", "$b_1$"]),
        ("# $E=mc^2$", ["$E=mc^2$"]),
        ("**$x$** [$y$](https://a.org)", ["$x$", "$y$"]),
        ("$2 + 3$", ["$2 + 3$"]),
        (r"$5 \text{ if } x$", [r"$5 \text{ if } x$"]),
        (r"$\$5$", [r"$\$5$"]),
    ],
)
def test_formulas_are_found(source: str, expected: list[str]) -> None:
    assert formulas(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "$5 and $6",
        "costs $5, or 5$ more",
        "US$5 to US$6, 7$",
        "**$5** or **$10**",
        "($5) or ($6)",
        "$5-$6",
        "$5/month or $10/month",
        "$HOME/$USER and $PATH:$HOME",
        "$30 million to 5$",
        r"\$x\$ is escaped",
        "$ x $",
        "$$",
        "$$$$",
        "$$ $$",
        "$x\ny$",
        r"\\(a\\)",
        "`$x$`",
        "$a`b$ c`",
        "```\n$x$\n$$y$$\n```",
        "    $x$",
        "`\\(x\\)`",
        "$x" + " y" * LONGEST + "$",
        "$$\n" + "y\n" * LONGEST + "$$",
    ],
)
def test_what_is_no_formula_stays_text(source: str) -> None:
    assert formulas(source) == []


def test_until_it_is_closed_a_formula_is_text_and_the_rest_stands_still() -> None:
    stream = MarkdownStream()
    stream.feed("before\n\n$$\n\\frac{a}\n- b")
    before = stream.closed[0]
    assert [plain_text(block) for block in stream.tail] == ["$$\n\\frac{a}\n- b"]
    assert isinstance(stream.tail[0], Paragraph)
    stream.feed("\n$")
    assert isinstance(stream.tail[0], Paragraph)
    stream.feed("$")
    assert stream.tail == (Maths("$$\n\\frac{a}\n- b\n$$"),)
    assert stream.closed[0] is before


def test_nothing_of_the_source_is_lost_in_text() -> None:
    source = "a $x$ b \\(y\\)\n\n$$\nz\n$$"
    assert "\n\n".join(plain_text(block) for block in parse_markdown(source)) == source
    assert [line for block in parse_markdown(source) for line in lines_of(block)] == source.split("\n\n")


def test_delimiters_come_off_and_a_stop_goes_along() -> None:
    assert formula_of("$$\n x \n$$.") == formula_of("\\[x.\\]")
    assert formula_of("$x$").display is False and formula_of("$$x$$").tex == "x"
    assert formula_of("\\(a\\)").tex == "a"


def test_controls_that_turn_letters_round_are_shown() -> None:
    source = "if a\u202e == b\u2066:\n\n```py\nx\u202dy\n```\n\nשלום stays"
    shown = [plain_text(block) for block in parse_markdown(source)]
    assert shown == ["if a\ufffd == b\ufffd:", "x\ufffdy", "שלום stays"]
