"""Writes GBNF: literals, sets of characters, and how both look inside a JSON string."""

from __future__ import annotations

from engine.runtime.worker.grammar.gbnf import Range, complement, merged

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CLASS_ESCAPES = {"\\": "\\\\", "[": "\\[", "]": "\\]", "-": "\\-", "^": "\\x5E"}
_JSON_ESCAPES = {'"': '"', "\\": "\\", "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
# Characters that stand for themselves in a JSON string.
PLAIN = complement(merged([(0, 0x1F), (ord('"'), ord('"')), (ord("\\"), ord("\\")), (0x7F, 0x7F)]))


def literal(text: str) -> str:
    """Exactly that text."""
    return '"' + "".join(_ESCAPES.get(mark) or _printable(mark) for mark in text) + '"'


def characters(ranges: tuple[Range, ...]) -> str:
    """One character of those."""
    return "[" + "".join(_range(low, high) for low, high in ranges) + "]"


def json_characters(ranges: tuple[Range, ...]) -> str:
    """One character of those, the way it is written in a JSON string."""
    plain = _common(ranges, PLAIN)
    ways = [characters(plain)] if plain else []
    for mark, letter in _JSON_ESCAPES.items():
        if any(low <= ord(mark) <= high for low, high in ranges):
            ways.append(literal("\\" + letter))
    return ways[0] if len(ways) == 1 else "(" + " | ".join(ways) + ")"


def _common(left: tuple[Range, ...], right: tuple[Range, ...]) -> tuple[Range, ...]:
    return complement(merged([*complement(left), *complement(right)]))


def _range(low: int, high: int) -> str:
    first, last = _in_class(low), _in_class(high)
    return first if low == high else f"{first}-{last}"


def _in_class(code: int) -> str:
    mark = chr(code)
    return _CLASS_ESCAPES.get(mark) or _printable(mark)


def _printable(mark: str) -> str:
    code = ord(mark)
    return mark if 0x20 <= code < 0x7F else f"\\U{code:08X}"
