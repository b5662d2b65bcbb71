"""Integers between bounds, as GBNF over their decimal digits."""

from __future__ import annotations

_MOST_DIGITS = 15  # what a double holds exactly; also keeps a model from writing digits for ever
_LARGEST = 10**_MOST_DIGITS - 1


def integer_between(low: int | None, high: int | None) -> str | None:
    """None, when there is no integer between them (both included) of at most 15 digits."""
    low = -_LARGEST if low is None else max(low, -_LARGEST)
    high = _LARGEST if high is None else min(high, _LARGEST)
    if low > high:
        return None
    ways: list[str] = []
    if low < 0:
        ways += [f'"-" {digits}' for digits in _natural(max(1, -high), -low)]
    if high >= 0:
        ways += _natural(max(0, low), high)
    return "(" + " | ".join(ways) + ")"


def _natural(low: int, high: int) -> list[str]:
    """For every number of digits the ways to write such a number."""
    ways: list[str] = []
    for length in range(len(str(low)), len(str(high)) + 1):
        least = 10 ** (length - 1) if length > 1 else 0
        ways += _same_length(str(max(low, least)), str(min(high, 10**length - 1)))
    return ways


def _same_length(low: str, high: str) -> list[str]:
    """The ways to write a number between two of as many digits."""
    if not low:
        return [""]
    if low.strip("0") == "" and high.strip("9") == "":
        return [_any_digits(len(low))]
    if low[0] == high[0]:
        return [f'"{low[0]}" {rest}'.rstrip() for rest in _same_length(low[1:], high[1:])]
    rest = len(low) - 1
    first, last = int(low[0]), int(high[0])
    ways: list[str] = []
    if low[1:].strip("0"):
        ways += [f'"{first}" {tail}' for tail in _same_length(low[1:], "9" * rest)]
        first += 1
    if high[1:].strip("9"):
        ways += [f'"{last}" {tail}' for tail in _same_length("0" * rest, high[1:])]
        last -= 1
    if first <= last:
        ways.append(f"[{first}-{last}] {_any_digits(rest)}".rstrip())
    return ways


def _any_digits(count: int) -> str:
    return f"[0-9]{{{count}}}" if count > 1 else "[0-9]" * count
