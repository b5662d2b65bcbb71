"""Splits a streamed answer into reasoning and answer, without I/O and whatever the chunks.

Models of the R1 and Qwen3 families write `<think>`, their reasoning, `</think>` and then the
answer. Some chat templates already open the tag in the prompt, so that the stream begins
inside it. Only a tag at the very beginning counts: a plain model may talk about the tag.

Other families have tags of their own. White space around the tags is layout and is dropped;
everything else passes unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

OPEN_TAG = "<think>"
CLOSE_TAG = "</think>"


class Phase(Enum):
    """Where in an answer a stream is, or begins."""

    UNDECIDED = auto()  # an answer, unless the opening tag comes first
    OPENED = auto()  # the prompt ended in the opening tag
    REASONING = auto()  # in the middle of the reasoning
    CLOSED = auto()  # behind the closing tag, before the first character of the answer
    ANSWER = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    is_reasoning: bool


class ReasoningSplitter:
    """Feed it text in any chunks; the pieces, joined by kind, are always the same."""

    def __init__(
        self, phase: Phase = Phase.UNDECIDED, open_tag: str = OPEN_TAG, close_tag: str = CLOSE_TAG
    ) -> None:
        self._phase = phase
        self._open_tag = open_tag
        self._close_tag = close_tag
        self._held = ""
        self._at_start = phase is not Phase.REASONING  # nothing of the reasoning was passed on yet

    @property
    def in_reasoning(self) -> bool:
        """The next text belongs to the reasoning, as far as is known."""
        return self._phase in (Phase.OPENED, Phase.REASONING)

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def settled(self) -> bool:
        """No reasoning comes any more."""
        return self._phase is Phase.ANSWER

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain now; the rest is held until more is known."""
        if self._phase is Phase.ANSWER and not self._held:
            return [Piece(text, is_reasoning=False)] if text else []
        self._held += text
        pieces: list[Piece] = []
        if self._phase in (Phase.UNDECIDED, Phase.OPENED):
            self._begin()
        if self._phase is Phase.REASONING:
            pieces += self._reason()
        if self._phase is Phase.CLOSED:
            self._held = self._held.lstrip()
            self._phase = Phase.ANSWER if self._held else Phase.CLOSED
        if self._phase is Phase.ANSWER:
            pieces += self._take(len(self._held), is_reasoning=False)
        return pieces

    def finish(self) -> list[Piece]:
        """What was held back, once the stream has ended."""
        if self._phase is Phase.OPENED:
            self._phase = Phase.REASONING
        return self._take(len(self._held), is_reasoning=self._phase is Phase.REASONING)

    def _begin(self) -> None:
        start = self._held.lstrip()
        if start.startswith(self._open_tag):
            self._held = start[len(self._open_tag) :]
            self._phase = Phase.REASONING
        elif not self._open_tag.startswith(start):
            self._phase = Phase.REASONING if self._phase is Phase.OPENED else Phase.ANSWER

    def _reason(self) -> list[Piece]:
        body, tag, rest = self._held.partition(self._close_tag)
        if tag:
            pieces = self._take(len(body.rstrip()), is_reasoning=True)
            self._held = rest
            self._phase = Phase.CLOSED
            return pieces
        certain = body[: len(body) - held_back(body, self._close_tag)].rstrip()
        return self._take(len(certain), is_reasoning=True)

    def _take(self, length: int, *, is_reasoning: bool) -> list[Piece]:
        text, self._held = self._held[:length], self._held[length:]
        if is_reasoning and self._at_start:
            text = text.lstrip()
            self._at_start = not text
        return [Piece(text, is_reasoning)] if text else []


def held_back(text: str, awaited: str) -> int:
    """How many characters at the end of `text` may be the beginning of `awaited`."""
    for length in range(min(len(text), len(awaited) - 1), 0, -1):
        if text.endswith(awaited[:length]):
            return length
    return 0
