"""Takes lists and quotes apart where they hold code or a formula of its own, which stand in rows of
their own: with a header, buttons and a width that can be scrolled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from engine.chat.blocks import Block, CodeBlock, ListBlock, Maths, Quote


@dataclass(frozen=True, slots=True)
class Piece:
    """A block without such things inside. `depth`: how many lists it stands in; `joined`: the piece
    before it belongs to the same block."""

    block: Block
    depth: int = 0
    quoted: bool = False
    joined: bool = False


def pieces_of(block: Block) -> Iterator[Piece]:
    """The pieces of a block in order; mostly the block itself."""
    for number, (inner, depth, quoted) in enumerate(_walk(block, 0, False)):
        yield Piece(inner, depth, quoted, number > 0)


def _walk(block: Block, depth: int, quoted: bool) -> Iterator[tuple[Block, int, bool]]:
    if isinstance(block, ListBlock) and _stands_out(block):
        yield from _walk_list(block, depth, quoted)
    elif isinstance(block, Quote) and _stands_out(block):
        for inner in block.blocks:
            yield from _walk(inner, depth, True)
    else:
        yield block, depth, quoted


def _walk_list(block: ListBlock, depth: int, quoted: bool) -> Iterator[tuple[Block, int, bool]]:
    """Items without such things stay together in one list."""
    together: list[tuple[Block, ...]] = []
    start = block.start
    for item in block.items:
        plain = tuple(takewhile(lambda inner: not _stands_out(inner), item))
        together.append(plain)
        if len(plain) == len(item):
            continue
        yield ListBlock(block.ordered, start, block.tight, tuple(together)), depth, quoted
        start += len(together)
        together = []
        for inner in item[len(plain) :]:
            yield from _walk(inner, depth + 1, quoted)
    if together:
        yield ListBlock(block.ordered, start, block.tight, tuple(together)), depth, quoted


def _stands_out(block: Block) -> bool:
    if isinstance(block, ListBlock):
        return any(_any_stands_out(item) for item in block.items)
    if isinstance(block, Quote):
        return _any_stands_out(block.blocks)
    return isinstance(block, CodeBlock | Maths)


def _any_stands_out(blocks: Sequence[Block]) -> bool:
    return any(_stands_out(block) for block in blocks)
