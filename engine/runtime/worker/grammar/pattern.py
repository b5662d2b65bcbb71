"""Regular expressions of JSON schemas (ECMA-262, the part that needs no memory) as GBNF.

The text they describe stands inside a JSON string, so that quotes, backslashes and control
characters appear escaped.
"""

from __future__ import annotations

import re

from engine.runtime.worker.grammar.gbnf import LAST_CHARACTER, Range, complement, merged
from engine.runtime.worker.grammar.notation import json_characters

_DEEPEST = 32
_LONGEST = 4_000  # characters
_MOST_REPEATS = 500
_DIGITS: tuple[Range, ...] = ((0x30, 0x39),)
_WORD: tuple[Range, ...] = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_WHITE: tuple[Range, ...] = ((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x2028, 0x2029))
_LINE_ENDS: tuple[Range, ...] = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CLASSES = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _WHITE,
    "D": complement(_DIGITS),
    "W": complement(_WORD),
    "S": complement(_WHITE),
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_REPEATS = re.compile(r"\{(\d{1,6})(,?)(\d{0,6})\}")
_ANYTHING: tuple[Range, ...] = ((0, LAST_CHARACTER),)


class PatternUnsupported(Exception):
    """The expression uses more than this reader knows; the text says what."""


def pattern_to_gbnf(pattern: str) -> str:
    """Raises: PatternUnsupported."""
    if len(pattern) > _LONGEST:
        raise PatternUnsupported("too long")
    reader = _Reader(pattern)
    branches = [reader.branch(0, outermost=True)]
    while reader.take("|"):
        branches.append(reader.branch(0, outermost=True))
    if not reader.at_end:
        raise PatternUnsupported("a parenthesis too many")
    return _either(branches)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def take(self, expected: str) -> bool:
        found = self._text.startswith(expected, self._at)
        self._at += len(expected) * found
        return found

    def branch(self, depth: int, *, outermost: bool = False) -> str:
        """One alternative. The outermost are open at both ends unless they say ^ and $."""
        anywhere = json_characters(_ANYTHING) + "*"
        parts = [] if not outermost or self.take("^") else [anywhere]
        closed = False
        while not self.at_end and self._text[self._at] not in "|)":
            if outermost and self.take("$"):
                closed = True
                if not self.at_end and self._text[self._at] != "|":
                    raise PatternUnsupported("$ in the middle")
                break
            parts.append(self._repeated(self._atom(depth)))
        if outermost and not closed:
            parts.append(anywhere)
        return " ".join(parts) or '""'

    def _atom(self, depth: int) -> str:
        mark = self._next()
        if mark == "(":
            return self._group(depth + 1)
        if mark == "[":
            return self._set(self._class())
        if mark == ".":
            return self._set(complement(_LINE_ENDS))
        if mark == "\\":
            return self._set(self._escape())
        if mark in "^$*+?{":
            raise PatternUnsupported(f"{mark} at this place")
        return self._set(((ord(mark), ord(mark)),))

    def _group(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise PatternUnsupported("nested too deeply")
        if self.take("?") and not self.take(":"):
            raise PatternUnsupported("(? with anything but :")
        branches = [self.branch(depth)]
        while self.take("|"):
            branches.append(self.branch(depth))
        if not self.take(")"):
            raise PatternUnsupported("a parenthesis that is not closed")
        return _either(branches)

    def _class(self) -> tuple[Range, ...]:
        negated = self.take("^")
        ranges: list[Range] = []
        while not self.take("]"):
            low = self._class_member()
            dash = self._text[self._at : self._at + 1] == "-"
            if len(low) == 1 and low[0][0] == low[0][1] and dash and not self._closes(self._at + 1):
                self._at += 1
                high = self._class_member()
                low = ((low[0][0], high[-1][1]),)
            ranges += [found for found in low if found[0] <= found[1]]
        return complement(merged(ranges)) if negated else merged(ranges)

    def _class_member(self) -> tuple[Range, ...]:
        mark = self._next()
        return self._escape() if mark == "\\" else ((ord(mark), ord(mark)),)

    def _closes(self, at: int) -> bool:
        return self._text[at : at + 1] == "]"

    def _escape(self) -> tuple[Range, ...]:
        kind = self._next()
        if kind in _CLASSES:
            return _CLASSES[kind]
        if kind in ("x", "u"):
            digits = self._text[self._at : self._at + (2 if kind == "x" else 4)]
            if not re.fullmatch(r"[0-9a-fA-F]{2}(?:[0-9a-fA-F]{2})?", digits):
                raise PatternUnsupported(f"\\{kind} without its digits")
            self._at += len(digits)
            return ((int(digits, 16), int(digits, 16)),)
        if kind.isalnum() and kind not in _CONTROLS:
            raise PatternUnsupported(f"\\{kind}")
        code = ord(_CONTROLS.get(kind, kind))
        return ((code, code),)

    def _repeated(self, atom: str) -> str:
        if self.at_end:
            return atom
        mark = self._text[self._at]
        if mark in "*+?":
            self._at += 1
            self.take("?")  # not greedy: the same texts
            return atom + mark
        found = _REPEATS.match(self._text, self._at) if mark == "{" else None
        if not found:
            return atom
        self._at = found.end()
        self.take("?")
        if max(int(found[1]), int(found[3] or 0)) > _MOST_REPEATS:
            raise PatternUnsupported(f"more than {_MOST_REPEATS} repetitions")
        return f"{atom}{found[0]}"

    def _set(self, ranges: tuple[Range, ...]) -> str:
        written = json_characters(ranges)
        if written == "()":
            raise PatternUnsupported("a set of characters that a JSON string cannot hold")
        return written

    def _next(self) -> str:
        if self.at_end:
            raise PatternUnsupported("it ends too early")
        self._at += 1
        return self._text[self._at - 1]


def _either(branches: list[str]) -> str:
    return "(" + " | ".join(branches) + ")"
