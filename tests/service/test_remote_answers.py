"""Answers of an endpoint elsewhere: a real stand-in on loopback, from its bytes to our events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.cancellation import CancelToken
from engine.errors import Cancelled
from engine.events import (
    GenerationFinished,
    JobCancelled,
    JobFinished,
    ModelLoaded,
    Noticed,
    RuntimeStateChanged,
    TokenDelta,
    ToolCalled,
    new_job_id,
)
from engine.jobs.endpoints import models_offered
from engine.remote.backend import list_remote_models
from engine.remote.keys import Keys
from engine.runtime.values import (
    GenerationRequest,
    LoadWish,
    RuntimeState,
    Sampling,
    StopReason,
    Tool,
    ToolCall,
    Turn,
    WhenFull,
)
from tests.endpoint import HEAD, Endpoint, Line, Request, models, reply
from tests.service.remote_bench import HELLO, WAIT_S, Bench, MemoryRing, remote_model, wait_for

CHUNKED = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")


def greet(request: Request, line: Line) -> None:
    """Says hello in pieces, with everything that an endpoint may tell."""
    line.send(HEAD)
    line.say("", reasoning_content="They greet")
    line.say("", reasoning_content=" me.")
    line.say("Hel")
    line.say("lo!")
    line.end(
        usage={"prompt_tokens": 12, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}
    )


def answers_both(request: Request, line: Line) -> None:
    """A list of two models, and a greeting."""
    if request.method == "GET":
        line.send(models("m", "other"))
    else:
        greet(request, line)


def test_an_answer_streams_with_its_reasoning_and_figures() -> None:
    bench = Bench()
    with Endpoint(greet) as endpoint:
        answer = bench.answer(endpoint.url)
        host = endpoint.url.removeprefix("http://").removesuffix("/v1")
        asked = endpoint.requests[0]
    assert (answer.text, answer.reasoning) == ("Hello!", "They greet me.")
    assert isinstance(answer.events[-1], JobFinished)
    stats = answer.finished.stats
    assert answer.finished.reason is StopReason.END
    assert (stats.prompt_tokens, stats.reused_tokens, stats.generated_tokens) == (12, 4, 7)
    assert stats.remote == host and not stats.remote_told
    assert (asked.method, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.body["messages"] == [{"role": "user", "content": "Hello"}]


def test_pieces_arrive_while_the_endpoint_still_writes() -> None:
    bench = Bench()

    def answer(request: Request, line: Line) -> None:
        line.send(HEAD)
        line.say("first")
        assert line.may_go_on.wait(WAIT_S)
        line.say("second")
        line.end()

    with Endpoint(answer) as endpoint:
        job = bench.ask(endpoint.url)
        bench.heard.until(job, TokenDelta)
        endpoint.lines[0].may_go_on.set()
        bench.heard.until(job, GenerationFinished)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_chunks_of_any_size(size: int) -> None:
    body = "".join(
        f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\n"
        for chunk in (
            {"choices": [{"delta": {"content": "Grüße, 世界"}}]},
            {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        )
    ).encode() + b"data: [DONE]\n\n"  # fmt: skip

    def answer(request: Request, line: Line) -> None:
        line.send(CHUNKED)
        for at in range(0, len(body), size):
            piece = body[at : at + size]
            line.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        line.send(b"0\r\n\r\n")

    with Endpoint(answer) as endpoint:
        assert Bench().answer(endpoint.url).text == "Grüße, 世界"


def test_an_endpoint_that_does_not_stream() -> None:
    whole = {
        "choices": [{"message": {"content": "All at once.", "reasoning": "hm"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    with Endpoint(lambda request, line: line.send(reply(200, whole))) as endpoint:
        answer = Bench().answer(endpoint.url)
    assert (answer.text, answer.reasoning) == ("All at once.", "hm")
    assert answer.finished.stats.generated_tokens == 4


def test_calls_of_tools_go_there_and_come_back() -> None:
    tool = Tool("weather", "tells", '{"type": "object", "properties": {"city": {"type": "string"}}}')

    def answer(request: Request, line: Line) -> None:
        line.send(HEAD)
        for piece in ({"name": "weather", "arguments": '{"city"'}, {"arguments": ': "Bonn"}'}):
            line.say("", tool_calls=[{"index": 0, "id": "c1", "function": piece}])
        line.end("tool_calls")

    with Endpoint(answer) as endpoint:
        answer = Bench().answer(endpoint.url, GenerationRequest(HELLO, Sampling(), 0, tools=(tool,)))
        asked = endpoint.requests[0].body
    assert asked["tools"][0]["function"]["parameters"]["properties"] == {"city": {"type": "string"}}
    assert answer.only(ToolCalled).call == ToolCall("c1", "weather", '{"city": "Bonn"}')
    assert answer.finished.reason is StopReason.TOOL_CALLS


def test_only_what_was_chosen_of_the_sampling_is_sent() -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: Request, line: Line) -> None:
        sent.append({**request.body})
        greet(request, line)

    plain = Sampling()
    with Endpoint(answer) as endpoint:
        bench = Bench()
        for sampling in (
            plain,
            Sampling(temperature=0.1, top_k=7),
            Sampling(temperature=plain.temperature, chosen=("temperature",)),
        ):
            bench.answer(endpoint.url, GenerationRequest(HELLO, sampling, 0))
    always = {"model", "stream", "stream_options", "messages"}
    assert set(sent[0]) == always
    assert {name: sent[1][name] for name in set(sent[1]) - always} == {"temperature": 0.1, "top_k": 7}
    assert {name: sent[2][name] for name in set(sent[2]) - always} == {"temperature": plain.temperature}


def test_too_long_a_conversation_is_cut_when_that_is_wanted_and_said() -> None:
    full = {"error": {"message": "This model's maximum context length is 16 tokens."}}

    def answer(request: Request, line: Line) -> None:
        if len(request.body["messages"]) > 1:
            line.send(reply(400, full))
        else:
            greet(request, line)

    turns = (Turn("user", "1"), Turn("assistant", "2"), Turn("user", "3"))
    with Endpoint(answer) as endpoint:
        bench = Bench()
        refused = bench.answer(endpoint.url, GenerationRequest(turns, Sampling(), 0))
        cut = GenerationRequest(turns, Sampling(), 0, when_full=WhenFull.CUT)
        answered = bench.answer(endpoint.url, cut)
        last = endpoint.requests[-1].body["messages"]
    assert refused.failure.code == "remote_context_full"
    assert "maximum context length is 16" in str(refused.failure.values["told"])
    assert answered.text == "Hello!" and [message["content"] for message in last] == ["3"]
    assert [(note.message.code, note.message.values["count"]) for note in answered.all(Noticed)] == [
        ("remote_left_out", 2)
    ]


# loading: what is chosen is said to be in use
def states(answer: Any) -> list[RuntimeState]:
    return [event.state for event in answer.all(RuntimeStateChanged)]


def test_choosing_a_model_says_that_it_is_in_use_each_time() -> None:
    context = 4096

    def answer(request: Request, line: Line) -> None:
        line.send(models("other", "m", max_model_len=context))

    bench = Bench()
    with Endpoint(answer) as endpoint:
        first = bench.load(endpoint.url)
        context = 8192  # it was started anew
        second = bench.load(endpoint.url)
        model = remote_model(endpoint.url)
    assert states(first) == [RuntimeState.LOADING, RuntimeState.READY]
    assert states(second) == [RuntimeState.READY]
    for loaded, tokens in ((first, 4096), (second, 8192)):
        said = loaded.only(ModelLoaded)
        assert said.model == model and said.facts.context_length == tokens and said.facts.pid == 0


def test_a_model_that_is_chosen_again_but_gone_is_not_in_use() -> None:
    bench = Bench()
    with Endpoint(lambda request, line: line.send(models("m"))) as endpoint:
        bench.load(endpoint.url)
        endpoint.answer = lambda request, line: line.send(models("other", "another"))
        gone = bench.load(endpoint.url)
    assert gone.failure.code == "remote_model_not_offered"
    assert gone.failure.values["choices"] == "other, another"
    assert states(gone) == [RuntimeState.STOPPED]


def test_an_endpoint_without_a_list_of_models_can_be_used() -> None:
    def answer(request: Request, line: Line) -> None:
        if request.method == "GET":
            line.send(reply(404, {"error": "no such path"}))
        else:
            greet(request, line)

    bench = Bench()
    with Endpoint(answer) as endpoint:
        assert bench.load(endpoint.url).only(ModelLoaded).facts.context_length == 0
        assert bench.answer(endpoint.url).text == "Hello!"


def test_trying_lists_the_models() -> None:
    keys = Keys(MemoryRing())
    with Endpoint(lambda request, line: line.send(models("a", "b"))) as endpoint:
        typed = endpoint.url.removesuffix("/v1") + "/v1/chat/completions/"
        assert models_offered(keys, typed, " secret ", CancelToken()) == ("a", "b")
        asked = endpoint.requests[0]
    assert (asked.path, asked.headers["authorization"]) == ("/v1/models", "Bearer secret")


def test_trying_is_stopped_while_nobody_answers() -> None:
    token = CancelToken()

    def answer(request: Request, line: Line) -> None:
        token.cancel()
        line.wait_until_gone()

    with Endpoint(answer) as endpoint:
        with pytest.raises(Cancelled):
            list_remote_models(endpoint.url, Keys(MemoryRing()).get, token)
        wait_for(lambda: bool(endpoint.lines[0].gone_at))


def test_a_cancelled_load_ends_as_cancelled() -> None:
    bench = Bench()
    with Endpoint(lambda request, line: bench.backend.cancel(job)) as endpoint:
        job = new_job_id()
        bench.backend.load(job, LoadWish(remote_model(endpoint.url)))
        bench.heard.until(job, JobCancelled)
        wait_for(lambda: states_of(bench) == [RuntimeState.LOADING, RuntimeState.STOPPED])


def states_of(bench: Bench) -> list[RuntimeState]:
    return [event.state for _, event in bench.heard.events if isinstance(event, RuntimeStateChanged)]
