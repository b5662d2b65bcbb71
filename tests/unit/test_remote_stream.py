"""Server-sent events and chunks of answers: any chunking, and everything that a server may send."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.reasoning import Phase
from engine.errors import RemoteError
from engine.remote.address import Place, checked_address, host_of, in_clear, origin_text, place_of
from engine.remote.answer import without_oldest
from engine.remote.body import chat_body, completion_body
from engine.remote.call import Complaint
from engine.remote.embedding import vectors_of
from engine.remote.failures import failure_of_status, told_by
from engine.remote.listing import offered_models
from engine.remote.reply import Reply, phase_of
from engine.remote.sse import EventStream, StreamTooLarge
from engine.runtime.values import GenerationRequest, LogitBias, Sampling, StopReason, Tool, ToolCall, Turn

STREAM = (
    b"\xef\xbb\xbf: a comment\r\n"
    b"event: message\r\nid: 1\r\nretry: 10\r\ndata: one\r\n\r\n"
    b"data:two\rdata: lines\r\r"
    b"data\n\n"
    b": keep-alive\n\n"
    b"data: caf\xc3\xa9 \xff\n\ndata: [DONE]\n\ndata: cut of"
)
EVENTS = ["one", "two\nlines", "", "café \ufffd", "[DONE]"]


def fed(stream: EventStream, *pieces: bytes) -> list[str]:
    return [event for piece in pieces for event in stream.feed(piece)]


def test_events_in_one_piece() -> None:
    assert fed(EventStream(), STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_any_chunking_gives_the_same_events(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in itertools.pairwise(edges)]
    assert fed(EventStream(), *pieces) == EVENTS


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_any_bytes_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert fed(EventStream(), *pieces) == fed(EventStream(), data)


def test_limits_of_line_event_and_stream() -> None:
    with pytest.raises(StreamTooLarge, match="line"):
        fed(EventStream(longest_line=10), b"data: 12", b"345678")
    with pytest.raises(StreamTooLarge, match="event"):
        fed(EventStream(largest_event=10), *[b"data: 123\n"] * 4)
    with pytest.raises(StreamTooLarge, match="over 20 bytes"):
        fed(EventStream(largest_stream=20), *[b": 123456\n\n"] * 3)
    fed(EventStream(largest_event=10), *[b"data: 123\n\n"] * 40)


def reply(phase: Phase = Phase.UNDECIDED, context_length: int = 0) -> Reply:
    return Reply("host", "m", phase, context_length)


def say(content: str = "", finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content, **delta}, "finish_reason": finish}]}


def taken(made: Reply, *chunks: Any) -> list[tuple[str, bool]]:
    found = [delta for chunk in chunks for delta in made.take(json.dumps(chunk))]
    found += made.finish()
    return [(delta.text, delta.reasoning) for delta in found]


def joined(deltas: list[tuple[str, bool]]) -> tuple[str, str]:
    return "".join(t for t, r in deltas if r), "".join(t for t, r in deltas if not r)


def test_reasoning_by_field_of_either_name() -> None:
    for name in ("reasoning_content", "reasoning"):
        deltas = taken(reply(), say(**{name: "hm "}), say(**{name: "so"}), say("<think> is a tag"))
        assert joined(deltas) == ("hm so", "<think> is a tag")


@given(st.lists(st.integers(1, 30), max_size=6))
def test_reasoning_by_tags_however_it_is_cut(cuts: list[int]) -> None:
    text = "<think>\nhm so\n</think>\n\nDone."
    edges = [0, *sorted(cuts), len(text)]
    chunks = [say(text[start:end]) for start, end in itertools.pairwise(edges)]
    made = reply()
    assert joined(taken(made, *chunks)) == ("hm so", "Done.")
    assert made.figures.stats("host").reasoning_tokens >= 1


def test_an_answer_that_is_carried_on_begins_where_it_stood() -> None:
    assert joined(taken(reply(phase_of("", "hm")), say(" so</think>Done."))) == (" so", "Done.")
    assert joined(taken(reply(phase_of("Do", "hm")), say("<think>"))) == ("", "<think>")


def test_calls_of_tools_come_in_pieces() -> None:
    made = reply()
    pieces = ['{"ci', 'ty": "Bo', 'nn"}']
    first = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": pieces[0]}}
    rest = [{"index": 0, "function": {"arguments": piece}} for piece in pieces[1:]]
    other = {"index": 1, "id": "", "function": {"name": "time", "arguments": {"zone": 1}}}
    taken(made, *[say(tool_calls=[call]) for call in (first, *rest, other)], say(finish="tool_calls"))
    assert made.calls() == (
        ToolCall("c1", "weather", '{"city": "Bonn"}'),
        ToolCall("call_1", "time", '{"zone": 1}'),
    )
    assert made.reason() is StopReason.TOOL_CALLS


def test_calls_end_in_tool_calls_whatever_the_endpoint_says() -> None:
    made = reply()
    taken(made, say(tool_calls=[{"function": {"name": "f"}}]), say(finish="stop"))
    assert made.reason() is StopReason.TOOL_CALLS
    assert made.calls() == (ToolCall("call_0", "f", "{}"),)


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("stop", StopReason.END),
        ("length", StopReason.LENGTH),
        ("content_filter", StopReason.END),
        ("something new", StopReason.END),
        (None, None),
    ],
)
def test_how_it_ended(finish: str | None, expected: StopReason | None) -> None:
    made = reply()
    taken(made, say("a", finish))
    assert made.reason() is expected
    assert made.filtered is (finish == "content_filter")


def test_a_full_context_is_told_apart_from_a_limit() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 124}}
    for context, expected in ((1024, StopReason.CONTEXT_FULL), (4096, StopReason.LENGTH)):
        made = reply(context_length=context)
        taken(made, say("a", "length"), usage)
        assert made.reason() is expected


def test_done_without_a_reason_is_an_end() -> None:
    made = reply()
    assert made.take("[DONE]") == []
    assert made.ended and made.reason() is StopReason.END


def test_figures_as_they_are_told() -> None:
    made = reply()
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    timings = {"prompt_ms": 200.0, "predicted_ms": 1000.0, "predicted_n": 50}
    taken(made, say("a"), say("b", "stop"), {"choices": [], "usage": usage, "timings": timings})
    stats = made.figures.stats("host")
    assert (stats.prompt_tokens, stats.reused_tokens, stats.evaluated_tokens) == (100, 60, 40)
    assert (stats.generated_tokens, stats.reasoning_tokens) == (50, 20)
    assert stats.prompt_tps == pytest.approx(200) and stats.generation_tps == pytest.approx(50)
    assert (stats.remote, stats.remote_told) == ("host", True)


def test_figures_that_are_not_told_are_measured() -> None:
    made = reply()
    taken(made, *[say("x")] * 5, say(finish="stop"))
    stats = made.figures.stats("host")
    assert stats.generated_tokens == 5 and not stats.remote_told
    assert 0 <= stats.time_to_first_token_s < 5


def test_log_probabilities() -> None:
    entry = {
        "token": "é",
        "logprob": -0.5,
        "bytes": [195, 169],
        "top_logprobs": [{"token": "e", "logprob": -1.5, "bytes": None}, {"token": 3}, "x"],
    }
    chunk = say("é")
    chunk["choices"][0]["logprobs"] = {"content": [entry, {"token": "b", "logprob": float("nan")}]}
    (delta,) = reply().take(json.dumps(chunk))
    assert [found.drawn.raw for found in delta.logprobs] == [(195, 169), (98,)]
    assert [rival.text for rival in delta.logprobs[0].top] == ["e"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "choices",
    "delta",
    "message",
    "content",
    "reasoning_content",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "index",
    "id",
    "usage",
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "timings",
    "prompt_ms",
    "predicted_ms",
    "logprobs",
    "text",
    "token",
    "logprob",
    "bytes",
    "top_logprobs",
    "finish_reason",
]
CHUNKS = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)


@given(st.lists(CHUNKS, max_size=5))
def test_no_chunk_does_harm(chunks: list[Any]) -> None:
    made = reply(context_length=1000)
    for chunk in chunks:
        for data in (json.dumps(chunk), json.dumps({"choices": [chunk]})):
            try:
                made.take(data)
            except RemoteError as error:
                assert error.message.code.startswith("remote_")
    made.finish()
    for call in made.calls():
        call.arguments.encode()
    stats = made.figures.stats("host")
    assert stats.generated_tokens >= 0 and stats.generation_tps >= 0
    made.reason()


@given(st.text())
def test_no_text_for_a_chunk_does_harm(data: str) -> None:
    try:
        reply().take(data)
    except RemoteError as error:
        assert error.message.code in ("remote_nonsense", "remote_error_in_stream", "remote_context_full")


def test_deep_json_and_endless_numbers_are_nonsense() -> None:
    for data in ("[" * 100_000, '{"a":' * 100_000, "9" * 10_000):
        with pytest.raises(RemoteError):
            reply().take(data)


def test_lone_surrogates_are_no_text() -> None:
    (delta,) = reply().take(r'{"choices": [{"delta": {"content": "a\ud800b"}}]}')
    assert delta.text == "a?b"


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_lists_of_models_and_vectors_and_complaints_do_no_harm(body: bytes) -> None:
    for use in (lambda: offered_models(body, "h"), lambda: vectors_of(body, 1, "h")):
        try:
            use()
        except RemoteError as error:
            assert error.message.code == "remote_nonsense"
    assert told_by(body).isprintable()
    failure_of_status(Complaint(400, body), "h", "m")


def test_what_endpoints_say_is_told() -> None:
    for body in (
        {"error": {"message": "no such\nthing"}},
        {"error": "no such thing"},
        {"message": "no such thing"},
        {"detail": "no such thing"},
    ):
        assert told_by(json.dumps(body).encode()) == "no such thing"
    assert told_by(b"<html>") == ""
    assert len(told_by(b"x" * 10_000)) <= 300


def test_contexts_are_read_from_lists() -> None:
    body = json.dumps(
        {
            "data": [
                {"id": "a", "max_model_len": 4096},
                {"id": "b", "meta": {"n_ctx": 512, "n_ctx_train": 8}},
                {"id": "c", "max_model_len": -1},
                {"id": "a"},
                {"id": 7},
                {"id": "bad\nname"},
            ]
        }
    )
    found = {each.name: each.context_length for each in offered_models(body.encode(), "h")}
    assert found == {"a": 4096, "b": 512, "c": 0}


def test_vectors_are_in_order_and_of_length_one() -> None:
    data = [{"index": 1, "embedding": [0, 2.0]}, {"index": 0, "embedding": [3.0, 4.0]}]
    body = json.dumps({"data": data, "usage": {"prompt_tokens": 9}}).encode()
    vectors, tokens = vectors_of(body, 2, "h")
    assert vectors == ((0.6, 0.8), (0.0, 1.0)) and tokens == 9
    with pytest.raises(RemoteError):
        vectors_of(body, 3, "h")


# addresses
@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        (" http://Host:8000 ", "http://host:8000/v1"),
        ("http://host:8000/v1/chat/completions", "http://host:8000/v1"),
        ("https://host/team/v1/models", "https://host/team/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_addresses_are_tidied(text: str, url: str) -> None:
    assert checked_address(text) == url
    assert checked_address(url) == url


@pytest.mark.parametrize(
    "text",
    ["", "host", "ftp://host/v1", "https://", "https://u:p@host/v1", "https://h/v1?x=1", "https://h/v1#m",
     "https://h:port/v1", "https://[x/v1", "https://h /v1", "https://h/v1\nX: 1", "https://hé/v1",
     "https://h\\@other/v1", "https://h/" + "v" * 3000],
)  # fmt: skip
def test_addresses_of_nonsense_are_refused(text: str) -> None:
    with pytest.raises(RemoteError) as caught:
        checked_address(text)
    assert caught.value.message.code == "remote_address_invalid"


@given(st.text())
def test_any_text_for_an_address(text: str) -> None:
    try:
        url = checked_address(text)
    except RemoteError:
        return
    assert checked_address(url) == url
    assert place_of(Place(url, "m#1").path) == Place(url, "m#1")
    assert origin_text(url) and host_of(url).isprintable() and in_clear(url) in (True, False)


def test_origins() -> None:
    assert origin_text("https://h/v1") == origin_text("https://h:443/other")
    assert origin_text("https://h/v1") != origin_text("http://h/v1")
    assert not in_clear("http://127.0.0.1:1/v1") and in_clear("http://10.0.0.1/v1")
    with pytest.raises(RemoteError):
        place_of("https://h/v1")


# requests
def test_the_body_of_a_request() -> None:
    turns = (
        Turn("system", "Be brief."),
        Turn("user", "Weather?"),
        Turn("assistant", "", (ToolCall("c1", "weather", "{}"),)),
        Turn("tool", "rain", tool_call_id="c1"),
    )
    sampling = Sampling(
        temperature=0.1, top_k=7, seed=3, stop=("x",), json_schema='{"type": "object"}',
        repeat_penalty=1.1, logit_bias=(LogitBias(5, -100),), top_logprobs=2,
    )  # fmt: skip
    tool = Tool("weather", "tells", '{"type": "object"}')
    request = GenerationRequest(turns, sampling, 99, tools=(tool,), tool_choice="weather", thinking=False)
    body = chat_body(request, "m")
    assert body["messages"][3] == {"role": "tool", "content": "rain", "tool_call_id": "c1"}
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "weather", "arguments": "{}"}
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert (body["max_tokens"], body["top_k"], body["seed"], body["stop"]) == (99, 7, 3, ["x"])
    assert body["logit_bias"] == {"5": -100} and body["top_logprobs"] == 2
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


def test_a_plain_request_says_nothing_that_a_strict_server_refuses() -> None:
    body = chat_body(GenerationRequest((Turn("user", "hi"),), Sampling(), 0), "m")
    assert set(body) == {"model", "stream", "stream_options", "messages"}


def test_what_is_carried_on_is_the_last_message() -> None:
    request = GenerationRequest((Turn("user", "hi"),), Sampling(), 0, "Hel", "hm")
    body = chat_body(request, "m")
    assert body["messages"][-1] == {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHel"}
    assert body["continue_final_message"] is True and body["add_generation_prompt"] is False
    text = GenerationRequest((), Sampling(), 0, prompt="Once ", answer_so_far="upon")
    assert completion_body(text, "m")["prompt"] == "Once upon"


@pytest.mark.parametrize("schema", ["[", "[]", "{" * 100_000])
def test_schemas_of_nonsense_are_refused(schema: str) -> None:
    request = GenerationRequest((Turn("user", "hi"),), Sampling(json_schema=schema), 0)
    with pytest.raises(RemoteError) as caught:
        chat_body(request, "m")
    assert caught.value.message.code == "remote_request_unreadable"


def test_the_oldest_turns_are_left_out_first() -> None:
    system, *rest = (
        Turn("system", "s"), Turn("user", "1"), Turn("assistant", "2"), Turn("user", "3"),
        Turn("assistant", "4"), Turn("user", "5"),
    )  # fmt: skip
    once = without_oldest((system, *rest))
    assert [turn.content for turn in once] == ["s", "5"]
    assert without_oldest(once) == ()
    long = tuple(Turn("user" if at % 2 == 0 else "assistant", str(at)) for at in range(9))
    assert [turn.content for turn in without_oldest(long)] == ["6", "7", "8"]
