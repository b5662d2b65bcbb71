"""Calls of tools written as a list of Python's calls: `[find(text="a", count=3)]`. Nothing is ever run."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import Any

_LONGEST = 64 * 1024  # characters
_WORDS = {"true": True, "false": False, "null": None}  # of JSON, which models mix in


@dataclass(frozen=True, slots=True)
class PythonCall:
    name: str
    placed: tuple[Any, ...]  # arguments without a name
    named: dict[str, Any]


def python_calls(text: str) -> list[PythonCall]:
    """Raises: ValueError, for anything but calls with plain values; SyntaxError, for what is no Python."""
    if len(text) > _LONGEST:
        raise ValueError("it is too long")
    try:
        written = ast.parse(text.strip(), mode="eval").body
        entries = written.elts if isinstance(written, ast.List | ast.Tuple) else [written]
        return [_call(entry) for entry in entries]
    except (RecursionError, MemoryError) as error:
        raise ValueError("it is nested too deeply") from error


def _call(node: ast.expr) -> PythonCall:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        raise ValueError("it is no call")
    if any(keyword.arg is None for keyword in node.keywords):
        raise ValueError("an argument has no name")
    named = {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}
    return PythonCall(ast.unparse(node.func), tuple(map(_value, node.args)), named)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, str | int):
            return value
        case ast.Constant(value=float(value)) if math.isfinite(value):
            return value
        case ast.Name(id=word) if word in _WORDS:
            return _WORDS[word]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            return [_value(entry) for entry in entries]
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            pairs = zip(keys, values, strict=True)
            return {str(_value(key)): _value(entry) for key, entry in pairs if key is not None}
    raise ValueError("an argument is no plain value")
