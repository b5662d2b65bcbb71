"""From the bytes of tokens to pieces of text that may be shown, and calls of tools."""

from __future__ import annotations

from collections.abc import Iterable

from engine.chat.reasoning import Phase, Piece, ReasoningSplitter
from engine.runtime.values import ToolCall
from engine.runtime.worker.answer_format import THINK, AnswerFormat
from engine.runtime.worker.detokenize import Utf8Stream
from engine.runtime.worker.harmony import HarmonyReader
from engine.runtime.worker.stops import StopFilter
from engine.runtime.worker.tool_calls import ToolCallParser
from engine.runtime.worker.tool_formats import Schemas

Part = Piece | ToolCall


class AnswerText:
    """From bytes of tokens to what may be shown: characters, reasoning, calls, stop strings."""

    def __init__(
        self,
        phase: Phase,
        stops: tuple[str, ...],
        form: AnswerFormat = THINK,
        schemas: Schemas | None = None,
        strict: frozenset[str] = frozenset(),
    ) -> None:
        """`schemas`: the parameters of each tool that may be called, None when none may; `strict`: those
        tools of which a call that does not keep to them is none."""
        self._characters = Utf8Stream()
        self._splitter: HarmonyReader | ReasoningSplitter
        self._calls: ToolCallParser | None = None
        if form.harmony:
            self._splitter = HarmonyReader(phase, schemas, strict)
        else:
            self._splitter = ReasoningSplitter(phase, form.open_tag, form.close_tag)
            self._calls = ToolCallParser(form.tools, schemas, strict) if schemas else None
        self._filter = StopFilter(stops)
        self.called = False  # a call was read

    @property
    def in_reasoning(self) -> bool:
        return self._splitter.in_reasoning

    @property
    def phase(self) -> Phase:
        return self._splitter.phase

    @property
    def settled(self) -> bool:
        """All that comes now belongs to the answer."""
        return self._splitter.settled

    @property
    def may_stop(self) -> bool:
        """There are stop strings."""
        return self._filter.wanted

    @property
    def stopped(self) -> bool:
        """A stop string has come."""
        return self._filter.hit

    def feed(self, raw: bytes) -> list[Part]:
        return self._filtered(self._parsed(self._splitter.feed(self._characters.feed(raw))))

    def finish(self, complete: bool = True) -> list[Part]:
        """What was held back. An answer that is not `complete` may have been cut inside a character: its
        first bytes are left out, so that whoever carries on writes the whole of it."""
        rest_of_characters = self._characters.finish() if complete else ""
        parts = [*self._splitter.feed(rest_of_characters), *self._splitter.finish()]
        rest = _pieces(self._calls.finish()) if self._calls else []
        return [*self._filtered([*self._parsed(parts), *rest]), *_piece(self._filter.finish())]

    def _parsed(self, parts: Iterable[Part]) -> Iterable[Part]:
        if self._calls is None:
            return parts
        found: list[Part] = []
        for part in parts:
            if isinstance(part, ToolCall) or part.is_reasoning:
                found.append(part)
            else:
                found += _pieces(self._calls.feed(part.text))
        return found

    def _filtered(self, parts: Iterable[Part]) -> list[Part]:
        shown: list[Part] = []
        for part in parts:
            if isinstance(part, ToolCall):
                if not self._filter.hit:
                    self.called = True
                    shown += [*_piece(self._filter.finish()), part]
            elif part.is_reasoning:
                # Stop strings end an answer; what is thought on the way may hold them.
                shown.append(part)
            else:
                shown += _piece(self._filter.feed(part.text))
        return shown


def _pieces(found: Iterable[str | ToolCall]) -> list[Part]:
    return [each if isinstance(each, ToolCall) else Piece(each, is_reasoning=False) for each in found]


def _piece(text: str) -> list[Part]:
    return [Piece(text, is_reasoning=False)] if text else []
