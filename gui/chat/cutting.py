"""The part of a block that is selected, as a block. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.chat.blocks import Block, Heading, ListBlock, Paragraph, Quote, Spans, Table

Places = Sequence[tuple[int, int]]  # of the spans of one text: begin and end in the document


def cut(block: Block, places: Iterator[Places], start: int, end: int) -> Block | None:
    """What lies between two characters of the block's document; None if nothing does.

    `places` are those of all texts of the block, in order."""
    if isinstance(block, Paragraph | Heading):
        spans = _cut_spans(block.spans, next(places, ()), start, end)
        return replace(block, spans=spans) if spans else None
    if isinstance(block, Quote):
        kept = tuple(part for inner in block.blocks if (part := cut(inner, places, start, end)))
        return Quote(kept) if kept else None
    if isinstance(block, ListBlock):
        return _cut_list(block, places, start, end)
    if isinstance(block, Table):
        return _cut_table(block, places, start, end)
    return block


def _cut_list(block: ListBlock, places: Iterator[Places], start: int, end: int) -> ListBlock | None:
    items = [
        tuple(part for inner in item if (part := cut(inner, places, start, end))) for item in block.items
    ]
    first = next((number for number, item in enumerate(items) if item), 0)
    kept = tuple(item for item in items if item)
    return replace(block, start=block.start + first, items=kept) if kept else None


def _cut_table(block: Table, places: Iterator[Places], start: int, end: int) -> Table | None:
    """Whole rows, under the header."""
    shown = block.rows if block.continued else (block.header, *block.rows)
    touched = []
    for row in shown:
        cells = [_cut_spans(cell, next(places, ()), start, end) for cell in row]
        touched.append(any(cells))
    rows = tuple(
        row for row, inside in zip(shown, touched, strict=True) if inside and row is not block.header
    )
    return replace(block, rows=rows, continued=False) if any(touched) else None


def _cut_spans(spans: Spans, places: Places, start: int, end: int) -> Spans:
    kept = []
    for span, (begin, stop) in zip(spans, places, strict=False):
        first, last = max(start, begin), min(end, stop)
        if first >= last:
            continue
        # A formula is taken whole. Letters beyond U+FFFF are two characters in a document.
        units = span.text.encode("utf-16-le", "surrogatepass")
        part = units[2 * (first - begin) : 2 * (last - begin)].decode("utf-16-le", "replace")
        kept.append(span if span.maths else replace(span, text=part))
    return tuple(kept)
