"""The place in a text where words were found: a few of the words around them, and which are meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engine.chat.words import Term, bare

_BEFORE: Final = 40  # characters that lead to the first hit
_LENGTH: Final = 180
_FAR: Final = 400  # how far the hits may lie apart to be shown together
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """One line; `marks` are (start, end) of what was looked for, in characters of `text`."""

    text: str
    marks: tuple[tuple[int, int], ...]


def snippet_of(text: str, terms: tuple[Term, ...]) -> Snippet | None:
    """None where none of the words stands in that text."""
    pattern = _pattern(terms)
    found = pattern.search(text)
    if found is None:
        return _folded_snippet(text, pattern)
    return _cut(text, found.start(), pattern)


def _cut(text: str, first: int, pattern: re.Pattern[str]) -> Snippet:
    start = max(0, first - _BEFORE)
    if start:  # from the beginning of a word on, where there is one near
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    line = _SPACE.sub(" ", text[start : start + _LENGTH + _FAR]).strip()
    shown = line[:_LENGTH].rstrip()
    before = "…" if start else ""
    after = "…" if len(line) > len(shown) or start + _LENGTH + _FAR < len(text) else ""
    marks = ((found.start() + len(before), found.end() + len(before)) for found in pattern.finditer(shown))
    return Snippet(before + shown + after, tuple(marks))


def _folded_snippet(text: str, pattern: re.Pattern[str]) -> Snippet | None:
    """Found only without accents or with other widths: shown as it is written, marked by characters."""
    found = pattern.search(bare(text))
    if found is None:
        return None
    # Bare texts may be longer or shorter: the place is looked for character by character.
    lengths = [len(bare(letter)) for letter in text]
    at = end = 0
    position = 0
    for index, length in enumerate(lengths):
        if position <= found.start():
            at = index
        position += length
        if position >= found.end():
            end = index + 1
            break
    start = max(0, at - _BEFORE)
    line = text[start : start + _LENGTH]
    before = "…" if start else ""
    shift = len(before) - start
    line = "".join(" " if letter.isspace() else letter for letter in line)
    after = "…" if start + _LENGTH < len(text) else ""
    return Snippet(before + line + after, ((at + shift, min(end, start + _LENGTH) + shift),))


@lru_cache(maxsize=64)
def _pattern(terms: tuple[Term, ...]) -> re.Pattern[str]:
    """The words wherever they begin; those of a phrase with anything but words between."""
    choices = []
    for term in sorted(terms, key=lambda term: -sum(map(len, term.words))):
        words = r"[\W_]+".join(re.escape(bare(word)) for word in term.words)
        edge = r"(?<![^\W_])" if term.words[0][0].isascii() else ""
        end = r"(?![^\W_])" if term.words[-1][-1].isascii() and not term.open else ""
        choices.append(f"{edge}{words}{end}")
    return re.compile("|".join(choices), re.IGNORECASE)
