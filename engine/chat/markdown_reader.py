"""Reads a bounded piece of Markdown into blocks, with markdown-it. HTML is text, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.chat.blocks import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    Maths,
    Paragraph,
    Quote,
    Rule,
    Span,
    Spans,
    Table,
)
from engine.chat.maths import add_maths

# markdown-it drops what is nested deeper; such a block is shown as its source instead.
MAX_NESTING = 24
MAX_COLUMNS = 40

_LINK = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"https?://[^\s<>\"'`（）()，。；、]*[^\s<>\"'`（）()，。；、.,;:!?*_~\]\[]")


def is_safe_link(address: str) -> bool:
    """True for http, https and mailto, the only addresses that may be clicked."""
    return _LINK.match(address) is not None


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    # A reference definition changes blocks far above it, which would never be final in a stream.
    parser.disable(["reference", "html_block", "html_inline"])
    add_maths(parser)
    # markdown-it documents this as the place to decide which addresses are links.
    parser.validateLink = is_safe_link  # type: ignore[method-assign,assignment]
    return parser


_parser = _make_parser()


def read_blocks(lines: Sequence[str]) -> list[tuple[int, Block]]:
    """Top-level blocks of complete lines, each with the index of its first line."""
    tokens = _parser.parse("\n".join(lines))
    groups = list(_top_level(tokens))
    starts = [group[0].map[0] if group[0].map else 0 for group in groups]
    ends = [*starts[1:], len(lines)][: len(groups)]
    return [
        (start, _block_or_source(group, lines[start:end]))
        for group, start, end in zip(groups, starts, ends, strict=True)
    ]


def last_item_start(lines: Sequence[str]) -> int:
    """First line of the last top-level item of the list those lines hold; 0 if there is only one."""
    items = [token for token in _parser.parse("\n".join(lines)) if token.type == "list_item_open"]
    outer = [token.map[0] for token in items if token.level == 1 and token.map]
    return outer[-1] if outer else 0


def as_source(lines: Sequence[str]) -> Paragraph:
    """Lines shown as they are written."""
    return Paragraph((Span("\n".join(lines).rstrip()),))


def _top_level(tokens: list[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield group
            group = []


def _block_or_source(group: list[Token], lines: Sequence[str]) -> Block:
    if max(token.level for token in group) >= MAX_NESTING - 1:
        return as_source(lines)
    block = next(_Reader(group).blocks())
    if isinstance(block, Table) and len(block.header) > MAX_COLUMNS:
        return as_source(lines)
    return block


class _Reader:
    """Walks the flat token list; recursion is bounded by MAX_NESTING."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def blocks(self, until: str = "") -> Iterator[Block]:
        """Blocks up to the closing token of that type, which is consumed."""
        while self._at < len(self._tokens):
            token = self._next()
            if token.type == until:
                return
            yield self._block(token)

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _block(self, token: Token) -> Block:
        if token.type == "heading_open":
            return Heading(int(token.tag[1]), self._inline())
        if token.type in ("fence", "code_block"):
            return CodeBlock(language_of(token.info), token.content.removesuffix("\n"))
        if token.type == "blockquote_open":
            return Quote(tuple(self.blocks("blockquote_close")))
        if token.type in ("bullet_list_open", "ordered_list_open"):
            return self._list(token)
        if token.type == "table_open":
            return self._table()
        if token.type == "hr":
            return Rule()
        if token.type == "maths_block":
            return Maths(token.content)
        return Paragraph(self._inline())

    def _inline(self) -> Spans:
        """The spans of an inline token; its closing token is consumed."""
        content = self._next()
        self._next()
        return read_spans(content.children or [])

    def _list(self, opening: Token) -> ListBlock:
        ordered = opening.type == "ordered_list_open"
        items: list[tuple[Block, ...]] = []
        tight = True
        while self._next().type == "list_item_open":
            first = self._tokens[self._at]
            tight = tight and (first.type != "paragraph_open" or first.hidden)
            items.append(tuple(self.blocks("list_item_close")))
        start = opening.attrGet("start")
        return ListBlock(ordered, int(start) if start is not None else 1, tight, tuple(items))

    def _table(self) -> Table:
        rows: list[tuple[Spans, ...]] = []
        alignments: list[str] = []
        row: list[Spans] = []
        while (token := self._next()).type != "table_close":
            if token.type in ("th_open", "td_open"):
                if token.type == "th_open":
                    alignments.append(str(token.attrGet("style") or "").removeprefix("text-align:"))
                row.append(self._inline())
            elif token.type == "tr_close":
                rows.append(tuple(row))
                row = []
        return Table(tuple(alignments), rows[0], tuple(rows[1:]))


def language_of(info: str) -> str:
    """The language in the info string of a fence: its first word."""
    words = info.split(maxsplit=1)
    return words[0][:40] if words else ""


def read_spans(tokens: list[Token]) -> Spans:
    """Inline tokens as spans; neighbours of one style are one span."""
    spans: list[Span] = []
    depth = {"strong": 0, "em": 0, "s": 0}
    links: list[str] = []
    for token in tokens:
        name, _, edge = token.type.rpartition("_")
        if name in depth:
            depth[name] += token.nesting
        elif token.type == "link_open":
            links.append(str(token.attrGet("href") or ""))
        elif edge == "close" and name == "link":
            links.pop()
        else:
            link = links[-1] if links else ""
            for text, target in _texts(token, link):
                style = (depth["strong"] > 0, depth["em"] > 0, depth["s"] > 0, token.type == "code_inline")
                _append(spans, Span(text, *style, target, token.type == "maths_inline"))
    return tuple(spans)


def _texts(token: Token, link: str) -> Iterator[tuple[str, str]]:
    """(text, link) pieces of one inline token."""
    if token.type in ("softbreak", "hardbreak"):
        yield "\n", link
    elif token.type == "image":
        yield from _image(token)
    elif token.type == "text" and not link:
        yield from _with_bare_addresses(token.content)
    else:
        yield token.content, link


def _image(token: Token) -> Iterator[tuple[str, str]]:
    """Images are never loaded: their text and their address."""
    address = str(token.attrGet("src") or "")
    if token.content:
        yield f"{token.content} (", ""
        yield address, address
        yield ")", ""
    else:
        yield address, address


def _with_bare_addresses(text: str) -> Iterator[tuple[str, str]]:
    done = 0
    for match in _BARE_ADDRESS.finditer(text):
        yield text[done : match.start()], ""
        yield match.group(), match.group()
        done = match.end()
    yield text[done:], ""


def _append(spans: list[Span], span: Span) -> None:
    if not span.text:
        return
    # Formulas stay apart: each is drawn as one.
    if spans and not span.maths and replace(spans[-1], text="") == replace(span, text=""):
        spans[-1] = replace(span, text=spans[-1].text + span.text)
    else:
        spans.append(span)
