"""What clients send: any JSON gives a request or a RequestError that names the field."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import JobId
from engine.messages import english
from engine.runtime.protocol import Generate
from engine.runtime.values import IMAGE_MARK, LogitBias, Sampling, Tool, ToolCall, Turn
from engine.runtime.wire import encode
from engine.server.chat_request import ChatRequest, read_chat_request
from engine.server.completion_request import read_completion_request
from engine.server.embedding_request import read_embeddings_request
from engine.server.fields import DEEPEST, load_json
from engine.server.refusals import RequestError, error_object
from tests.pictures import png

HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def chat(**fields: Any) -> ChatRequest:
    return read_chat_request({"messages": HELLO, **fields})


def refused(**fields: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        chat(**fields)
    return caught.value


def test_the_least_that_can_be_asked() -> None:
    asked = read_chat_request({"messages": HELLO})
    assert asked.generation.turns == (Turn("user", "Hello"),)
    assert asked.generation.sampling == Sampling()
    assert asked.generation.max_tokens == 0
    assert asked.generation.conversation == ""  # nothing is kept on disk for API clients
    assert (asked.answers, asked.stream, asked.include_usage, asked.one_call) == (1, False, False, False)


def test_every_field_of_sampling_arrives() -> None:
    sampling = chat(
        temperature=0.1, top_k=3, top_p=0.5, min_p=0.2, repeat_penalty=1.1, seed=7, stop=["a", "b"],
        frequency_penalty=-1, presence_penalty=2, logit_bias={"12": -100}, logprobs=True, top_logprobs=4,
        grammar="root ::= [a-z]+",
    ).generation.sampling  # fmt: skip
    assert sampling == Sampling(
        temperature=0.1, top_k=3, top_p=0.5, min_p=0.2, repeat_penalty=1.1, seed=7, stop=("a", "b"),
        frequency_penalty=-1, presence_penalty=2, logit_bias=(LogitBias(12, -100),), top_logprobs=4,
        grammar="root ::= [a-z]+",
    )  # fmt: skip


def test_null_counts_as_not_given() -> None:
    names = (
        "temperature top_p seed stop max_tokens tools tool_choice response_format n stream logprobs "
        "stream_options logit_bias modalities reasoning_effort chat_template_kwargs model"
    )
    assert chat(**dict.fromkeys(names.split())) == chat()


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6, "max_tokens": 5}, 6),
        ({"max_tokens": -1}, 0),
        ({"max_tokens": 7.0}, 7),
    ],
)
def test_limits_of_length(fields: dict[str, Any], most: int) -> None:
    assert chat(**fields).generation.max_tokens == most


def test_a_conversation_with_tools() -> None:
    arguments = '{"city": "Oslo"}'
    calls = [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": arguments}}]
    messages = [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Is it"}, {"type": "text", "text": "raining?"}],
        },
        {"role": "assistant", "content": None, "tool_calls": calls, "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": "c1", "content": "no"},
    ]
    asked = chat(
        messages=messages, tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "weather"}}
    )
    assert asked.generation.turns == (
        Turn("system", "Be brief."),
        Turn("user", "Is it\nraining?"),
        Turn("assistant", "", (ToolCall("c1", "weather", arguments),), reasoning="Hm."),
        Turn("tool", "no", tool_call_id="c1"),
    )
    assert asked.generation.tools == (Tool("weather", "", '{"type": "object"}'),)
    assert asked.generation.tool_choice == "weather"
    assert chat(tools=[WEATHER], tool_choice="required").generation.tool_choice == "required"
    assert chat(tools=[WEATHER], parallel_tool_calls=False).one_call


def test_an_answer_that_has_begun_is_gone_on_with() -> None:
    asked = chat(messages=[*HELLO, {"role": "assistant", "content": "Good mor"}])
    assert asked.generation.turns == (Turn("user", "Hello"),)
    assert asked.generation.answer_so_far == "Good mor"


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        ({"type": "text"}, ""),
        ({"type": "json_object"}, '{"type": "object"}'),
        ({"type": "json_object", "schema": {"a": 1}}, '{"a": 1}'),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array"}}},
            '{"type": "array"}',
        ),
    ],
)
def test_forms_of_answers(form: dict[str, Any], schema: str) -> None:
    assert chat(response_format=form).generation.sampling.json_schema == schema


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({}, None),
        ({"chat_template_kwargs": {"enable_thinking": False}}, False),
        ({"chat_template_kwargs": {"enable_thinking": True}, "reasoning_effort": "none"}, True),
        ({"reasoning_effort": "none"}, None),
    ],
)
def test_the_switch_of_thinking(fields: dict[str, Any], thinking: bool | None) -> None:
    assert chat(**fields).generation.thinking is thinking


def test_what_the_chat_template_is_told() -> None:
    assert chat(reasoning_effort="none").generation.effort == "none"
    told = {"enable_thinking": False, "thinking_budget": 512, "custom": {"a": ["b"]}, "nothing": None}
    arguments = chat(chat_template_kwargs=told).generation.template_arguments
    assert json.loads(arguments) == {"enable_thinking": False, "thinking_budget": 512, "custom": {"a": ["b"]}}
    assert chat(chat_template_kwargs={}).generation.template_arguments == ""


def test_thoughts_of_an_answer_that_has_begun() -> None:
    begun = {"role": "assistant", "content": "", "reasoning_content": "Let me"}
    asked = chat(messages=[*HELLO, begun]).generation
    assert (asked.answer_so_far, asked.reasoning_so_far) == ("", "Let me")


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"temperature": "hot"}, "temperature", "request_kind"),
        ({"temperature": True}, "temperature", "request_kind"),
        ({"reasoning_effort": "enormous"}, "reasoning_effort", "request_choice"),
        ({"reasoning_effort": 3}, "reasoning_effort", "request_kind"),
        ({"chat_template_kwargs": []}, "chat_template_kwargs", "request_kind"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs.messages", "request_unsupported"),
        ({"chat_template_kwargs": {"a b": 1}}, "chat_template_kwargs.a b", "request_unsupported"),
        ({"chat_template_kwargs": {f"a{n}": 1 for n in range(99)}}, "chat_template_kwargs", "request_many"),
        ({"chat_template_kwargs": {"a": "x" * 99_999}}, "chat_template_kwargs", "request_many"),
        ({"chat_template_kwargs": {"a": 1e999}}, "chat_template_kwargs", "request_kind"),
        ({"temperature": 9}, "temperature", "request_range"),
        ({"temperature": float("inf")}, "temperature", "request_range"),
        ({"seed": 10**40}, "seed", "request_range"),
        ({"max_tokens": 0}, "max_tokens", "request_range"),
        ({"max_tokens": 1.5}, "max_tokens", "request_kind"),
        ({"messages": None}, "messages", "request_missing"),
        ({"messages": []}, "messages", "request_missing"),
        ({"messages": "Hello"}, "messages", "request_kind"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "request_missing"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "request_missing"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role", "request_choice"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "request_kind"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "request_missing"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages", "request_unsupported"),
        (
            {"messages": [*HELLO, {"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[1].content[0].image_url.url",
            "request_missing",
        ),
        ({"tools": [WEATHER, WEATHER]}, "tools", "request_unsupported"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "request_missing"),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type", "request_choice"),
        (
            {"tools": [{"type": "function", "function": {"name": "a b"}}]},
            "tools[0].function.name",
            "request_kind",
        ),
        ({"tool_choice": "required"}, "tool_choice", "request_unsupported"),
        (
            {"tool_choice": {"type": "function", "function": {"name": "x"}}},
            "tool_choice",
            "request_unsupported",
        ),
        ({"functions": []}, "functions", "request_unsupported"),
        ({"modalities": ["text", "audio"]}, "modalities", "request_unsupported"),
        ({"top_logprobs": 3}, "top_logprobs", "request_unsupported"),
        ({"n": 1000}, "n", "request_range"),
        ({"stop": ["x"] * 100}, "stop", "request_many"),
        ({"stop": ["x" * 100_000]}, "stop", "request_range"),
        ({"stop": [1]}, "stop[0]", "request_kind"),
        ({"logit_bias": {"word": 1}}, "logit_bias", "request_kind"),
        ({"logit_bias": {"-1": 1}}, "logit_bias", "request_kind"),
        ({"logit_bias": {"²": 1}}, "logit_bias", "request_kind"),
        ({"logit_bias": {"1": "x"}}, "logit_bias.1", "request_kind"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "request_choice"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "request_missing"),
        (
            {"response_format": {"type": "json_object"}, "grammar": "root ::= x"},
            "grammar",
            "request_unsupported",
        ),
        ({"json_schema": {"const": float("inf")}}, "json_schema", "request_kind"),
        ({"json_schema": {"x": "y" * 300_000}}, "json_schema", "request_many"),
        (
            {"chat_template_kwargs": {"chat_template": "x"}},
            "chat_template_kwargs.chat_template",
            "request_unsupported",
        ),
        ({"stream": "yes"}, "stream", "request_kind"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], param: str, code: str) -> None:
    error = refused(**fields)
    assert (error.param, error.message.code, error.status) == (param, code, 400)
    assert param in english(error.message)


def test_completions() -> None:
    asked = read_completion_request({"prompt": ["a", "b"], "n": 2, "logprobs": 3})
    assert [generation.prompt for generation in asked.generations] == ["a", "b"]
    assert asked.generations[0].turns == ()
    assert asked.generations[0].max_tokens == 16  # OpenAI's default
    assert asked.generations[0].sampling.top_logprobs == 3
    assert asked.logprobs
    assert read_completion_request({"prompt": "a"}).generations[0].sampling.top_logprobs == -1


@pytest.mark.parametrize(
    "fields",
    [{}, {"prompt": []}, {"prompt": [1, 2]}, {"prompt": [[1]]}, {"prompt": "x", "suffix": "y"},
     {"prompt": "x", "echo": True}, {"prompt": "x", "best_of": 3}, {"prompt": ["x"] * 9, "n": 2}],
)  # fmt: skip
def test_completions_that_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        read_completion_request(fields)


def test_embeddings() -> None:
    asked = read_embeddings_request({"input": "a", "encoding_format": "base64", "dimensions": 8})
    assert (asked.embedding.texts, asked.as_base64, asked.dimensions) == (("a",), True, 8)
    for wrong in ({}, {"input": []}, {"input": [""]}, {"input": [3]}, {"input": "a", "dimensions": 0}):
        with pytest.raises(RequestError):
            read_embeddings_request(wrong)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"9" * 5_000]
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(RequestError):
        load_json(body)


def test_depth_is_bounded() -> None:
    def nested(levels: int) -> bytes:
        return b"[" * levels + b"]" * levels

    assert load_json(nested(DEEPEST)) is not None
    with pytest.raises(RequestError) as caught:
        load_json(nested(DEEPEST + 1))
    assert caught.value.message.code == "request_deep"


# fuzz: names that mean something, with values of every kind
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_KINDS = st.sampled_from(
    ["text", "function", "json_object", "json_schema", "auto", "user", "tool", "assistant"]
)
_WORDS = """
    model messages role content type text tool_calls tool_call_id function name arguments tools parameters
    tool_choice response_format json_schema schema stop logit_bias n seed top_k max_tokens prompt input
    stream_options include_usage chat_template_kwargs enable_thinking logprobs top_logprobs modalities
