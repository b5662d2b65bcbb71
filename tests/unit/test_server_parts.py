"""The parts of the server that need no worker: names of hosts, keys, sockets, ids, replies, figures."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.errors import UsageError
from engine.events import (
    Event,
    GenerationFinished,
    JobId,
    PromptProgressed,
    TokenDelta,
    ToolCalled,
    new_job_id,
)
from engine.messages import TEMPLATES, sentence
from engine.runtime.values import (
    Candidate,
    EngineStatus,
    LoadRequest,
    MemoryShare,
    ModelFacts,
    RunningModel,
    RuntimeState,
    StopReason,
    TokenLogprob,
    ToolCall,
)
from engine.server.bridge import MOST_UNREAD, EventBridge, Mailbox
from engine.server.gate import host_name, rules
from engine.server.keys import given_key, own_key
from engine.server.listening import is_loopback, listen
from engine.server.metrics import HttpCounters, metrics_text
from engine.server.models import named
from engine.server.refusals import STATUS_BY_CODE, engine_refusal
from engine.server.replies import ChatReply, Choice, CompletionReply, joined

JOB = JobId(7)
STATS = AnswerStats(10, 4, 3, 100.0, 50.0, 0.1, reasoning_tokens=1, prompt_s=0.06, generation_s=0.06)
MODEL = InstalledModel("/m/a.gguf", "A", "Q4_K_M", 1, "hub", "owner/a")


def parsed(stream: bytes) -> list[dict[str, object]]:
    parts = stream.decode().split("\n\n")
    assert parts.pop() == ""
    return [json.loads(part.removeprefix("data: ")) for part in parts]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:80", "localhost"),
        ("127.0.0.1:8437", "127.0.0.1"),
        ("[::1]:8437", "::1"),
        ("desk.local.", "desk.local"),
        ("", ""),
        ("a b", ""),
        ("a@localhost", ""),
        ("localhost:80:80", ""),
        ("localhost/x", ""),
        ("evil.example#localhost", ""),
        ("[0:0:0:0:0:0:0:1]:80", "::1"),
        ("[0000::0001]", "::1"),
        ("[FE80::1%25eth0]:80", "fe80::1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1"),
        ("[::ffff:7f00:1]", "127.0.0.1"),
        ("[:::1]", ""),
        ("[127.0.0.1]", ""),
        ("::1", ""),
        ("[::1]x", ""),
    ],
)
def test_names_of_hosts(header: str, name: str) -> None:
    assert host_name(header) == name


def test_rules_are_checked() -> None:
    made = rules("192.168.0.7", ["Desk.local:80"], ["https://Chat.example", "app://obsidian.md"], "")
    assert made.hosts == {"192.168.0.7", "desk.local"}
    assert made.origins == {"https://chat.example", "app://obsidian.md"}
    assert not made.any_address
    made = rules("FE80:0::1%eth0", ["2001:DB8::0:1", "[2001:db8::2]:80"], ["http://[0:0::1]:80"], "")
    assert made.hosts == {"fe80::1", "2001:db8::1", "2001:db8::2"}
    assert made.origins == {"http://::1:80"}
    assert rules("0:0::0", [], [], "").any_address
    for origin in ("*", "chat.example", "https://x/y", "https://*.example", "null"):
        with pytest.raises(UsageError):
            rules("127.0.0.1", [], [origin], "")
    with pytest.raises(UsageError):
        rules("127.0.0.1", ["http://x"], [], "")


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "api_key"
    first = own_key(path)
    assert first.made and len(first.text) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = own_key(path)
    assert (again.text, again.made) == (first.text, False)


def test_keys_that_are_given(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a-long-enough-key\nrest\n")
    found = given_key(file, {"DESKSIDE_API_KEY": "another-long-key"})
    assert found is not None and found.text == "a-long-enough-key"
    found = given_key(None, {"DESKSIDE_API_KEY": "another-long-key"})
    assert found is not None and (found.text, found.path) == ("another-long-key", None)
    assert given_key(None, {}) is None
    for content in ("secret", "with space in the middle", "schlüssel-schlüssel", ""):
        file.write_text(content)
        with pytest.raises(UsageError) as caught:
            given_key(file, {})
        assert not content or content not in str(caught.value)  # never shown
    with pytest.raises(UsageError):
        given_key(tmp_path / "missing", {})


def test_listening_on_a_free_port_and_not_on_a_taken_one() -> None:
    first = listen("127.0.0.1", 0)
    try:
        assert first.port > 0
        assert first.address == f"http://127.0.0.1:{first.port}/v1"
        with pytest.raises(UsageError) as caught:
            listen("127.0.0.1", first.port)
        assert caught.value.message.code == "serve_port_taken"
    finally:
        first.sockets[0].close()
    with pytest.raises(UsageError) as caught:
        listen("host.invalid", 0)
    assert caught.value.message.code == "serve_address"


def test_a_name_with_several_addresses_gets_one_port() -> None:
    made = listen("localhost", 0)
    try:
        assert {each.getsockname()[1] for each in made.sockets} == {made.port}
        socket.create_connection(("127.0.0.1", made.port), timeout=5).close()
    finally:
        for each in made.sockets:
            each.close()


def test_what_is_loopback() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")


def test_ids_of_models() -> None:
    other = replace(MODEL, path="/m/b.gguf", repository="else/a")
    third = replace(MODEL, path="/m/c.gguf", repository="")
    plain = replace(MODEL, path="/m/d.gguf", name="D", quantization="")
    chosen = replace(MODEL, path="/x/e.gguf", name="E")
    ids = named((MODEL, other, third, plain), chosen)
    assert list(ids) == ["A:Q4_K_M", "else/a:Q4_K_M", "/m/c.gguf", "D", "E:Q4_K_M"]
    assert ids["E:Q4_K_M"] is chosen
    assert list(named((MODEL,), MODEL)) == ["A:Q4_K_M"]


def _delta(text: str, reasoning: bool = False) -> TokenDelta:
    return TokenDelta(JOB, text, reasoning, 1)


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=12), st.randoms())
def test_any_split_of_events_streams_the_same_text(pieces: list[tuple[str, bool]], random: object) -> None:
    events: list[Event] = [_delta(text, reasoning) for text, reasoning in pieces]
    reply = ChatReply("m", 1, False, False)
    stream = b""
    rest = list(events)
    while rest:
        count = random.randint(1, len(rest))  # type: ignore[attr-defined]
        stream += reply.chunks(0, rest[:count])
        rest = rest[count:]
    deltas = [chunk["choices"][0]["delta"] for chunk in parsed(stream)]  # type: ignore[index]
    for name, kind in (("content", False), ("reasoning_content", True)):
        expected = "".join(text for text, reasoning in pieces if reasoning is kind)
        assert "".join(delta.get(name) or "" for delta in deltas) == expected
    assert sum(delta.get("role") == "assistant" for delta in deltas) == bool(deltas)


def test_deltas_that_came_together_go_out_together() -> None:
    progress = PromptProgressed(JOB, 1, 1, 0)
    together = list(joined([_delta("a"), _delta("b"), progress, _delta("c"), _delta("t", True)]))
    assert together == [TokenDelta(JOB, "ab", False, 2), progress, _delta("c"), _delta("t", True)]


def test_a_stream_of_calls_and_its_end() -> None:
    reply = ChatReply("m", 1, True, False)
    call = ToolCall("call_1", "weather", '{"city":"Oslo"}')
    finished = GenerationFinished(JOB, STATS, StopReason.TOOL_CALLS)
    chunks = parsed(
        reply.chunks(0, [ToolCalled(JOB, call), ToolCalled(JOB, call), finished]) + reply.last([STATS])
    )
    calls = [entry for chunk in chunks[:-1] for entry in chunk["choices"][0]["delta"].get("tool_calls", [])]  # type: ignore[index]
    assert [entry["index"] for entry in calls] == [0, 1]
    assert calls[0]["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"  # type: ignore[index]
    assert chunks[-1]["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}  # type: ignore[index]
    assert chunks[-1]["choices"] == []


def test_log_probabilities_in_both_forms() -> None:
    token = TokenLogprob(Candidate("a", (97,), -0.5), (Candidate("b", (98,), float("-inf")),))
    delta = TokenDelta(JOB, "aa", False, 2, (token, token))
    finished = GenerationFinished(JOB, STATS, StopReason.END)
    choice = Choice()
    for event in (delta, finished):
        choice.take(event)
    whole = ChatReply("m", 1, False, True).whole([choice])
    entry = whole["choices"][0]["logprobs"]["content"][0]  # type: ignore[index]
    assert entry == {
        "token": "a", "logprob": -0.5, "bytes": [97],
        "top_logprobs": [{"token": "b", "logprob": -9999.0, "bytes": [98]}],
    }  # fmt: skip
    old = CompletionReply("m", 1, False, True).whole([choice])["choices"][0]["logprobs"]  # type: ignore[index]
    assert old == {
        "tokens": ["a", "a"], "token_logprobs": [-0.5, -0.5], "top_logprobs": [{"b": -9999.0}] * 2,
        "text_offset": [0, 1],
    }  # fmt: skip


def test_a_prompt_with_several_answers_counts_once() -> None:
    choices = [Choice(finished=GenerationFinished(JOB, STATS, StopReason.END)) for _ in range(4)]
    usage = CompletionReply("m", 2, False, False).whole(choices)["usage"]
    assert usage["prompt_tokens"] == 20 and usage["completion_tokens"] == 12  # type: ignore[index]


def test_a_box_is_bounded_and_endings_pass() -> None:
    full: list[bool] = []
    box = Mailbox(lambda: full.append(True))
    finished = GenerationFinished(JOB, STATS, StopReason.CANCELLED)
    for _ in range(40):
        box.put(_delta("x" * 100_000))
    box.put(finished)
    events = box.take()
    assert full == [True]
    assert sum(len(event.text) for event in events if isinstance(event, TokenDelta)) <= MOST_UNREAD
    assert events[-1] is finished


def test_events_of_many_threads_arrive_in_order() -> None:
    async def run() -> list[list[Event]]:
        bridge = EventBridge()
        jobs = [new_job_id() for _ in range(4)]
        boxes = [Mailbox(lambda: None) for _ in jobs]
        for job, box in zip(jobs, boxes, strict=True):
            bridge.open(job, box)

        def say(job: JobId) -> None:
            for number in range(2_000):
                bridge.emit(PromptProgressed(job, number, 2_000, 0))

        threads = [threading.Thread(target=say, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        heard: list[list[Event]] = [[] for _ in jobs]
        while any(len(each) < 2_000 for each in heard):
            await asyncio.sleep(0.001)
            for each, box in zip(heard, boxes, strict=True):
                each.extend(box.take())
        return heard

    for events in asyncio.run(asyncio.wait_for(run(), 60)):
        assert [event.done for event in events if isinstance(event, PromptProgressed)] == list(range(2_000))


def check_metrics(text: str) -> None:
    """Prometheus refuses a whole page for one series that is there twice; its parser does not see it."""
    samples = [
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(samples) == len(set(samples)) > 10
    assert all(family.type != "unknown" for family in text_string_to_metric_families(text))


def test_metrics_are_prometheus_text() -> None:
    facts = ModelFacts(
        "A", "llama", 2048, 8192, 1, 0.5, 99, 'CPU "zen4"', True,
        memory=(
            MemoryShare("CPU", "weights", 100), MemoryShare("CPU", "kv_cache", 45),
            MemoryShare("CPU", "weights", 23),
        ),
    )  # fmt: skip
    running = RunningModel(
        MODEL, RuntimeState.READY, facts, LoadRequest("/m/a.gguf", 2048, 4), 2, 3, 7, 100, 40, 60, 1.5,
        2.5, 0.5, 0.25, 60, 7.5, 1, 9,
    )  # fmt: skip
    counters = HttpCounters()
    counters.responses["/health", 200] += 2
    embeds = replace(running, request=replace(running.request, embedding=True))
    twin = replace(running, model=replace(MODEL, path='/n/a "b"\\c\n.gguf'))
    text = metrics_text(EngineStatus(1, "x", 2, 3.0, (running, embeds)), counters, 1)
    check_metrics(metrics_text(EngineStatus(1, "x", 2, 3.0, (running, embeds, twin)), counters, 1))
    check_metrics(text)
    lines = text.splitlines()
    assert 'deskside_prompt_tokens_total{model="A",quantization="Q4_K_M",use="answers"} 100' in lines
    assert 'deskside_requests_deferred{model="A",quantization="Q4_K_M",use="answers"} 3' in lines
    assert (
        'deskside_memory_bytes{model="A",quantization="Q4_K_M",use="answers",device="CPU",part="weights"} 123'
        in lines
    )
    assert 'deskside_http_responses_total{path="/health",status="200"} 2' in lines
    assert r'device="CPU \"zen4\""' in text
    assert text.endswith("\n")
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert "deskside_engine_up" in metrics_text(None, HttpCounters(), 0)


def test_statuses_are_given_to_sentences_that_exist() -> None:
    assert set(STATUS_BY_CODE) <= set(TEMPLATES)
    assert engine_refusal(sentence("queue_full", waiting=3)).status == 429
    assert engine_refusal(sentence("worker_segfault", model="m", log="l")).status == 500
