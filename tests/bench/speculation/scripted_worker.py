"""A worker whose answers are told beforehand: each token is drawn as ever, and then replaced."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from engine.chat.reasoning import Phase
from engine.runtime.worker.choice import Choice
from engine.runtime.worker.main import main
from engine.runtime.worker.stream import Stream
from engine.runtime.worker.vocabulary import Vocabulary

SCRIPT = "DESKSIDE_BENCH_SCRIPT"  # names a file with the text of every answer

_PLACE = "_bench_place"  # of each answer in the script


class _Scripted:
    def __init__(self, text: str) -> None:
        self._text = text
        self._draw = Choice.draw
        self._tokens: list[int] = []

    def draw(self, choice: Choice, context: Any, output: int, phase: Phase) -> int:
        self._draw(choice, context, output, phase)
        if not self._tokens:
            vocabulary: Vocabulary = choice._vocabulary
            self._tokens = [*vocabulary._tokenize(self._text), vocabulary.end]
        place = getattr(choice, _PLACE, 0)
        setattr(choice, _PLACE, place + 1)
        return self._tokens[place]


if __name__ == "__main__":
    scripted = _Scripted(Path(os.environ[SCRIPT]).read_text())
    Choice.draw = lambda choice, *rest: scripted.draw(choice, *rest)  # type: ignore[method-assign]
    Stream.draws_freely = property(lambda stream: False)  # type: ignore[method-assign,assignment]
    raise SystemExit(main(sys.argv[2:]))