"""
_NAMES = st.sampled_from(_WORDS.split())
_JSON = st.recursive(
    _SCALARS | _KINDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=40,
)
_MESSAGES = st.lists(st.dictionaries(_NAMES, _JSON, max_size=4) | st.sampled_from(HELLO), max_size=4)


@given(_JSON, st.dictionaries(_NAMES, _JSON, max_size=8), _MESSAGES | _JSON)
def test_any_json_is_read_or_refused(value: Any, fields: dict[str, Any], messages: Any) -> None:
    for body in (value, {**fields, "messages": messages, "prompt": "x", "input": "x"}, fields):
        for read in (read_chat_request, read_completion_request, read_embeddings_request):
            try:
                asked = read(body)
            except RequestError as error:
                json.dumps(error_object(error))
                assert 400 <= error.status < 500
            else:
                if isinstance(asked, ChatRequest):
                    encode(Generate(1, asked.generation))  # the engine takes it


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        load_json(body)
    except RequestError as error:
        assert error.status == 400


def test_images_keep_their_places_among_texts() -> None:
    def picture(image: bytes) -> dict[str, Any]:
        address = f"data:image/png;base64,{base64.b64encode(image).decode()}"
        return {"type": "image_url", "image_url": {"url": address, "detail": "low"}}

    def text(words: str) -> dict[str, Any]:
        return {"type": "text", "text": words}

    one, two = png(seed=1), png(seed=2)
    content = [text("First"), picture(one), text(f"then{IMAGE_MARK}"), text("and"), picture(two)]
    (turn,) = chat(messages=[{"role": "user", "content": content}]).generation.turns
    assert turn.images == (one, two)
    assert turn.content == f"First{IMAGE_MARK}then\ufffd\nand{IMAGE_MARK}"
    encode(Generate(JobId(1), chat(messages=[{"role": "user", "content": content}]).generation))
    # the newer form, with the address as a text
    newer = {"type": "input_image", "image_url": picture(one)["image_url"]["url"]}
    (turn,) = chat(messages=[{"role": "user", "content": [newer]}]).generation.turns
    assert (turn.content, turn.images) == (IMAGE_MARK, (one,))
    error = refused(messages=[*HELLO, {"role": "assistant", "content": [picture(one)], "tool_calls": []}])
    assert error.message.code == "request_unsupported"
