"""Text that people wrote stays text: what looks like a control token in it is not read as one.

A mark is put into every such place before the template is rendered; the mark goes wherever the
template puts the text, and there the prompt is tokenized in two parts (vocabulary.py), none of
which holds a control token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MARK = "\ufdd0"  # a noncharacter, which Unicode keeps for such inner use: no text has one
_REPLACEMENT = "\ufffd"


class PlainText:
    """Knows the texts of a vocabulary's control tokens."""

    def __init__(self, control_texts: Iterable[str]) -> None:
        by_first: dict[str, list[str]] = {}
        for text in control_texts:
            if len(text) > 1:
                by_first.setdefault(text[0], []).append(re.escape(text[1:]))
        ways = [f"{re.escape(first)}(?={'|'.join(rests)})" for first, rests in by_first.items()]
        self._start = re.compile("|".join(ways)) if ways else None

    def marked(self, text: str) -> str:
        """The text with a mark behind the first character of each control token in it."""
        text = text.replace(MARK, _REPLACEMENT)
        return self._start.sub(lambda found: found[0] + MARK, text) if self._start else text

    def marked_in(self, value: Any) -> Any:
        """A JSON value with all its texts marked."""
        if isinstance(value, str):
            return self.marked(value)
        if isinstance(value, list):
            return [self.marked_in(entry) for entry in value]
        if isinstance(value, dict):
            return {self.marked(key): self.marked_in(entry) for key, entry in value.items()}
        return value
