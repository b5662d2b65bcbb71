"""From the bytes of tokens to pieces of text that may be shown."""

from __future__ import annotations

from engine.chat.reasoning import Phase, Piece, ReasoningSplitter
from engine.runtime.worker.detokenize import Utf8Stream
from engine.runtime.worker.stops import StopFilter


class AnswerText:
    """From bytes of tokens to pieces that may be shown: characters, reasoning, stop strings."""

    def __init__(self, phase: Phase, stops: tuple[str, ...]) -> None:
        self._characters = Utf8Stream()
        self._splitter = ReasoningSplitter(phase)
        self._filter = StopFilter(stops)

    @property
    def in_reasoning(self) -> bool:
        return self._splitter.in_reasoning

    @property
    def phase(self) -> Phase:
        return self._splitter.phase

    @property
    def stopped(self) -> bool:
        """A stop string has come."""
        return self._filter.hit

    def feed(self, raw: bytes) -> list[Piece]:
        return self._filtered(self._splitter.feed(self._characters.feed(raw)))

    def finish(self) -> list[Piece]:
        pieces = self._splitter.feed(self._characters.finish()) + self._splitter.finish()
        return [*self._filtered(pieces), *_piece(self._filter.finish())]

    def _filtered(self, pieces: list[Piece]) -> list[Piece]:
        shown: list[Piece] = []
        for piece in pieces:
            # Stop strings end an answer; what is thought on the way may hold them.
            shown += [piece] if piece.is_reasoning else _piece(self._filter.feed(piece.text))
        return shown


def _piece(text: str) -> list[Piece]:
    return [Piece(text, is_reasoning=False)] if text else []
