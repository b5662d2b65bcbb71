r"""Where formulas stand in Markdown: between `$`, `$$`, `\(` and `\)`, `\[` and `\]`.

A formula is one only when it is closed; until then its source is text. Money is not maths: a `$`
opens before something that is no space, closes after something that is none and not before a digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST = 4_000  # characters of a formula; a longer one stays text
_LONGEST_DOLLAR = 600  # between single dollars

_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_DOLLAR = re.compile(r"(?<![\s\\])\$(?!\d)")
_MONEY = re.compile(r"(?<!\\)\$")
_SHELL = re.compile(r"[A-Z_]{2,}")  # $HOME/$USER
_WORDS = re.compile(r"[^\W\d_]{2,}")  # "5 million and"
_COMMANDS = re.compile(r"[\\^_=<>]")
_STOP = re.compile(r"[ \t]*([.,;:!?。，；：]?)[ \t]*$")
_FENCE = re.compile(r"`{3,}|~{3,}")


@dataclass(frozen=True, slots=True)
class Formula:
    """LaTeX without its delimiters. `display`: on a line of its own, and larger."""

    tex: str
    display: bool


def formula_of(source: str) -> Formula:
    """The formula in a source as it is written, with its delimiters and maybe a stop behind them."""
    opening = source[:2] if source[:2] in _CLOSING else source[:1]
    closing = _CLOSING.get(opening, opening)
    body, _, stop = source[len(opening) :].rpartition(closing)
    return Formula(body.strip() + stop.strip(), opening in ("$$", "\\["))


def formula_end(text: str, at: int) -> int:
    """The end of the formula that begins at that place; 0 where none does."""
    closing = _CLOSING.get(text[at : at + 2])
    if closing is None:
        return _dollar_end(text, at) if text[at] == "$" else 0
    end = _find_closing(text, closing, at + 2)
    return end + 2 if end >= 0 and text[at + 2 : end].strip() else 0


def add_maths(parser: MarkdownIt) -> None:
    """Teaches a parser formulas in lines, as `maths_inline`, and those of their own, as `maths_block`."""
    parser.inline.ruler.before("escape", "maths_inline", _inline)
    ends = ["paragraph", "reference", "blockquote", "list"]  # which a formula ends
    parser.block.ruler.before("table", "maths_block", _block, {"alt": ends})


def _find_closing(text: str, closing: str, begin: int) -> int:
    """Where the closing mark is, -1 without one; an escaped one is none."""
    at = text.find(closing, begin, begin + LONGEST)
    while at > begin and text[at - 1] == "\\":
        at = text.find(closing, at + 1, begin + LONGEST)
    return at


def _dollar_end(text: str, at: int) -> int:
    if not text[at + 1 : at + 2].strip() or (at and text[at - 1].isalnum()):
        return 0
    line = text.find("\n", at, at + _LONGEST_DOLLAR)
    found = _DOLLAR.search(text, at + 1, line if line >= 0 else at + _LONGEST_DOLLAR)
    if found is None:
        return 0
    body, after = text[at + 1 : found.start()], text[found.end() : found.end() + 1]
    return found.end() if body and _is_maths(body, after) else 0


def _is_maths(body: str, after: str) -> bool:
    """False for money, names of a shell and what holds code."""
    if "`" in body or _MONEY.search(body) or (after.isalnum() and _SHELL.match(body)):
        return False
    return not (body[0].isdigit() and not _COMMANDS.search(body) and _WORDS.search(body))


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    end = formula_end(state.src, state.pos)
    if not end or end > state.posMax:
        # Of two dollars that open nothing the second does not open either.
        return _two_dollars(state, silent)
    if not silent:
        state.push("maths_inline", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _two_dollars(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("$$", state.pos) or state.pos + 2 > state.posMax:
        return False
    if not silent:
        state.pending += "$$"
    state.pos += 2
    return True


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula that begins a line. Until it is closed, everything up to the next blank line is text."""
    if state.is_code_block(start):
        return False
    line = _line(state, start)
    closing = _CLOSING.get(line[:2])
    if closing is None or line.startswith("\\("):
        return False
    closed = _find_closing(line, closing, 2)
    if closed >= 0 and not _STOP.match(line, closed + 2):
        return False  # it goes on in the same line: a part of a paragraph
    if silent:
        return True
    source = _read_formula(state, start, end, closing)
    last = start + source.count("\n") + 1
    if source:
        token = state.push("maths_block", "", 0)
        token.content = source
    else:
        last = _end_of_text(state, start, end)
        _push_text(state, start, last)
        token = state.tokens[-3]
    token.map = [start, last]
    state.line = last
    return True


def _read_formula(state: StateBlock, start: int, end: int, closing: str) -> str:
    """The lines up to the one that closes the formula; "" if none does, or something else follows there."""
    lines: list[str] = []
    for number in range(start, _end_of_text(state, start, end)):
        line = _line(state, number)
        closed = _find_closing(line, closing, 0 if lines else 2)
        lines.append(line)
        if closed >= 0:
            source = "\n".join(lines)
            good = _STOP.match(line, closed + 2) and len(source) <= LONGEST
            return source.rstrip() if good and formula_of(source).tex.strip(".,;:!?。，；：") else ""
    return ""


def _end_of_text(state: StateBlock, start: int, end: int) -> int:
    """The line after the last one that belongs together: a blank one, a fence or the container's end."""
    for number in range(start + 1, end):
        if state.isEmpty(number) or state.sCount[number] < state.blkIndent:
            return number
        if _FENCE.match(_line(state, number)):
            return number
    return end


def _push_text(state: StateBlock, start: int, end: int) -> None:
    state.push("paragraph_open", "p", 1)
    token = state.push("inline", "", 0)
    token.content = "\n".join(_line(state, number) for number in range(start, end)).strip()
    token.map = [start, end]
    token.children = []
    state.push("paragraph_close", "p", -1)


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
