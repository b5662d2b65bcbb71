from __future__ import annotations

import dataclasses
import json
import math
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events
from engine.chat.conversation import AnswerStats
from engine.events import JobId
from engine.hardware.report import DeviceFacts
from engine.messages import sentence
from engine.runtime import protocol
from engine.runtime.channel import ChannelClosed, channel_pair
from engine.runtime.values import (
    Candidate,
    EmbeddingRequest,
    GenerationRequest,
    LoadRequest,
    MemoryShare,
    ModelFacts,
    PlannedMemory,
    Sampling,
    StopReason,
    Timing,
    TokenLogprob,
    ToolCall,
    Turn,
)
from engine.runtime.wire import (
    Codec,
    WireError,
    decode_from_worker,
    decode_to_worker,
    encode,
    encode_piece,
)

JOB = JobId(7)
STATS = AnswerStats(37, 5, 80, 180.4, 94.0, 0.2, 3, 0.5)
FACTS = ModelFacts("m", "llama", 2048, 8192, 10, 0.5, 99, "CPU (zen4)", True)
TO_WORKER = [
    protocol.Load(JOB, LoadRequest("/m.gguf", 2048, 2)),
    protocol.Generate(
        JOB, GenerationRequest((Turn("user", "hi \ud800 日"),), Sampling(seed=3, stop=("x",)), 0)
    ),
    protocol.Generate(JOB, GenerationRequest((), Sampling(), 5, "so", "far")),
    protocol.Embed(JOB, EmbeddingRequest(("a", "b"))),
    protocol.Forget("chat-1"),
    protocol.Park(),
    protocol.LimitParking(2**30),
    protocol.Cancel(JOB),
    protocol.ServeDevices(50052, 2),
]
FROM_WORKER = [
    protocol.Hello(12),
    protocol.LoadProgress(JOB, 0.5),
    protocol.Loaded(JOB, FACTS),
    protocol.PromptProgress(JOB, 1, 2, 0),
    events.TokenDelta(JOB, "é", False, 1),
    events.TokenDelta(JOB, "é", True, 1, (TokenLogprob(Candidate("é", (195, 169), -0.25), ()),)),
    protocol.Called(JOB, ToolCall("call_1", "look_up", "{}")),
    protocol.Vectors(JOB, ((0.5, -0.5), (1.0, 0.0)), 9),
    protocol.Parked(),
    protocol.Finished(JOB, STATS, StopReason.CONTEXT_FULL),
    protocol.Cancelled(JOB),
    protocol.CancelSeen(JOB),
    protocol.Failed(JOB, sentence("prompt_too_long", needed=10, available=5)),
    protocol.Notice(JOB, sentence("no_chat_template", model="{x}")),
    protocol.Devices((DeviceFacts("CPU", "EPYC", "cpu", 1, 2),)),
    protocol.Timed(JobId(6), (Timing(2, 0.01, 200.0, 0.02, 900),)),
    protocol.Planned(JobId(5), PlannedMemory((MemoryShare("CPU", "compute", 7),), 2048, 2, 3)),
    protocol.ProbeFailed(sentence("engine_missing", reason="gone")),
]


@pytest.mark.parametrize("message", TO_WORKER)
def test_commands_come_back_unchanged(message: protocol.ToWorker) -> None:
    assert decode_to_worker(encode(message)) == message


@pytest.mark.parametrize("message", FROM_WORKER)
def test_answers_come_back_unchanged(message: protocol.FromWorker) -> None:
    assert decode_from_worker(encode(message)) == message


def test_every_message_is_tried() -> None:
    assert {type(message) for message in FROM_WORKER} == set(protocol.FromWorker.__args__)
    assert {type(message) for message in TO_WORKER} == set(protocol.ToWorker.__args__)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type": "TokenDelta"}',
        b'{"type": ["TokenDelta"]}',
        b'{"type": "Cancel", "job": 1}',  # the other direction
        b'{"type": "Hello", "pid": "12"}',
        b'{"type": "Hello", "pid": true}',
        b'{"type": "Hello", "pid": 1.0}',
        b'{"type": "Hello", "pid": 99999999999999999999}',
        b'{"type": "Hello", "pid": 1, "more": 2}',
        b'{"type": "LoadProgress", "job": 1, "fraction": NaN}',
        b'{"type": "LoadProgress", "job": 1, "fraction": 1e999}',
        b'{"type": "TokenDelta", "job": 1, "text": "x", "reasoning": 0, "tokens": 1}',
        b'{"type": "Failed", "job": 1, "message": {"code": "no_such_code", "values": {}}}',
        b'{"type": "Failed", "job": 1, "message": {"code": "engine_missing", "values": {}}}',
        b'{"type": "Failed", "job": 1, "message": {"code": "engine_missing", "values": {"reason": []}}}',
        b'{"type": "Failed", "job": 1, "message": {"code": "engine_missing", "values": {"code": "x"}}}',
        b'{"type": "Devices", "devices": {"0": 1}}',
    ],
)
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        decode_from_worker(body)


