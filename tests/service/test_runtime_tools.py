"""Tools with the real worker on SmolLM2: calls that have to be made, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.runtime.values import GenerationRequest, Sampling, StopReason, Tool, ToolCall, Turn
from tests.models import tiny
from tests.service.runtime_bench import GREEDY, Bench

CITY = '{"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"]}'
TOOLS = (Tool("weather", "The weather of a city", CITY), Tool("now", "The time", ""))
ASKED = Turn("user", "What is the weather in Oslo?")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("runtime"))
    made.loaded(n_sequences=2, context_length=2048)
    yield made
    made.client.close()


def ask(choice: str, *turns: Turn, sampling: Sampling = GREEDY, max_tokens: int = 300) -> GenerationRequest:
    return GenerationRequest((ASKED, *turns), sampling, max_tokens, tools=TOOLS, tool_choice=choice)


def calls(bench: Bench, request: GenerationRequest) -> tuple[list[ToolCall], str, StopReason]:
    job = bench.ask(request)
    assert isinstance(bench.ending(job), events.JobFinished)
    found = [event.call for event in bench.of(job, events.ToolCalled)]
    return found, bench.text(job), bench.first(job, events.GenerationFinished).reason


@pytest.mark.parametrize("seed", range(3))
def test_a_required_call_is_made_whatever_the_model_thinks_of_it(bench: Bench, seed: int) -> None:
    hot = Sampling(temperature=1.2, seed=seed)
    found, text, reason = calls(bench, ask("required", sampling=hot))
    assert reason is StopReason.TOOL_CALLS
    assert text == ""
    assert found
    for call in found:
        arguments = json.loads(call.arguments)
        assert call.name in ("weather", "now")
        assert call.name == "now" or isinstance(arguments["city"], str)


def test_a_named_tool_is_the_one_that_is_called(bench: Bench) -> None:
    found, _, _ = calls(bench, ask("now"))
    assert {call.name for call in found} == {"now"}


def test_none_means_none(bench: Bench) -> None:
    found, text, reason = calls(bench, ask("none", max_tokens=8))
    assert not found
    assert text
    assert reason is StopReason.LENGTH


def test_what_a_tool_said_is_read(bench: Bench) -> None:
    (call, *_), _, _ = calls(bench, ask("weather"))
    result = Turn("tool", "It rains cats and dogs in Oslo.", tool_call_id=call.id)
    turns = (Turn("assistant", "", (call,)), result)
    found, text, _ = calls(bench, ask("none", *turns, max_tokens=40))
    assert not found
    assert "rain" in text


def test_a_schema_and_tools_go_together(bench: Bench) -> None:
    schema = '{"type": "object", "properties": {"rain": {"type": "boolean"}}, "required": ["rain"]}'
    for seed in range(4):
        sampling = Sampling(temperature=1.0, seed=seed, json_schema=schema)
        found, text, reason = calls(bench, ask("auto", sampling=sampling))
        assert reason is (StopReason.TOOL_CALLS if found else StopReason.END)
        assert found or isinstance(json.loads(text)["rain"], bool)


def test_a_template_that_knows_tools_is_known(bench: Bench, tmp_path: Path) -> None:
    assert bench.client.facts
    assert not bench.client.facts.has_tools
    template = (
        "{% for tool in tools or [] %}<|im_start|>{{ tool.function.name }}{% endfor %}{% for m in messages %}"
        "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{% endfor %}<|im_start|>assistant\n<tool_call>"
    )
    other = Bench(tmp_path)
    try:
        other.loaded(tiny(tmp_path, "llama", template), context_length=512)
        assert other.client.facts
        assert other.client.facts.has_tools
    finally:
        other.client.close()
