"""Answers of gpt-oss: messages in channels, thoughts in one and the answer in another.

    <|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...
    <|channel|>commentary to=functions.NAME <|constrain|>json<|message|>{...}<|call|>

The prompt ends with the header's beginning, so that an answer begins with `<|channel|>`.
"""

from __future__ import annotations

import re

from engine.chat.reasoning import Phase, Piece, held_back
from engine.runtime.values import ToolCall
from engine.runtime.worker.taking import takes
from engine.runtime.worker.tool_formats import Malformed, Schemas, made_call

CHANNEL, MESSAGE, _START, _END, _CONSTRAIN = (
    "<|channel|>",
    "<|message|>",
    "<|start|>",
    "<|end|>",
    "<|constrain|>",
)
HARMONY_TAGS = (CHANNEL, MESSAGE, _START, _END, _CONSTRAIN)
_LONGEST_HEADER = 512  # characters
_LONGEST_CALL = 256 * 1024
_RECIPIENT = re.compile(r"to=(?:functions\.)?([\w.-]{1,256})")


class HarmonyReader:
    """Feed it text in any chunks; the parts, joined by kind, are always the same."""

    def __init__(
        self,
        phase: Phase = Phase.OPENED,
        schemas: Schemas | None = None,
        strict: frozenset[str] = frozenset(),
    ) -> None:
        """`phase`: REASONING or ANSWER, to go on inside such a message; all else is a header.
        `schemas`: the parameters of each tool that may be called, None when none may; `strict`: those
        tools of which a call that does not keep to them is none."""
        self._strict = strict
        self._schemas = schemas or {}
        self._phase = phase if phase in (Phase.REASONING, Phase.ANSWER) else Phase.OPENED
        self._recipient = ""  # the tool that the message is for
        self._held = ""

    @property
    def phase(self) -> Phase:
        """OPENED within a header."""
        return self._phase

    @property
    def in_reasoning(self) -> bool:
        return self._phase in (Phase.OPENED, Phase.REASONING)

    @property
    def settled(self) -> bool:
        """Never: a further channel may hold reasoning again."""
        return False

    def feed(self, text: str) -> list[Piece | ToolCall]:
        """What is certain now; the rest is held until more is known."""
        self._held += text
        parts: list[Piece | ToolCall] = []
        while (more := self._header() if self._phase is Phase.OPENED else self._body()) is not None:
            parts += more
        return parts

    def finish(self) -> list[Piece | ToolCall]:
        """What was held back, once the answer has ended."""
        text, self._held = self._held, ""
        return [] if self._phase is Phase.OPENED else self._message(text)

    # None when more text is needed
    def _header(self) -> list[Piece | ToolCall] | None:
        header, mark, rest = self._held.partition(MESSAGE)
        if not mark:
            if len(self._held) > _LONGEST_HEADER:  # not what it should be: shown rather than lost
                self._phase = Phase.ANSWER
                return []
            return None
        self._held = rest
        recipient = _RECIPIENT.search(header)
        self._recipient = recipient[1] if recipient else ""
        thinks = self._recipient or header.rpartition(CHANNEL)[2].strip().startswith("analysis")
        self._phase = Phase.REASONING if thinks else Phase.ANSWER
        return []

    def _body(self) -> list[Piece | ToolCall] | None:
        places = [place for tag in (_END, _START) if (place := self._held.find(tag)) >= 0]
        if places:
            body, self._held = self._held[: min(places)], self._held[min(places) :]
            parts = self._message(body)
            self._phase, self._recipient = Phase.OPENED, ""
            return parts
        if self._recipient:
            if len(self._held) > _LONGEST_CALL:
                self._recipient, self._phase = "", Phase.ANSWER
                return []
            return None
        keep = max(held_back(self._held, tag) for tag in (_END, _START))
        text, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return self._pieces(text) if text else None

    def _message(self, text: str) -> list[Piece | ToolCall]:
        """The last of a message: for a tool, a call; what is none is given out as text."""
        if not self._recipient:
            return self._pieces(text)
        if self._recipient not in self._schemas:  # made up; its name stands in the header only
            return [Piece(f"{self._recipient} {text}", is_reasoning=False)]
        try:
            call = made_call(self._recipient, text)
        except Malformed:
            call = None
        if call is not None and takes(self._schemas, self._strict, call):
            return [call]
        return [Piece(text, is_reasoning=False)] if text else []

    def _pieces(self, text: str) -> list[Piece | ToolCall]:
        return [Piece(text, is_reasoning=self._phase is Phase.REASONING)] if text else []


def messages_so_far(thought: str, answer: str) -> tuple[str, Phase]:
    """What was answered already, behind the beginning of a header, and where it goes on."""
    written = f"{CHANNEL}analysis{MESSAGE}{thought}" if thought else ""
    if not answer:
        return written, Phase.REASONING if thought else Phase.OPENED
    between = f"{_END}{_START}assistant" if thought else ""
    return f"{written}{between}{CHANNEL}final{MESSAGE}{answer}", Phase.ANSWER
