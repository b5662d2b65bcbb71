"""Writes blocks as Markdown again, so that a part of an answer can be copied as it was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count, groupby

from engine.chat.blocks import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    Maths,
    Paragraph,
    Quote,
    Span,
    Spans,
    Table,
)

_SPECIAL = re.compile(r"([\\`*\[\]<~$|]|(?<!\w)_|_(?!\w))")
_LINE_START = re.compile(r"^(\s*\d*)([#>+-]|(?<=\d)[.)](?=\s|$))", re.MULTILINE)
_BACKTICKS = re.compile(r"`+")
_ALIGNMENTS = {"left": ":---", "center": ":---:", "right": "---:"}


def markdown_of(block: Block) -> str:
    """Without a line break at its end."""
    if isinstance(block, Paragraph):
        return _LINE_START.sub(r"\1\\\2", spans_markdown(block.spans))
    if isinstance(block, Heading):
        return f"{'#' * block.level} {spans_markdown(block.spans)}"
    if isinstance(block, CodeBlock):
        return fenced(block.text, block.language)
    if isinstance(block, Maths):
        return block.text
    if isinstance(block, Quote):
        return _prefixed(_joined(block.blocks, "\n\n"), "> ", "> ")
    if isinstance(block, ListBlock):
        return _list(block)
    if isinstance(block, Table):
        return "\n".join(_table(block))
    return "---"


def fenced(text: str, language: str = "") -> str:
    """Code between fences that do not occur in it."""
    longest = max((len(found) for found in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.removesuffix(chr(10))}\n{fence}"


def spans_markdown(spans: Spans) -> str:
    return "".join(_linked(link, list(run)) for link, run in groupby(spans, lambda span: span.link))


def _linked(link: str, spans: list[Span]) -> str:
    if link and "".join(span.text for span in spans) == link:
        return link
    written = "".join(map(_span, spans))
    return f"[{written}]({link})" if link else written


def _span(span: Span) -> str:
    """Marks have to touch letters: spaces stay outside of them."""
    body = span.text.strip()
    if not body:
        return span.text
    before, _, after = span.text.partition(body)
    if span.maths:
        written = body
    elif span.code:
        tick = "`" * (max((len(found) for found in _BACKTICKS.findall(body)), default=0) + 1)
        pad = " " if body.startswith("`") or body.endswith("`") else ""
        written = f"{tick}{pad}{body}{pad}{tick}"
    else:
        written = _SPECIAL.sub(r"\\\1", body)
    for mark, wanted in (("~~", span.strike), ("*", span.italic), ("**", span.bold)):
        written = f"{mark}{written}{mark}" if wanted else written
    return f"{before}{written}{after}"


def _list(block: ListBlock) -> str:
    numbers = count(block.start)
    items = []
    for item in block.items:
        mark = f"{next(numbers)}. " if block.ordered else "- "
        items.append(_prefixed(_joined(item, "\n" if block.tight else "\n\n"), mark, " " * len(mark)))
    return ("\n" if block.tight else "\n\n").join(items)


def _table(block: Table) -> Iterator[str]:
    yield _row(block.header)
    yield "|" + "|".join(_ALIGNMENTS.get(name, "---") for name in block.alignments) + "|"
    yield from map(_row, block.rows)


def _row(cells: Iterable[Spans]) -> str:
    return "| " + " | ".join(spans_markdown(cell).replace("\n", " ") for cell in cells) + " |"


def _joined(blocks: Iterable[Block], joint: str) -> str:
    return joint.join(map(markdown_of, blocks))


def _prefixed(text: str, first: str, others: str) -> str:
    head, *rest = text.split("\n")
    return "\n".join([first + head, *((others + line).rstrip() for line in rest)])
