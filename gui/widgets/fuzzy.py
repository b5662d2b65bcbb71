"""Finds names by a few of their letters, in order."""

from __future__ import annotations


def match(wanted: str, name: str) -> float:
    """How well `wanted` stands for `name`: 0 not at all, more is better. Every word has to be found."""
    total = 0.0
    folded = name.casefold()
    for word in wanted.casefold().split():
        found = _match_word(word, folded)
        if not found:
            return 0.0
        total += found
    return total or 1.0


def _match_word(word: str, name: str) -> float:
    at = name.find(word)
    if at >= 0:
        begins = at == 0 or not name[at - 1].isalnum()
        return 100.0 + (50.0 if begins else 0.0) - min(at, 40)
    place, gaps, first = -1, 0, -1
    for letter in word:
        found = name.find(letter, place + 1)
        if found < 0:
            return 0.0
        gaps += found - place - 1 if place >= 0 else 0
        first = found if first < 0 else first
        place = found
    return max(1.0, 40.0 - gaps - min(first, 20) / 2)
