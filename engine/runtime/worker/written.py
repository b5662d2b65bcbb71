"""Answers as they were drawn, so that the next prompt goes on from those very tokens.

A model may draw other tokens than its tokenizer would choose for the same text: two line ends, where
there is one token for both. Tokenized anew, an answer then differs from what the cache holds, and
everything behind that place would be read again.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_TEXTS = 64
_MOST_CHARACTERS = 8_000_000  # of all texts together


@dataclass(frozen=True, slots=True)
class _Known:
    tokens: array[int]
    conversation: str


class Written:
    """Thread-safe. The texts used last are kept, within limits."""

    def __init__(self, most_texts: int = _MOST_TEXTS, most_characters: int = _MOST_CHARACTERS) -> None:
        self._most_texts = most_texts
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._characters = 0

    def keep(self, text: str, tokens: Sequence[int], conversation: str) -> None:
        """A prompt with the answer behind it, and the tokens that are both."""
        with self._lock:
            self._drop(text)
            self._known[text] = _Known(array("i", tokens), conversation)
            self._characters += len(text)
            while len(self._known) > self._most_texts or self._characters > self._most_characters:
                self._drop(next(iter(self._known)))

    def beginning(self, text: str) -> tuple[list[int], str]:
        """The tokens of the longest known text that this one begins with, and the rest of it."""
        with self._lock:
            found = max((known for known in self._known if text.startswith(known)), key=len, default="")
            if not found:
                return [], text
            self._known.move_to_end(found)
            return list(self._known[found].tokens), text[len(found) :]

    def forget(self, conversation: str) -> None:
        with self._lock:
            for text in [text for text, known in self._known.items() if known.conversation == conversation]:
                self._drop(text)

    def _drop(self, text: str) -> None:
        if self._known.pop(text, None) is not None:
            self._characters -= len(text)
