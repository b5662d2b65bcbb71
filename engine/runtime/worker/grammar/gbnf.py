"""Reads GBNF, the notation of llama.cpp's grammars, into rules. Hostile until checked.

Not read: `<token>` and `!<token>`, which name entries of a vocabulary in place of characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LAST_CHARACTER = 0x10FFFF
_LARGEST_TEXT = 512 * 1024  # characters
_DEEPEST_NESTING = 64  # parentheses within parentheses
_MOST_RULES = 50_000  # repetitions written out
_MOST_ITEMS = 400_000
_MOST_REPEATS = 2_000  # as llama.cpp's own limit

_SPACE = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_REPEATS = re.compile(r"\{[ \t]*(\d{1,9})[ \t]*(,?)[ \t]*(\d{0,9})[ \t]*\}")
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "[": "[", "]": "]", "-": "-"}

Range = tuple[int, int]  # code points, both included


class GrammarError(Exception):
    """The grammar cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Characters:
    """One character out of `ranges`, which are sorted and do not touch."""

    ranges: tuple[Range, ...]


Item = Characters | int  # a character, or the number of a rule
Alternative = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Grammar:
    """`rules[n]` holds the alternatives of rule n."""

    rules: tuple[tuple[Alternative, ...], ...]
    root: int


def parse_gbnf(text: str) -> Grammar:
    """Raises: GrammarError, also for what would have no end or no bounds."""
    if len(text) > _LARGEST_TEXT:
        raise GrammarError(f"it is {len(text)} characters long, and {_LARGEST_TEXT} is the limit")
    return _Parser(text).grammar()


def merged(ranges: list[Range]) -> tuple[Range, ...]:
    """Sorted, with those that overlap or touch made one."""
    made: list[Range] = []
    for low, high in sorted(ranges):
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(high, made[-1][1]))
        else:
            made.append((low, high))
    return tuple(made)


def complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """All other characters."""
    made: list[Range] = []
    start = 0
    for low, high in ranges:
        if low > start:
            made.append((start, low - 1))
        start = high + 1
    if start <= LAST_CHARACTER:
        made.append((start, LAST_CHARACTER))
    return tuple(made)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._numbers: dict[str, int] = {}
        self._rules: list[tuple[Alternative, ...] | None] = []
        self._items = 0
        self._depth = 0

    def grammar(self) -> Grammar:
        self._skip(lines=True)
        while self._at < len(self._text):
            self._rule()
        if "root" not in self._numbers:
            raise GrammarError("it has no rule named root")
        for name, number in self._numbers.items():
            if self._rules[number] is None:
                raise GrammarError(f"the rule {name[:40]} is used and not defined")
        made = Grammar(tuple(rule for rule in self._rules if rule is not None), self._numbers["root"])
        check_left_recursion(made)
        return made

    # rules
    def _rule(self) -> None:
        number = self._number(self._name())
        self._skip(lines=False)
        if not self._text.startswith("::=", self._at):
            raise self._error("::= is missing")
        self._at += 3
        self._skip(lines=True)
        self._rules[number] = self._alternatives(nested=False)
        if self._at < len(self._text) and self._text[self._at] not in "\r\n":
            raise self._error("a rule goes on in a way that makes no sense")
        self._skip(lines=True)

    def _alternatives(self, *, nested: bool) -> tuple[Alternative, ...]:
        found = [self._sequence(nested=nested)]
        while self._peek() == "|":
            self._at += 1
            self._skip(lines=True)
            found.append(self._sequence(nested=nested))
        return tuple(dict.fromkeys(found))

    def _sequence(self, *, nested: bool) -> Alternative:
        items: list[Item] = []
        last: list[Item] | None = None  # what a repetition would repeat
        start = 0  # where it begins
        while (mark := self._peek()) and mark not in "|)\r\n":
            if mark in "*+?{":
                if last is None:
                    raise self._error(f"{mark} has nothing to repeat")
                last = self._repeated(last, *self._repetition())
                del items[start:]
            else:
                last = self._symbol(mark)
            start = len(items)
            items += last
            self._skip(lines=nested)
        self._count(items)
        return tuple(items)

    def _symbol(self, mark: str) -> list[Item]:
        if mark == '"':
            return self._literal()
        if mark == "[":
            return self._class()
        if mark == "(":
            return [self._group()]
        if mark == ".":
            self._at += 1
            return [Characters(((0, LAST_CHARACTER),))]
        if mark in "<!":
            raise self._error("tokens in place of characters are not supported")
        return [self._number(self._name())]

    def _group(self) -> int:
        self._depth += 1
        if self._depth > _DEEPEST_NESTING:
            raise self._error(f"parentheses are nested more than {_DEEPEST_NESTING} deep")
        self._at += 1
        self._skip(lines=True)
        alternatives = self._alternatives(nested=True)
        if self._peek() != ")":
            raise self._error("a parenthesis is not closed")
        self._at += 1
        self._depth -= 1
        return self._add(alternatives)

    # characters
    def _literal(self) -> list[Item]:
        self._at += 1
        items: list[Item] = []
        while self._peek() != '"':
            code = self._character()
            items.append(Characters(((code, code),)))
        self._at += 1
        return items

    def _class(self) -> list[Item]:
        self._at += 1
        negated = self._peek() == "^"
        self._at += negated
        ranges: list[Range] = []
        while self._peek() != "]":
            low = high = self._character()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._character()
            if low > high:
                raise self._error("a range of characters is the wrong way round")
            ranges.append((low, high))
        self._at += 1
        self._items += len(ranges)
        found = merged(ranges)
        return [Characters(complement(found) if negated else found)]

    def _character(self) -> int:
        mark = self._peek()
        if not mark:
            raise self._error("it ends in the middle of a rule")
        self._at += 1
        if mark != "\\":
            return ord(mark)
        kind = self._peek()
        self._at += 1
        if kind in _HEX_DIGITS and kind:
            return self._hexadecimal(_HEX_DIGITS[kind])
        if kind not in _ESCAPES:
            raise self._error(f"\\{kind} is no escape of this notation")
        return ord(_ESCAPES[kind])

    def _hexadecimal(self, length: int) -> int:
        digits = self._text[self._at : self._at + length]
        if not re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", digits):
            raise self._error(f"{length} hexadecimal digits are missing")
        self._at += length
        if int(digits, 16) > LAST_CHARACTER:
            raise self._error(f"{digits} is no character")
        return int(digits, 16)

    # repetitions
    def _repetition(self) -> tuple[int, int | None]:
        """(least, most); None is without bound."""
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(self._text[self._at])
        if simple is not None:
            self._at += 1
            return simple
        found = _REPEATS.match(self._text, self._at)
        if not found:
            raise self._error("a repetition is not of the form {2}, {2,} or {2,5}")
        self._at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if least > _MOST_REPEATS or (most or 0) > _MOST_REPEATS:
            raise self._error(f"more than {_MOST_REPEATS} repetitions")
        if most is not None and most < least:
            raise self._error("a repetition has its bounds the wrong way round")
        return least, most

    def _repeated(self, items: list[Item], least: int, most: int | None) -> list[Item]:
        """X{2,4} is X X and an optional (X and an optional X); X{2,} is X X and as many as come."""
        self._count(items * max(1, least))
        again: int | None = None
        if most is None:
            again = len(self._rules)
            self._add(((*items, again), ()))
        else:
            for _ in range(most - least):
                tail = () if again is None else (again,)
                again = self._add(((*items, *tail), ()))
        return items * least + ([] if again is None else [again])

    # small things
    def _number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self._rules)
            self._rules.append(None)
        return self._numbers[name]

    def _add(self, alternatives: tuple[Alternative, ...]) -> int:
        if len(self._rules) >= _MOST_RULES:
            raise GrammarError(f"it has more than {_MOST_RULES} rules, repetitions written out")
        for items in alternatives:
            self._count(items)
        self._rules.append(alternatives)
        return len(self._rules) - 1

    def _count(self, items: list[Item] | Alternative) -> None:
        self._items += len(items)
        if self._items > _MOST_ITEMS:
            raise GrammarError(f"it has more than {_MOST_ITEMS} parts, repetitions written out")

    def _name(self) -> str:
        found = _NAME.match(self._text, self._at)
        if not found:
            raise self._error("a name is missing")
        self._at = found.end()
        return found[0]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, *, lines: bool) -> None:
        found = (_SPACE_AND_LINES if lines else _SPACE).match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _error(self, why: str) -> GrammarError:
        return GrammarError(f"line {self._text.count(chr(10), 0, self._at) + 1}: {why}")


