"""Colours of code, found a few milliseconds at a time so that a long listing never stops the window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_NAMES = """
    ada asm bash bat bibtex c c# c++ cfg clojure cmake cpp cs csharp css csv cuda dart diff docker
    dockerfile elixir erlang f# fish fortran fsharp glsl go golang gradle graphql groovy haskell hcl hs
    html http ini java javascript jinja jl js json json5 jsx julia kotlin kt latex lisp lua makefile
    markdown md matlab meson nasm nginx nim nix objc objective-c ocaml octave pascal patch perl php pl
    powershell prolog properties protobuf ps1 py python python3 r rb rs rst ruby rust sass scala scheme
    scss sh shell solidity sql swift tcl terraform tex toml ts tsx typescript udiff vala vb.net verilog
    vhdl vim vue wasm xml yaml yml zig zsh
"""
# What is coloured: well-known lexers of Pygments itself, never one from a plug-in.
_LANGUAGES = frozenset(_NAMES.split())
_KINDS: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Function, "name"),
    (Name.Class, "name"),
    (Name.Builtin, "name"),
    (Name.Decorator, "name"),
    (Name.Tag, "name"),
    (Name.Attribute, "name"),
)
# Lexers are regular expressions: beyond these sizes code stays plain.
_MOST_CHARS = 200_000
_LONGEST_LINE = 2_000

Stretch = tuple[int, int, str]  # start, end, a key of Look.code_colours


@cache
def kind_of(token: _TokenType) -> str:
    """The colour of a token, "" for that of plain text."""
    parents = set(token.split())
    return next((kind for family, kind in _KINDS if family in parents), "")


@cache
def _lexer_class(language: str) -> type[Lexer]:
    """Looking for it takes longer than colouring a few lines. Of _LANGUAGES only."""
    from pygments.lexers import find_lexer_class_by_name  # a list of 600: not before there is code to colour

    return find_lexer_class_by_name(language)


class CodeText:
    """The whole text of a code block, shared by the rows that show it."""

    def __init__(self, language: str, text: str, closed: bool) -> None:
        self.language = language
        self.text = text
        self.stretches: list[Stretch] = []
        self.coloured = not closed or not self._worth_it()
        self._tokens: Iterator[tuple[int, _TokenType, str]] | None = None

    def colour(self, budget_s: float) -> bool:
        """Goes on for about that long; True when all colours are known."""
        if self.coloured:
            return True
        if self._tokens is None:
            lexer = _lexer_class(self.language.lower())(ensurenl=False, stripnl=False)
            self._tokens = iter(lexer.get_tokens_unprocessed(self.text))
        end = time.perf_counter() + budget_s
        for count, (start, token, value) in enumerate(self._tokens):
            kind = kind_of(token)
            if kind and value:
                self.stretches.append((start, start + len(value), kind))
            if count % 32 == 31 and time.perf_counter() > end:
                return False
        self.coloured = True
        self._tokens = None
        return True

    def _worth_it(self) -> bool:
        return (
            self.language.lower() in _LANGUAGES
            and len(self.text) <= _MOST_CHARS
            and max(map(len, self.text.split("\n"))) <= _LONGEST_LINE
        )
