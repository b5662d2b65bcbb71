"""Which rows show a block of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from engine.chat.blocks import Block, CodeBlock, Maths, Quote
from engine.chat.pieces import pieces_of
from gui.chat.code_rows import CodeRow
from gui.chat.highlight import CodeText
from gui.chat.maths_rows import MathsRow
from gui.chat.rows import Place, Row
from gui.chat.text_rows import TextRow, slices


def rows_of(block: Block, reasoning: bool) -> Iterator[Row]:
    """Its rows from top to bottom."""
    for piece in pieces_of(block):
        inner = piece.block
        quoted = piece.quoted or isinstance(inner, Quote)
        place = Place(reasoning, piece.depth, quoted, piece.joined)
        if isinstance(inner, CodeBlock):
            yield from _code_rows(inner, place)
        elif isinstance(inner, Maths):
            yield MathsRow(inner, place)
        else:
            yield TextRow(inner, place)


def _code_rows(block: CodeBlock, place: Place) -> Iterator[Row]:
    code = CodeText(block.language, block.text, block.closed)
    for start, end in slices(block.text):
        yield CodeRow(code, block.closed, start, end, place)
