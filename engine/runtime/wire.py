"""Messages as JSON and back, checked against the types that their fields declare.

JSON and never pickle: what a worker says may come from a process that ran wild over its own
memory, and must not be able to run code here. A field too many, a field missing, a number in
place of a text, NaN, an unknown sentence: all refused with `WireError`. Bytes travel as base64.

A `Codec` knows a closed list of messages. What writes and reads a type is put together once,
so that a piece of an answer costs a few microseconds.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

from engine.events import JobId, TokenDelta
from engine.messages import Sentence, sentence
from engine.runtime.protocol import FromWorker, ToWorker
from engine.runtime.values import TokenLogprob

_LARGEST_INT: Final = 2**63 - 1
_Step = Callable[[Any], Any]  # one value to its JSON form, or back; raises WireError


class WireError(Exception):
    """Something that is no message of the protocol."""


class Codec:
    """Thread-safe. `names` are the types that the messages' modules name for type checkers only."""

    def __init__(self, kinds: tuple[type, ...], names: Mapping[str, Any] | None = None) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._tells_pieces = TokenDelta in kinds
        self._names = dict(names or {})
        self._writers: dict[Any, _Step] = {}
        self._readers: dict[Any, _Step] = {}

    def encode(self, message: object) -> bytes:
        """Raises: WireError, when a field does not hold what it declares, or for another's message."""
        name = type(message).__name__
        if self._kinds.get(name) is not type(message):
            raise WireError(f"{name} is no message of this list")
        body = {"type": name, **self._writer(type(message))(message)}
        return _ENCODER.encode(body).encode("ascii")

    def decode(self, body: bytes) -> object:
        """Raises: WireError."""
        if self._tells_pieces and (piece := _PIECE.fullmatch(body)):
            job, text, reasoning, tokens = piece.groups()
            said, _ = scanstring(text.decode("ascii"), 1)
            return TokenDelta(JobId(int(job)), said, reasoning == b"true", int(tokens))
        fields = _parsed(body)
        if not isinstance(fields, dict):
            raise WireError("not an object")
        name = fields.pop("type", None)
        kind = self._kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            raise WireError(f"unexpected message {name!r}")
        return self._reader(kind)(fields)

    def shape(self) -> str:
        """A text that changes whenever a message, or a type inside of one, changes its fields."""
        seen: dict[str, str] = {}
        for kind in self._kinds.values():
            self._describe(kind, seen)
        return "\n".join(f"{name}: {seen[name]}" for name in sorted(seen))

    def _describe(self, kind: Any, seen: dict[str, str]) -> None:
        if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind.__name__ not in seen:
            fields = self._fields(kind)
            seen[kind.__name__] = ", ".join(f"{name} {typed}" for name, typed in fields)
            for _, typed in fields:
                self._describe(typed, seen)
        elif isinstance(kind, type) and issubclass(kind, Enum):
            seen[kind.__name__] = ", ".join(str(entry.value) for entry in kind)
        for part in typing.get_args(kind):
            self._describe(part, seen)

    def _fields(self, kind: type) -> list[tuple[str, Any]]:
        hints = typing.get_type_hints(kind, localns=self._names)
        return [(field.name, hints[field.name]) for field in dataclasses.fields(kind)]

    def _writer(self, kind: Any) -> _Step:
        known = self._writers.get(kind)
        if known is None:
            known = self._writers[kind] = self._make_writer(kind)
        return known

    def _reader(self, kind: Any) -> _Step:
        known = self._readers.get(kind)
        if known is None:
            known = self._readers[kind] = self._make_reader(kind)
        return known

    def _make_writer(self, kind: Any) -> _Step:
        if isinstance(kind, typing.NewType):
            return self._writer(kind.__supertype__)
        if isinstance(kind, types.UnionType):
            return _optional(self._writer(_not_none(kind)))
        if kind is Sentence:
            return _write_sentence
        if dataclasses.is_dataclass(kind):
            steps = [(name, self._writer(typed)) for name, typed in self._fields(typing.cast(type, kind))]
            return _object_writer(kind, steps)
        if typing.get_origin(kind) is tuple:
            return _list_writer(self._writer(_item_of(kind)))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return _enum_writer(kind)
        return _WRITTEN[kind]

    def _make_reader(self, kind: Any) -> _Step:
        if isinstance(kind, typing.NewType):
            return self._reader(kind.__supertype__)
        if isinstance(kind, types.UnionType):
            return _optional(self._reader(_not_none(kind)))
        if kind is Sentence:
            return _read_sentence
        if dataclasses.is_dataclass(kind):
            steps = [(name, self._reader(typed)) for name, typed in self._fields(typing.cast(type, kind))]
            return _object_reader(kind, steps)
        if typing.get_origin(kind) is tuple:
            return _list_reader(self._reader(_item_of(kind)))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return _enum_reader(kind)
        return _READ[kind]


def _parsed(body: bytes) -> Any:
    """As json.loads, without its search for the encoding and for white space, which no message has."""
    try:
        text = body.decode("utf-8")
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from error
    if end != len(text):
        raise WireError(f"not JSON: something behind its end at {end}")
    return value


_DECODER: Final = json.JSONDecoder()
_quoted: Final = json.encoder.encode_basestring_ascii


def encode_piece(job: int, text: str, reasoning: bool, tokens: int) -> bytes:
    """As `encode`, for a TokenDelta without log probabilities: what is said most often by far, and by whoever
    made it of checked values."""
    thought = "true" if reasoning else "false"
    return (
        f'{{"type":"TokenDelta","job":{job},"text":{_quoted(text)},'
        f'"reasoning":{thought},"tokens":{tokens},"logprobs":[]}}'
    ).encode("ascii")