def check_left_recursion(grammar: Grammar) -> None:
    """A rule that can begin with itself could be entered for ever. Raises: GrammarError."""
    empty = _may_be_empty(grammar)
    first = [_first_rules(alternatives, empty) for alternatives in grammar.rules]
    done, entered = set[int](), set[int]()
    for start in range(len(first)):
        if start in done:
            continue
        path = [(start, iter(first[start]))]
        entered.add(start)
        while path:
            number, others = path[-1]
            following = next(others, None)
            if following is None:
                path.pop()
                entered.discard(number)
                done.add(number)
            elif following in entered:
                raise GrammarError("a rule begins with itself (left recursion)")
            elif following not in done:
                entered.add(following)
                path.append((following, iter(first[following])))


def _may_be_empty(grammar: Grammar) -> set[int]:
    """The rules that can stand for no text at all."""
    waiting: dict[int, list[tuple[int, list[int]]]] = {}  # a rule -> alternatives that need it empty
    found: set[int] = set()
    todo: list[int] = []
    for number, alternatives in enumerate(grammar.rules):
        for items in alternatives:
            needed = {item for item in items if isinstance(item, int)}
            if any(isinstance(item, Characters) for item in items):
                continue
            missing = [len(needed)]
            todo += [number] if not needed else []
            for rule in needed:
                waiting.setdefault(rule, []).append((number, missing))
    while todo:
        number = todo.pop()
        if number in found:
            continue
        found.add(number)
        for owner, missing in waiting.get(number, ()):
            missing[0] -= 1
            if missing[0] == 0:
                todo.append(owner)
    return found


def _first_rules(alternatives: tuple[Alternative, ...], empty: set[int]) -> list[int]:
    """The rules that can be entered before any character was read."""
    found: dict[int, None] = {}
    for items in alternatives:
        for item in items:
            if isinstance(item, Characters):
                break
            found[item] = None
            if item not in empty:
                break
    return list(found)