def test_unknown_enum_value_is_refused() -> None:
    body = json.loads(encode(protocol.Finished(JOB, STATS, StopReason.END))) | {"reason": "bored"}
    with pytest.raises(WireError):
        decode_from_worker(json.dumps(body).encode())


@pytest.mark.parametrize(
    "message",
    [
        protocol.LoadProgress(JOB, math.nan),
        protocol.Hello("12"),  # type: ignore[arg-type]
        protocol.Cancel(JobId(2**80)),
        protocol.Load(JOB, LoadRequest(5, 2048, 2)),  # type: ignore[arg-type]
        protocol.Generate(JOB, GenerationRequest([], Sampling(), 1)),  # type: ignore[arg-type]
    ],
)
def test_ill_typed_messages_are_not_sent(message: Any) -> None:
    with pytest.raises(WireError):
        encode(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*FROM_WORKER, *TO_WORKER]), st.data())
def test_one_field_replaced_by_anything_is_a_message_or_refused(message: Any, data: st.DataObject) -> None:
    body = json.loads(encode(message))
    name = data.draw(st.sampled_from(sorted(body)))
    body[name] = data.draw(JSON)
    decode = decode_to_worker if type(message) in protocol.ToWorker.__args__ else decode_from_worker
    try:
        made = decode(json.dumps(body).encode())
    except WireError:
        return
    assert type(made) in (*protocol.FromWorker.__args__, *protocol.ToWorker.__args__)
    assert dataclasses.is_dataclass(made)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_a_message(body: bytes) -> None:
    try:
        decode_from_worker(body)
    except WireError:
        return
    raise AssertionError("random bytes became a message")


PIECES = Codec((events.TokenDelta,), {"TokenLogprob": TokenLogprob})


def _read(codec: Codec, body: bytes) -> object:
    try:
        return codec.decode(body)
    except WireError as error:
        return str(error)


_FIELD = st.one_of(st.integers(), st.booleans(), st.text(), st.floats(), st.none(), st.lists(st.integers()))
_PIECE = st.fixed_dictionaries(
    {},
    optional={
        "job": st.integers() | _FIELD,
        "text": st.text() | _FIELD,
        "reasoning": st.booleans() | _FIELD,
        "tokens": st.integers() | _FIELD,
        "logprobs": st.just([]) | _FIELD,
        "more": _FIELD,
    },
)


@given(fields=_PIECE)
def test_a_piece_is_read_in_one_look_as_it_would_be_exactly(fields: dict[str, Any]) -> None:
    """With spaces between, it is read like any other message."""
    body = {"type": "TokenDelta", **fields}
    quick, exact = json.dumps(body, separators=(",", ":")).encode(), json.dumps(body).encode()
    assert repr(_read(PIECES, quick)) == repr(_read(PIECES, exact))


@given(text=st.text(), reasoning=st.booleans(), tokens=st.integers(0, 9999))
def test_a_piece_is_written_as_any_message(text: str, reasoning: bool, tokens: int) -> None:
    piece = events.TokenDelta(JOB, text, reasoning, tokens)
    body = encode_piece(JOB, text, reasoning, tokens)
    assert body == PIECES.encode(piece)
    assert PIECES.decode(body) == piece


def test_channel_carries_large_messages_and_says_when_it_is_closed() -> None:
    ours, theirs = channel_pair()
    body = bytes(range(256)) * 200
    ours.send(body)
    assert theirs.wait(5)
    assert theirs.receive() == body
    ours.close()
    with pytest.raises(ChannelClosed):
        theirs.receive()
    with pytest.raises(ChannelClosed):
        theirs.send(b"x")
    theirs.close()


def test_channel_refuses_a_message_that_is_announced_too_large() -> None:
    ours, theirs = channel_pair()
    os.write(ours.handle(), (2**31 - 1).to_bytes(4, "big") + b"x")
    with pytest.raises(ChannelClosed):
        theirs.receive()
    ours.close()
    theirs.close()