# What that writes, read in one look; whatever else says the same is read like all other messages.
_PIECE: Final = re.compile(
    rb'\{"type":"TokenDelta","job":(0|[1-9][0-9]{0,17}),'
    rb'"text":("[ !#-\[\]-~]*(?:\\(?:["\\/bfnrt]|u[0-9a-f]{4})[ !#-\[\]-~]*)*"),'
    rb'"reasoning":(true|false),"tokens":(0|[1-9][0-9]{0,17}),"logprobs":\[\]\}'
)
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def _object_writer(kind: Any, steps: list[tuple[str, _Step]]) -> _Step:
    def write(value: Any) -> dict[str, Any]:
        if type(value) is not kind:
            raise WireError(f"{type(value).__name__} in place of {kind.__name__}")
        body = {}
        for name, step in steps:
            try:
                body[name] = step(getattr(value, name))
            except WireError as error:
                raise WireError(f"{name}: {error}") from error
        return body

    return write


def _object_reader(kind: Any, steps: list[tuple[str, _Step]]) -> _Step:
    names = {name for name, _ in steps}

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or value.keys() != names:
            raise WireError(f"not the fields of {kind.__name__}")
        found = []
        for name, step in steps:
            try:
                found.append(step(value[name]))
            except WireError as error:
                raise WireError(f"{name}: {error}") from error
        return kind(*found)

    return read


def _optional(step: _Step) -> _Step:
    return lambda value: None if value is None else step(value)


def _list_writer(item: _Step) -> _Step:
    def write(value: Any) -> list[Any]:
        if not isinstance(value, tuple):
            raise WireError("not a tuple")
        return [item(entry) for entry in value]

    return write


def _list_reader(item: _Step) -> _Step:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise WireError("not a list")
        return tuple([item(entry) for entry in value])

    return read


def _enum_writer(kind: type[Enum]) -> _Step:
    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise WireError(f"{type(value).__name__} in place of {kind.__name__}")
        return value.value

    return write


def _enum_reader(kind: type[Enum]) -> _Step:
    def read(value: Any) -> Enum:
        try:
            return kind(value)
        except ValueError as error:
            raise WireError(str(error)) from error

    return read


def _text(value: Any) -> str:
    if type(value) is not str:
        raise WireError(f"{type(value).__name__} in place of a text")
    return value


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise WireError(f"{type(value).__name__} in place of true or false")
    return value


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise WireError(f"{type(value).__name__} in place of an integer")
    if abs(value) > _LARGEST_INT:
        raise WireError("out of range")
    return value


def _number(value: Any) -> float:
    if type(value) is int and abs(value) <= _LARGEST_INT:
        return float(value)
    if type(value) is not float:
        raise WireError(f"{type(value).__name__} in place of a number")
    if not math.isfinite(value):
        raise WireError("not a finite number")
    return value


def _write_bytes(value: Any) -> str:
    if type(value) is not bytes:
        raise WireError(f"{type(value).__name__} in place of bytes")
    return base64.b64encode(value).decode("ascii")


def _read_bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except ValueError as error:
        raise WireError(f"not base64: {error}") from error


_WRITTEN: Final[Mapping[Any, _Step]] = {
    str: _text,
    bool: _truth,
    int: _integer,
    float: _number,
    bytes: _write_bytes,
}
_READ: Final[Mapping[Any, _Step]] = {**_WRITTEN, bytes: _read_bytes}


def _write_sentence(value: Any) -> dict[str, Any]:
    if type(value) is not Sentence:
        raise WireError(f"{type(value).__name__} in place of a sentence")
    return {"code": value.code, "values": _check_values(dict(value.values))}


def _read_sentence(value: Any) -> Sentence:
    if not isinstance(value, dict) or value.keys() != {"code", "values"} or type(value["code"]) is not str:
        raise WireError("not a sentence")
    try:
        return sentence(value["code"], **_check_values(value["values"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(repr(error)) from error


def _check_values(values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise WireError("not the values of a sentence")
    for entry in values.values():
        if type(entry) not in (str, int, float) or (type(entry) is float and not math.isfinite(entry)):
            raise WireError("not the values of a sentence")
    return values


def _item_of(kind: Any) -> Any:
    """X of `tuple[X, ...]`."""
    item, rest = typing.get_args(kind)
    if rest is not ...:
        raise TypeError(f"{kind} cannot travel: only tuple[X, ...] can")
    return item


def _not_none(kind: types.UnionType) -> Any:
    (only,) = (entry for entry in typing.get_args(kind) if entry is not types.NoneType)
    return only


# the worker's list
_TO_WORKER: Final = Codec(typing.get_args(ToWorker))
_FROM_WORKER: Final = Codec(typing.get_args(FromWorker), {"TokenLogprob": TokenLogprob})
_TO_WORKER_KINDS: Final = typing.get_args(ToWorker)


def encode(message: ToWorker | FromWorker) -> bytes:
    """Raises: WireError, when a field does not hold what it declares."""
    codec = _TO_WORKER if type(message) in _TO_WORKER_KINDS else _FROM_WORKER
    return codec.encode(message)


def decode_to_worker(body: bytes) -> ToWorker:
    """Raises: WireError."""
    return typing.cast(ToWorker, _TO_WORKER.decode(body))


def decode_from_worker(body: bytes) -> FromWorker:
    """Raises: WireError."""
    return typing.cast(FromWorker, _FROM_WORKER.decode(body))
