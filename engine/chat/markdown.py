"""Markdown that grows: closed blocks are final and keep their identity, only the tail is read again.

Any chunking of a source gives the same blocks. Four things make that so and bound the time:

- A block is closed once the next one has begun and one more line is there (a table shows itself
  only in its second line). Nothing later can change it, as reference definitions are switched off.
- Text is read in windows of at most `WINDOW_LINES` lines and about `WINDOW_CHARS` characters that
  begin where a block begins. A block that fills a whole window is cut there: lists between items,
  tables between rows (the header is carried along). A fence is followed line by line, without limit.
- A formula that begins a line holds its lines together up to a blank one, closed or not, so that
  nothing inside it becomes a block of its own before it is closed.
- A line longer than `LONG_LINE` outside a fence is shown as it is written, in pieces.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

from engine.chat.blocks import Block, CodeBlock, ListBlock, Paragraph, Span, Table, neutral
from engine.chat.markdown_reader import as_source, language_of, last_item_start, read_blocks

WINDOW_LINES = 128
WINDOW_CHARS = 16_384
LONG_LINE = 4_000

_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$")
# A last line made of these only may still become something else; it is shown when it is clear.
_MARKS = "-=`~#*>|+_: \t"


@dataclass(slots=True)
class _Fence:
    indent: int
    mark: str
    language: str
    lines: list[str] = field(default_factory=list)

    def closes(self, line: str) -> bool:
        text = line.lstrip(" ")
        if len(line) - len(text) > 3:
            return False
        text = text.rstrip(" \t")
        return len(text) >= len(self.mark) and text.strip(self.mark[0]) == ""

    def add(self, line: str) -> None:
        spaces = len(line) - len(line.lstrip(" "))
        self.lines.append(line[min(spaces, self.indent) :])


class MarkdownStream:
    """Feed it text as it arrives; ask for `closed` and `tail` when a frame is drawn."""

    def __init__(self) -> None:
        self._closed: list[Block] = []
        self._lines: deque[str] = deque()  # complete lines that are not in `_closed` yet
        self._partial: list[str] = []  # pieces of the last, incomplete line
        self._partial_chars = 0
        self._return_pending = False  # the text so far ended with "\r", maybe half of "\r\n"
        self._fence: _Fence | None = None
        self._header: tuple[str, ...] = ()  # of the table that was cut, else empty
        self._in_long_line = False
        self._fresh_lines = False
        self._tail: tuple[Block, ...] | None = ()

    @property
    def closed(self) -> list[Block]:
        """Final blocks, in order; the same list object, which only grows. Do not change it."""
        self._advance()
        return self._closed

    @property
    def tail(self) -> tuple[Block, ...]:
        """What follows the closed blocks, as it looks now. Empty after `finish`."""
        self._advance()
        if self._tail is None:
            self._tail = self._read_tail()
        return self._tail

    def feed(self, text: str) -> None:
        """Takes more of the source; costs no parsing."""
        if not text:
            return
        if self._return_pending:
            text = "\r" + text
        self._return_pending = text.endswith("\r")
        if self._return_pending:
            text = text[:-1]
        text = neutral(text.replace("\r\n", "\n").replace("\r", "\n"))
        *complete, rest = text.split("\n")
        for line in complete:
            self._add_partial(line)
            self._end_line()
        self._add_partial(rest)
        self._tail = None

    def finish(self) -> None:
        """The source is complete: every block is closed."""
        self._return_pending = False
        if self._partial_chars or self._in_long_line:
            self._end_line()
        self._advance(final=True)
        if self._fence is not None:
            self._close_fence(self._fence)
        self._tail = ()

    def _add_partial(self, text: str) -> None:
        if text:
            self._partial.append(text)
            self._partial_chars += len(text)

    def _end_line(self) -> None:
        self._lines.append("".join(self._partial))
        self._partial = []
        self._partial_chars = 0
        self._fresh_lines = True

    # closing blocks
    def _advance(self, final: bool = False) -> None:
        if self._fresh_lines or final or self._long_partial():
            self._fresh_lines = False
            while self._step(final):
                pass

    def _step(self, final: bool) -> bool:
        """One move forward; False when more text is needed."""
        if self._fence is not None:
            return self._follow_fence(self._fence)
        if self._in_long_line:
            return self._follow_long_line()
        self._skip_blank_lines()
        if not self._lines:
            return self._long_partial() and self._begin_long_line()
        if len(self._lines[0]) > LONG_LINE:
            self._emit_pieces(self._lines.popleft(), first=True)
            return True
        if self._open_fence(self._lines[0]):
            self._lines.popleft()
            return True
        return self._read_window(final)

    def _follow_fence(self, fence: _Fence) -> bool:
        while self._lines:
            line = self._lines.popleft()
            if fence.closes(line):
                self._close_fence(fence)
                return True
            fence.add(line)
        return False

    def _close_fence(self, fence: _Fence) -> None:
        self._closed.append(CodeBlock(fence.language, "\n".join(fence.lines)))
        self._fence = None

    def _open_fence(self, line: str) -> bool:
        match = _FENCE.match(line)
        if match is None:
            return False
        self._header = ()
        self._fence = _Fence(len(match[1]), match[2], language_of(match[3]))
        return True

    def _skip_blank_lines(self) -> None:
        while self._lines and not self._lines[0].strip(" \t"):
            self._lines.popleft()
            self._header = ()

    # overlong lines
    def _long_partial(self) -> bool:
        return self._fence is None and self._partial_chars > LONG_LINE

    def _begin_long_line(self) -> bool:
        rest = self._emit_pieces("".join(self._partial), first=True, keep_rest=True)
        self._partial = [rest]
        self._partial_chars = len(rest)
        self._in_long_line = True
        return True

    def _follow_long_line(self) -> bool:
        if self._lines:
            self._in_long_line = False
            self._emit_pieces(self._lines.popleft(), first=False)
            return True
        if self._partial_chars > LONG_LINE:
            rest = self._emit_pieces("".join(self._partial), first=False, keep_rest=True)
            self._partial = [rest]
            self._partial_chars = len(rest)
        return False

    def _emit_pieces(self, line: str, first: bool, keep_rest: bool = False) -> str:
        """Cuts every LONG_LINE characters; the rest (1 to LONG_LINE characters) may be kept back."""
        self._header = ()
        at = 0
        while len(line) - at > LONG_LINE:
            self._closed.append(Paragraph((Span(line[at : at + LONG_LINE]),), not first))
            first = False
            at += LONG_LINE
        if keep_rest:
            return line[at:]
        if at < len(line):
            self._closed.append(Paragraph((Span(line[at:]),), not first))
        return ""

    # windows
    def _window(self) -> tuple[list[str], bool, bool]:
        """(lines, full, a long line follows at once)."""
        lines: list[str] = []
        chars = 0
        for line in self._lines:
            if len(line) > LONG_LINE:
                return lines, False, True
            lines.append(line)
            chars += len(line)
            if len(lines) == WINDOW_LINES or chars >= WINDOW_CHARS:
                return lines, True, False
        return lines, False, self._long_partial()

    def _read_window(self, final: bool) -> bool:
        lines, full, before_long_line = self._window()
        whole = before_long_line or (final and len(lines) == len(self._lines))
        found = self._read(lines)
        ready = self._ready(found, lines, whole)
        if ready == len(found) and whole:
            self._take(found, len(lines))
        elif ready:
            self._take(found[:ready], found[ready][0])
        elif full:
            self._cut(found, lines)
        else:
            return False
        return bool(self._lines) or self._long_partial()

    def _read(self, lines: Iterable[str]) -> list[tuple[int, Block]]:
        """Blocks with the line they begin in; a cut table is read on under its header."""
        carried = len(self._header)
        found = read_blocks([*self._header, *lines])
        if not carried:
            return found
        table = found[0][1]
        found = [(start - carried, block) for start, block in found[1:]]
        if isinstance(table, Table) and table.rows:
            return [(0, replace(table, continued=True)), *found]
        return found

    def _ready(self, found: list[tuple[int, Block]], lines: list[str], whole: bool) -> int:
        """How many of the blocks are final. A fence is left to be followed by itself."""
        for index, (start, _) in enumerate(found[1:], 1):
            if _FENCE.match(lines[start]):
                return index
        if whole:
            return len(found)
        return sum(start + 2 <= len(lines) for start, _ in found[1:])

    def _take(self, found: list[tuple[int, Block]], line_count: int) -> None:
        self._closed.extend(block for _, block in found)
        for _ in range(line_count):
            self._lines.popleft()
        self._header = ()

    def _cut(self, found: list[tuple[int, Block]], lines: list[str]) -> None:
        """Nothing in a full window is final: close its first part by force."""
        if len(found) > 1:
            self._take(found[:-1], found[-1][0])
        elif found and isinstance(found[0][1], ListBlock) and (start := last_item_start(lines)):
            self._take(self._read(lines[:start]), start)
        elif found and isinstance(found[0][1], Table):
            header = self._header or tuple(lines[:2])
            self._take(found, len(lines))
            self._header = header
        else:
            self._take(found or [(0, as_source(lines))], len(lines))

    # the tail
    def _read_tail(self) -> tuple[Block, ...]:
        partial = "".join(self._partial)
        if self._fence is not None:
            return (self._open_code(self._fence, partial),)
        if self._in_long_line:
            return (Paragraph((Span(partial),), True),) if partial else ()
        lines = list(islice(self._lines, WINDOW_LINES + 1))
        if partial.strip(_MARKS):
            lines.append(partial)
        if not any(line.strip() for line in lines):
            return ()
        blocks = [block for _, block in self._read(lines)]
        if blocks and isinstance(blocks[-1], CodeBlock):
            blocks[-1] = replace(blocks[-1], closed=False)
        return tuple(blocks)

    @staticmethod
    def _open_code(fence: _Fence, partial: str) -> CodeBlock:
        shown = fence.lines
        # Part of what may become the closing mark is not shown yet.
        if partial.strip(fence.mark[0] + " \t"):
            shown = [*shown, partial[min(len(partial) - len(partial.lstrip(" ")), fence.indent) :]]
        return CodeBlock(fence.language, "\n".join(shown), closed=False)


def parse_markdown(source: str) -> tuple[Block, ...]:
    """All blocks of a complete source."""
    stream = MarkdownStream()
    stream.feed(source)
    stream.finish()
    return tuple(stream.closed)
