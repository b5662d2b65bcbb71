"""One message of the transcript: its rows, made when it comes into sight, and grown while it streams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from engine.chat.attachments import files_of
from engine.chat.blocks import Block
from engine.chat.conversation import ChatMessage, MessageState, PartKind, Role
from engine.chat.markdown import MarkdownStream, parse_markdown
from gui.chat.answer_rows import FooterRow, FooterWords, ThoughtRow
from gui.chat.block_rows import rows_of
from gui.chat.look import Look
from gui.chat.part_rows import (
    AskedTool,
    Detail,
    DetailsRow,
    FileRow,
    ImageRow,
    MarkRow,
    SummaryRow,
    VersionsRow,
    VersionWords,
    asked_tool,
    tool_rows,
)
from gui.chat.rows import Row
from gui.chat.text_rows import bubble_rows


@dataclass(frozen=True, slots=True)
class Thought:
    """How long the model thought, as far as is known. `done`: its answer has begun."""

    tokens: int
    seconds: float
    done: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """Gives the words of a message's own rows; made by the transcript, which can translate."""

    thought: Callable[[Thought], str]
    footer: Callable[[ChatMessage], FooterWords]
    details: Callable[[ChatMessage], tuple[str, tuple[Detail, ...]]]
    reading: Callable[[ChatMessage], tuple[str, str]]  # (the line where it begins, the summary's title)
    tool: Callable[[AskedTool], str]
    versions: Callable[[ChatMessage], VersionWords | None]


class BlockRows:
    """The rows of a Markdown stream. Those of closed blocks stay; the others are compared and reused."""

    def __init__(self, reasoning: bool) -> None:
        self.stream = MarkdownStream()
        self.rows: list[Row] = []
        self._reasoning = reasoning
        self._blocks_done = 0
        self._rows_done = 0

    def update(self, grown: Callable[[Row, Row], None]) -> None:
        """Reads what is new; calls `grown(old, new)` where a row took the place of another."""
        closed = self.stream.closed
        fresh = [row for block in closed[self._blocks_done :] for row in self._rows_of(block)]
        final = self._rows_done + len(fresh)
        fresh += [row for block in self.stream.tail for row in self._rows_of(block)]
        old = self.rows[self._rows_done :]
        for at, (before, now) in enumerate(zip(old, fresh, strict=False)):
            if before.same(now):
                before.__dict__.update(_shared(now))
                fresh[at] = before
            else:
                now.height = before.height
                grown(before, now)
        self.rows[self._rows_done :] = fresh
        self._blocks_done = len(closed)
        self._rows_done = final

    def _rows_of(self, block: object) -> Iterator[Row]:
        return rows_of(block, self._reasoning)  # type: ignore[arg-type]


def _shared(row: Row) -> dict[str, object]:
    """What a kept row takes from its equal: the whole code it is a slice of."""
    return {"code": row.__dict__["code"]} if "code" in row.__dict__ else {}


