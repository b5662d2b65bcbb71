"""Blocks: what a Markdown source says, as frozen values that a view can lay out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style. `text` may hold line breaks; `link` is http, https or mailto, or "".

    With `maths` the text is a formula as it is written, with its delimiters."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""
    maths: bool = False


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`continued`: the piece before it belongs to the same, overlong line."""

    spans: Spans
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 1 to 6
    spans: Spans


@dataclass(frozen=True, slots=True)
class ListBlock:
    """`start` is the number of the first item of an ordered list. `tight`: no gaps between items."""

    ordered: bool
    start: int
    tight: bool
    items: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """`closed`: the text will not grow any more. `language` is as written, "" if none."""

    language: str
    text: str
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are spans; every row has as many as the header. `continued`: rows of the table before."""

    alignments: tuple[str, ...]  # "left", "center", "right" or "" for each column
    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Maths:
    """A formula of its own; `text` as it is written, with its delimiters."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Block = Paragraph | Heading | ListBlock | Quote | CodeBlock | Table | Maths | Rule


# Controls that turn the order of letters round, so that code and addresses read other than they are.
_TURNING = dict.fromkeys((0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")


def neutral(text: str) -> str:
    """A text as it may be shown: controls that turn letters round, and NUL, become a visible mark."""
    return text if text.isascii() and "\0" not in text else text.translate(_TURNING)


def spans_text(spans: Spans) -> str:
    """The text of the spans, without their styles."""
    return "".join(span.text for span in spans)


def plain_text(block: Block) -> str:
    """A block as text for the clipboard and for screen readers: lists keep their marks, cells get tabs."""
    if isinstance(block, Paragraph | Heading):
        return spans_text(block.spans)
    if isinstance(block, CodeBlock | Maths):
        return block.text
    if isinstance(block, Table):
        rows = block.rows if block.continued else (block.header, *block.rows)
        return "\n".join("\t".join(spans_text(cell) for cell in row) for row in rows)
    if isinstance(block, Quote):
        return "\n".join(plain_text(inner) for inner in block.blocks)
    if isinstance(block, ListBlock):
        numbers = count(block.start)
        marks = (f"{next(numbers)}. " if block.ordered else "- " for _ in block.items)
        return "\n".join(_item_text(mark, item) for mark, item in zip(marks, block.items, strict=True))
    return "---"


def lines_of(block: Block) -> Iterator[str]:
    """What is shown of a block, without the marks of lists: a text for each paragraph and cell."""
    if isinstance(block, Paragraph | Heading):
        yield spans_text(block.spans)
    elif isinstance(block, CodeBlock | Maths):
        yield block.text
    elif isinstance(block, Table):
        for row in block.rows if block.continued else (block.header, *block.rows):
            yield from map(spans_text, row)
    elif isinstance(block, Quote):
        yield from _lines_of(block.blocks)
    elif isinstance(block, ListBlock):
        for item in block.items:
            yield from _lines_of(item)


def _lines_of(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        yield from lines_of(block)


def _item_text(mark: str, blocks: tuple[Block, ...]) -> str:
    lines = "\n".join(plain_text(block) for block in blocks).split("\n")
    indent = " " * len(mark)
    return "\n".join([mark + lines[0], *(indent + line for line in lines[1:])])
