"""Messages of protocol.py as JSON and back, checked against their declared types.

JSON and never pickle: what a worker says may come from a process that ran wild over its own
memory, and must not be able to run code here. A field too many, a field missing, a number in
place of a text, NaN, an unknown sentence: all refused with `WireError`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

from engine.messages import Sentence, sentence
from engine.runtime.protocol import FromWorker, ToWorker

_LARGEST_INT = 2**63 - 1
_MESSAGES: Mapping[str, type] = {
    kind.__name__: kind for kind in (*typing.get_args(ToWorker), *typing.get_args(FromWorker))
}


class WireError(Exception):
    """Something that is no message of the protocol."""


def encode(message: ToWorker | FromWorker) -> bytes:
    """Raises: WireError, when a field does not hold what it declares."""
    body = {"type": type(message).__name__, **_dump(type(message), message, "message")}
    return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")


def decode_to_worker(body: bytes) -> ToWorker:
    """Raises: WireError."""
    return typing.cast(ToWorker, _decode(body, typing.get_args(ToWorker)))


def decode_from_worker(body: bytes) -> FromWorker:
    """Raises: WireError."""
    return typing.cast(FromWorker, _decode(body, typing.get_args(FromWorker)))


def _decode(body: bytes, allowed: tuple[type, ...]) -> object:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise WireError("not an object")
    name = fields.pop("type", None)
    kind = _MESSAGES.get(name) if isinstance(name, str) else None
    if kind not in allowed:
        raise WireError(f"unexpected message {name!r}")
    return _parse(kind, fields, str(name))


@functools.cache
def _fields(kind: type) -> Mapping[str, Any]:
    """The declared type of every field of a dataclass."""
    return typing.get_type_hints(kind)


def _dump(kind: Any, value: object, where: str) -> Any:
    if kind is Sentence and isinstance(value, Sentence):
        return {"code": value.code, "values": _check_values(dict(value.values), where)}
    if dataclasses.is_dataclass(kind):
        if type(value) is not kind:
            raise WireError(f"{where}: {type(value).__name__} in place of {kind}")
        return {
            name: _dump(field_kind, getattr(value, name), f"{where}.{name}")
            for name, field_kind in _fields(typing.cast(type, kind)).items()
        }
    item = _item_of_tuple(kind)
    if item is not None:
        if not isinstance(value, tuple):
            raise WireError(f"{where}: not a tuple")
        return [_dump(item, entry, where) for entry in value]
    if isinstance(value, Enum):
        _parse(kind, value.value, where)
        return value.value
    return _parse(kind, value, where)


def _parse(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, typing.NewType):
        return _parse(kind.__supertype__, value, where)
    if isinstance(kind, types.UnionType):
        return None if value is None else _parse(_not_none(kind), value, where)
    if kind is Sentence:
        return _parse_sentence(value, where)
    if dataclasses.is_dataclass(kind):
        return _parse_object(typing.cast(type, kind), value, where)
    item = _item_of_tuple(kind)
    if item is not None:
        if not isinstance(value, list):
            raise WireError(f"{where}: not a list")
        return tuple(_parse(item, entry, where) for entry in value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _parse_enum(kind, value, where)
    return _parse_plain(kind, value, where)


def _parse_object(kind: type, value: Any, where: str) -> Any:
    declared = _fields(kind)
    if not isinstance(value, dict) or value.keys() != declared.keys():
        raise WireError(f"{where}: not the fields of {kind.__name__}")
    return kind(**{name: _parse(declared[name], value[name], f"{where}.{name}") for name in declared})


def _parse_enum(kind: type[Enum], value: Any, where: str) -> Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise WireError(f"{where}: {error}") from error


def _parse_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value) if abs(value) <= _LARGEST_INT else math.inf
    if type(value) is not kind:
        raise WireError(f"{where}: {type(value).__name__} in place of {kind}")
    if kind is float and not math.isfinite(value):
        raise WireError(f"{where}: not a finite number")
    if kind is int and abs(value) > _LARGEST_INT:
        raise WireError(f"{where}: out of range")
    return value


def _parse_sentence(value: Any, where: str) -> Sentence:
    if not isinstance(value, dict) or value.keys() != {"code", "values"} or type(value["code"]) is not str:
        raise WireError(f"{where}: not a sentence")
    try:
        return sentence(value["code"], **_check_values(value["values"], where))
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"{where}: {error!r}") from error


def _check_values(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict) or not all(type(entry) in (str, int, float) for entry in values.values()):
        raise WireError(f"{where}: not the values of a sentence")
    return values


def _item_of_tuple(kind: Any) -> Any:
    """X of `tuple[X, ...]`, None for every other type."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is tuple else None


def _not_none(kind: types.UnionType) -> Any:
    return next(entry for entry in typing.get_args(kind) if entry is not types.NoneType)
