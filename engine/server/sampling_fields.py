"""How an answer is drawn: OpenAI's fields, and llama.cpp's where OpenAI has none."""

from __future__ import annotations

import json
from typing import Final

from engine.runtime.values import LogitBias, Sampling
from engine.server.fields import Fields
from engine.server.refusals import RequestError

MOST_STOPS: Final = 16
LONGEST_STOP: Final = 1_000  # characters
MOST_BIASES: Final = 1_024
LONGEST_GRAMMAR: Final = 256 * 1024  # characters, schemas too
MOST_LOGPROBS: Final = 20
_LARGEST_TOKEN: Final = 2**31 - 1
_LARGEST_SEED: Final = 2**32 - 2  # 2**32 - 1 means "draw one" to llama.cpp
_LARGEST_COUNT: Final = 2**31 - 1
_DEFAULT: Final = Sampling()


def read_sampling(fields: Fields, top_logprobs: int) -> Sampling:
    """Everything that shapes the draw of a token. Raises: RequestError."""
    grammar, schema, strict = _read_form(fields)
    return Sampling(
        temperature=fields.number("temperature", _DEFAULT.temperature, 0, 5),
        top_k=max(0, fields.whole("top_k", _DEFAULT.top_k, -1, _LARGEST_COUNT)),  # vLLM's word for all: -1
        top_p=fields.number("top_p", _DEFAULT.top_p, 0, 1),
        min_p=fields.number("min_p", _DEFAULT.min_p, 0, 1),
        repeat_penalty=fields.number("repeat_penalty", _DEFAULT.repeat_penalty, 0.01, 100),
        seed=_read_seed(fields),
        stop=_read_stops(fields),
        frequency_penalty=fields.number("frequency_penalty", 0, -2, 2),
        presence_penalty=fields.number("presence_penalty", 0, -2, 2),
        logit_bias=_read_biases(fields),
        ignore_end=fields.flag("ignore_eos"),
        grammar=grammar,
        json_schema=schema,
        strict_schema=strict,
        top_logprobs=top_logprobs,
    )


def read_max_tokens(fields: Fields, *names: str) -> int:
    """0 for no limit but the context's, which llama.cpp's clients write as -1. The first name wins."""
    for name in names:
        if fields.has(name):
            value = fields.whole(name, -1, -1, _LARGEST_COUNT)
            if value == 0:
                raise RequestError.about(
                    fields.name(name), "request_range", value=0, low=1, high=_LARGEST_COUNT
                )
            return max(value, 0)
    return 0


def json_text(name: str, value: object) -> str:
    """A part of the request as the text of JSON. Raises: RequestError, if it is too long for a schema."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError as error:  # 1e999 is read as infinity
        raise RequestError.about(name, "request_kind", wanted="JSON with ordinary numbers") from error
    return _bounded(name, text)


def _bounded(name: str, text: str) -> str:
    if len(text) > LONGEST_GRAMMAR:
        raise RequestError.about(name, "request_many", count=len(text), most=LONGEST_GRAMMAR)
    return text


def _read_seed(fields: Fields) -> int | None:
    """-1 leaves it to chance, as with llama.cpp; larger seeds (OpenAI has 64 bits) are folded."""
    seed = fields.whole("seed", -1, -(2**63), 2**64)
    return None if seed == -1 else seed % (_LARGEST_SEED + 1)


def _read_stops(fields: Fields) -> tuple[str, ...]:
    stops = tuple(stop for stop in fields.texts("stop", MOST_STOPS) if stop)
    for stop in stops:
        if len(stop) > LONGEST_STOP:
            raise RequestError.about(
                fields.name("stop"), "request_range", value=len(stop), low=1, high=LONGEST_STOP
            )
    return stops


def _read_biases(fields: Fields) -> tuple[LogitBias, ...]:
    """{"TOKEN": BIAS}, the bias from -100 (banned) to 100."""
    entries = fields.child("logit_bias")
    if entries is None:
        return ()
    names = list(entries.names())
    if len(names) > MOST_BIASES:
        raise RequestError.about(
            fields.name("logit_bias"), "request_many", count=len(names), most=MOST_BIASES
        )
    return tuple(LogitBias(_token(fields, name), entries.number(name, 0, -100, 100)) for name in names)


def _token(fields: Fields, name: str) -> int:
    if not (name.isascii() and name.isdecimal() and len(name) <= 10 and int(name) <= _LARGEST_TOKEN):
        fields.refuse_kind("logit_bias", "an object whose names are numbers of tokens")
    return int(name)


def _read_form(fields: Fields) -> tuple[str, str, bool]:
    """The grammar and the JSON schema that the answer has to follow, at most one of them not "", and
    whether it has to follow the schema strictly."""
    grammar = _bounded(fields.name("grammar"), fields.text("grammar"))
    own = fields.child("json_schema")
    schema = "" if own is None else json_text(fields.name("json_schema"), fields.raw("json_schema"))
    wanted, strict = _read_response_format(fields)
    given = [form for form in (grammar, schema, wanted) if form]
    if len(given) > 1:
        fields.refuse("grammar" if grammar else "json_schema", "an answer can follow one form only")
    return grammar, schema or wanted, strict


def _read_response_format(fields: Fields) -> tuple[str, bool]:
    """The schema that it asks for, "" for none, and whether strictly."""
    form = fields.child("response_format")
    if form is None:
        return "", False
    kind = form.choice("type", ("text", "json_object", "json_schema"), "text")
    if kind == "text":
        return "", False
    if kind == "json_schema":
        inner = form.required_child("json_schema")
        # llama-server takes a schema that is not wrapped in its name too.
        holder = inner if inner.has("schema") else form
        field = "schema" if inner.has("schema") else "json_schema"
    else:
        holder, field = form, "schema"
        if not form.has("schema"):
            return '{"type": "object"}', False
    holder.required_child(field)
    strict = kind == "json_schema" and (form.flag("strict") or (holder is inner and inner.flag("strict")))
    return json_text(holder.name(field), holder.raw(field)), strict
