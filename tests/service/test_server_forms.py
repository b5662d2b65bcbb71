"""Forms of answers through OpenAI's client: grammars, schemas, calls of tools, log probabilities."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.service.server_bench import Served

QUESTION: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
COLOUR = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "green", "blue"]}, "bright": {"type": "boolean"}},
    "required": ["colour", "bright"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    served = Served(tmp_path_factory.mktemp("served"))
    with openai.OpenAI(base_url=served.url, api_key="none", max_retries=0, timeout=120) as made:
        yield made
    served.close()


def ask(client: openai.OpenAI, **fields: Any) -> Any:
    settings = {"model": "default", "messages": QUESTION, "max_tokens": 12, "temperature": 0}
    return client.chat.completions.create(**{**settings, **fields})


def test_log_probabilities(client: openai.OpenAI) -> None:
    answer = ask(client, logprobs=True, top_logprobs=3, max_tokens=5)
    content = answer.choices[0].logprobs.content
    assert "".join(token.token for token in content) == answer.choices[0].message.content
    for token in content:
        assert len(token.top_logprobs) == 3
        # Drawn greedily: the most likely one.
        assert token.logprob == pytest.approx(token.top_logprobs[0].logprob)
        assert 0 >= token.logprob > -20
    streamed = [
        token
        for chunk in ask(client, logprobs=True, top_logprobs=3, max_tokens=5, stream=True)
        for choice in chunk.choices
        if choice.logprobs
        for token in choice.logprobs.content
    ]
    assert [token.token for token in streamed] == [token.token for token in content]


def test_forms_of_answers(client: openai.OpenAI) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "colour", "schema": COLOUR, "strict": True}}
    answer = json.loads(ask(client, response_format=schema, max_tokens=80).choices[0].message.content)
    assert set(answer) == {"colour", "bright"}
    assert answer["colour"] in ("red", "green", "blue")
    chosen = ask(client, extra_body={"grammar": 'root ::= "yes" | "no"'})
    assert chosen.choices[0].message.content in ("yes", "no")
    assert chosen.choices[0].finish_reason == "stop"


def test_a_schema_that_cannot_be_kept_to_is_said_or_with_strict_refused(client: openai.OpenAI) -> None:
    loose = {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "maxItems": 3}

    def form(**more: Any) -> Any:
        return {"type": "json_schema", "json_schema": {"name": "x", "schema": loose, **more}}

    answer = ask(client, response_format=form(), max_tokens=60)
    assert [warning["code"] for warning in answer.warnings] == ["schema_loosened"]
    assert "uniqueItems" in answer.warnings[0]["message"]
    assert not hasattr(ask(client), "warnings")
    chunks = list(ask(client, response_format=form(), max_tokens=60, stream=True))
    told = [chunk for chunk in chunks if hasattr(chunk, "warnings")]
    assert len(told) == 1 and told[0].choices[0].finish_reason
    assert told[0].warnings == answer.warnings
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="uniqueItems") as caught:
            ask(client, response_format=form(strict=True), stream=stream)
        assert caught.value.code == "schema_not_exact"


def strict_tool(**schema: Any) -> Any:
    return {"type": "function", "function": {**WEATHER["function"], "parameters": schema, "strict": True}}


def test_strict_tools_are_kept_to_or_refused(client: openai.OpenAI) -> None:
    loose = strict_tool(type="object", properties={"city": {"type": "string", "not": {"const": "x"}}})
    with pytest.raises(openai.BadRequestError, match="not in it") as caught:
        ask(client, tools=[loose])
    assert caught.value.code == "tool_not_exact"
    assert ask(client, tools=[loose], tool_choice="none").choices[0].message.content

    exact = strict_tool(**{**WEATHER["function"]["parameters"], "properties": {"city": {"enum": ["Oslo"]}}})

    def said(city: str) -> Any:
        call = json.dumps(f'<tool_call>{{"name": "weather", "arguments": {{"city": "{city}"}}}}</tool_call>')
        return ask(client, tools=[exact], extra_body={"grammar": f"root ::= {call}"}, max_tokens=80).choices[
            0
        ]

    assert said("Oslo").finish_reason == "tool_calls"
    assert said("Rome").finish_reason == "stop" and "Rome" in said("Rome").message.content
    forced = ask(client, tools=[exact], tool_choice="required", max_tokens=120).choices[0].message
    assert json.loads(forced.tool_calls[0].function.arguments) == {"city": "Oslo"}


def test_tools_are_called(client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "Use the tool: what is the weather in Oslo?"}]
    fields = {"messages": messages, "tools": [WEATHER], "tool_choice": "required", "max_tokens": 120}
    answer = ask(client, **fields, parallel_tool_calls=False)
    assert answer.choices[0].finish_reason == "tool_calls"
    calls = answer.choices[0].message.tool_calls
    assert len(calls) == 1
    assert calls[0].function.name == "weather"
    assert isinstance(json.loads(calls[0].function.arguments)["city"], str)
    assert calls[0].id

    streamed = [
        call
        for chunk in ask(client, **fields, stream=True)
        for choice in chunk.choices
        for call in choice.delta.tool_calls or []
    ]
    assert streamed[0].function.name == "weather"
    assert "city" in json.loads(streamed[0].function.arguments)

    messages += [
        answer.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": calls[0].id, "content": "It rains."},
    ]
    told = ask(client, messages=messages, tools=[WEATHER], tool_choice="none")
    assert told.choices[0].message.content
    assert told.choices[0].message.tool_calls is None


def test_a_tool_that_the_model_made_up_is_no_call(client: openai.OpenAI) -> None:
    def said(name: str) -> Any:
        written = f'<tool_call>{{\\"name\\": \\"{name}\\", \\"arguments\\": {{}}}}</tool_call>'
        grammar = f'root ::= "{written}"'
        return ask(client, tools=[WEATHER], extra_body={"grammar": grammar}, max_tokens=80).choices[0]

    real, made_up = said("weather"), said("delete_everything")
    assert (real.finish_reason, len(real.message.tool_calls)) == ("tool_calls", 1)
    assert made_up.finish_reason == "stop" and made_up.message.tool_calls is None
    assert '"delete_everything"' in made_up.message.content


def test_completions(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model="starter", prompt=["Once upon a", "One, two,"], max_tokens=6, temperature=0, logprobs=2
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    for choice in answer.choices:
        assert choice.text
        assert choice.logprobs is not None and choice.logprobs.tokens is not None
        assert "".join(choice.logprobs.tokens) == choice.text
    streamed = client.completions.create(
        model="starter", prompt="Once upon a", max_tokens=6, temperature=0, stream=True
    )
    assert "".join(chunk.choices[0].text for chunk in streamed) == answer.choices[0].text