class MessageBox:
    """`rows` is None until `unfold`; the height is then an estimate made from the text's length."""

    def __init__(self, message: ChatMessage, live: bool) -> None:
        self.message = message
        self.live = live
        self.opened = False  # the reasoning, or the summary
        self.details_opened = False
        self.rows: list[Row] | None = None
        self.thought = Thought(0, 0.0, False)
        self._answer: BlockRows | None = None
        self._reasoning: BlockRows | None = None
        self._guess = (-1.0, 0.0)  # (width, height)
        self._extent: tuple[int, int] | None = None  # line breaks and characters of the text
        self._kept = 0.0  # height when last unfolded
        self._height: float | None = None
        self._fed = 0  # characters given to the streams

    @property
    def assistant(self) -> bool:
        return self.message.role is Role.ASSISTANT

    def height(self, look: Look, width: float) -> float:
        """Pixels; exact as far as the rows are measured."""
        if self.rows is not None:
            if self._height is None:
                self._height = sum(row.height for row in self.rows)
            return self._height
        if self._kept:
            return self._kept
        if self._guess[0] != width:
            self._guess = (width, self._estimate(look, width))
        return self._guess[1]

    def touched(self) -> None:
        """A row's height changed."""
        self._height = None

    def forget_heights(self) -> None:
        """Words have another size now."""
        self._guess, self._kept, self._height = (-1.0, 0.0), 0.0, None
        for row in self.rows or ():
            if row.measured_for != math.inf:
                row.measured_for = -1.0

    def _estimate(self, look: Look, width: float) -> float:
        if self.message.role is Role.SYSTEM:
            return 0.0
        if self._extent is None:
            text = self.message.text()
            self._extent = (text.count("\n"), len(text))
        breaks, letters = self._extent
        lines = breaks * 0.7 + 1 + letters * 8.0 / max(width, 100.0)
        marked = 94.0 if is_reading_start(self.message) else 0.0
        return lines * look.line + (90.0 if self.assistant else 44.0) + marked

    def unfold(self, look: Look, width: float, wording: Wording) -> list[Row]:
        """The rows, made if need be."""
        if self.rows is None:
            if self._answer is None:
                self._begin_streams()
            self._compose(look, width, wording, _nothing)
        assert self.rows is not None
        return self.rows

    def source(self) -> str:
        """As it was written, what is folded included."""
        return self.message.text(self._folded_kind) + "\n" + self.message.text()

    @property
    def _folded_kind(self) -> PartKind:
        return PartKind.REASONING if self.assistant else PartKind.SUMMARY

    def lines(self) -> Iterator[str]:
        """What can be found in it, line by line, in the order it is shown; what is folded comes first.

        Reads the Markdown where it has to."""
        yield from self.folded_lines()
        for row in self._unmade_rows() if self.rows is None else self.rows:
            yield from row.lines()

    def folded_lines(self) -> Iterator[str]:
        """Of the reasoning or the summary; nothing where that is open."""
        if not self.opened:
            yield from self._lines_of(self._reasoning, self._folded_kind)

    def _lines_of(self, read: BlockRows | None, kind: PartKind) -> Iterator[str]:
        for block in self._blocks(read, kind):
            for row in rows_of(block, True):
                yield from row.lines()

    def words(self) -> list[str]:
        """Its blocks as text, for screen readers. Makes no rows that stay."""
        rows = self._unmade_rows() if self.rows is None else self.rows
        return [text for row in rows if (text := row.text().strip())]

    def _unmade_rows(self) -> Iterator[Row]:
        if self.message.role is Role.SYSTEM:
            return
        if self.opened:
            for block in self._blocks(self._reasoning, self._folded_kind):
                yield from rows_of(block, True)
        if self.assistant:
            for block in self._blocks(self._answer, PartKind.TEXT):
                yield from rows_of(block, False)
        else:
            yield from bubble_rows(self.message.text())

    def _blocks(self, read: BlockRows | None, kind: PartKind) -> Iterable[Block]:
        if read is None:
            return parse_markdown(self.message.text(kind))
        return *read.stream.closed, *read.stream.tail

    def fold_up(self) -> None:
        """Gives the rows back; the height stays as it was measured."""
        if self.rows is None or self.live:
            return
        self._kept = sum(row.height for row in self.rows)
        self.rows = self._answer = self._reasoning = None

    def append(self, text: str, reasoning: bool) -> None:
        """More of a live answer. Costs nothing until `refresh`."""
        if self._answer is None:
            self._begin_streams()
        assert self._answer is not None and self._reasoning is not None
        (self._reasoning if reasoning else self._answer).stream.feed(text)
        self._fed += len(text)

    def refresh(self, look: Look, width: float, wording: Wording, grown: Callable[[Row, Row], None]) -> None:
        """Brings the rows up to date after `append`, `end` or a change of words."""
        if self.rows is not None:
            self._compose(look, width, wording, grown)

    def end(self, message: ChatMessage) -> None:
        """The answer is written; `message` is how it was stored. What is shown already stays."""
        same = self.live and self._answer is not None and self._fed == _length(message)
        self.message = message
        self.live = False
        self._extent = None
        if same:
            assert self._answer is not None and self._reasoning is not None
            self._answer.stream.finish()
            self._reasoning.stream.finish()
        else:
            self._answer = self._reasoning = None
            if self.rows is not None:
                self._begin_streams()

    def _begin_streams(self) -> None:
        self._answer, self._reasoning = BlockRows(False), BlockRows(True)
        if self.assistant:
            self._reasoning.stream.feed(self.message.text(PartKind.REASONING))
            self._answer.stream.feed(self.message.text())
            self._fed = _length(self.message)
        elif is_reading_start(self.message):
            self._reasoning.stream.feed(self.message.text(PartKind.SUMMARY))
        if not self.live:
            self._answer.stream.finish()
            self._reasoning.stream.finish()

    def _compose(self, look: Look, width: float, wording: Wording, grown: Callable[[Row, Row], None]) -> None:
        rows = list(self._rows(wording, grown))
        for row in rows:
            if not row.height:
                row.height = row.estimate(look, width)
        self.rows = rows
        self._height = None

    def _rows(self, wording: Wording, grown: Callable[[Row, Row], None]) -> Iterator[Row]:
        if self.message.role is Role.SYSTEM:
            return
        assert self._answer is not None and self._reasoning is not None
        if not self.assistant:
            if is_reading_start(self.message):
                yield from self._mark_rows(wording, grown)
            files = files_of(self.message)
            for file in files:
                yield ImageRow(file.name, file.image) if file.image else FileRow(file.name)
            if self.message.text() or not files:
                yield from bubble_rows(self.message.text())
            yield from self._version_rows(wording)
            return
        self._answer.update(grown)
        if self.has_reasoning:
            yield ThoughtRow(wording.thought(self.known_thought()), self.opened)
            if self.opened:
                self._reasoning.update(grown)
                yield from self._reasoning.rows
        yield from self._answer.rows
        for part in self.message.parts:
            if part.kind is PartKind.TOOL_CALL:
                tool = asked_tool(part.body)
                yield from tool_rows(tool, wording.tool(tool))
        if not self.live:
            yield from self._end_rows(wording)

    def _mark_rows(self, wording: Wording, grown: Callable[[Row, Row], None]) -> Iterator[Row]:
        """Above a question: the model begins to read here, after the summary if there is one."""
        assert self._reasoning is not None
        line, title = wording.reading(self.message)
        yield MarkRow(line)
        if self.has_reasoning:
            yield SummaryRow(title, self.opened)
            if self.opened:
                self._reasoning.update(grown)
                yield from self._reasoning.rows

    def _end_rows(self, wording: Wording) -> Iterator[Row]:
        yield from self._version_rows(wording)
        yield FooterRow(wording.footer(self.message))
        title, details = wording.details(self.message)
        if self.details_opened and details:
            yield DetailsRow(title, details)

    def _version_rows(self, wording: Wording) -> Iterator[Row]:
        words = wording.versions(self.message)
        if words is not None:
            yield VersionsRow(words)

    @property
    def has_reasoning(self) -> bool:
        return bool(self._reasoning and (self._reasoning.stream.closed or self._reasoning.stream.tail))

    def known_thought(self) -> Thought:
        """From the stored figures where there are some, else from what was seen live."""
        stats = self.message.stats
        if stats is not None and stats.reasoning_tokens and not self.live:
            return Thought(stats.reasoning_tokens, stats.reasoning_s, True)
        return self.thought


def _nothing(old: Row, new: Row) -> None:
    return None


def _length(message: ChatMessage) -> int:
    return len(message.text()) + len(message.text(PartKind.REASONING))


def is_reading_start(message: ChatMessage) -> bool:
    """True for a question where reading begins: what is above is not read, or summed up."""
    return any(part.kind is PartKind.SUMMARY for part in message.parts)


def is_unfinished(message: ChatMessage) -> bool:
    """True for an answer that can be carried on."""
    unfinished = (
        MessageState.STOPPED,
        MessageState.INTERRUPTED,
        MessageState.CUT,
        MessageState.STREAMING,
    )
    return message.role is Role.ASSISTANT and message.state in unfinished
