"""Answers on their way to the store: what is asked, what is kept, how it ends."""

from __future__ import annotations

import json
import queue
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.chat.conversation import AnswerStats, MessageState, Part, PartKind, Role
from engine.errors import Cancelled, StoreError, WorkerError
from engine.events import (
    Event,
    GenerationFinished,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    MessageChanged,
    Noticed,
    TokenDelta,
    ToolCalled,
)
from engine.jobs.answering import AnswerWriter, request_for
from engine.jobs.answers import title_of
from engine.jobs.storekeeper import StoreKeeper
from engine.messages import sentence
from engine.runtime.values import StopReason, ToolCall, Turn

JOB = JobId(7)
STATS = AnswerStats(5, 0, 2, 50.0, 20.0, 0.1)


@pytest.fixture
def keeper(tmp_path: Path):
    made = StoreKeeper(tmp_path / "chats.sqlite3")
    yield made
    made.close(5)


def begin(keeper: StoreKeeper):
    """A conversation with a question and an empty answer; returns its id and both messages."""
    chat = keeper.call(lambda store: store.begin("t"))
    question = keeper.call(lambda s: s.add(chat, None, Role.USER, (Part(PartKind.TEXT, "why?"),)))
    answer = keeper.call(
        lambda s: s.add(chat, question.id, Role.ASSISTANT, (), MessageState.STREAMING, "model")
    )
    return chat, question, answer


@dataclass
class Answering:
    """An answer being written, with these events of the worker waiting to be taken."""

    chat: int
    seen: list[Event]
    writer: AnswerWriter
    inbox: queue.SimpleQueue[Event]

    def follow(self) -> None:
        self.writer.follow(JOB, self.inbox, CancelToken(), lambda: None)


def answering(keeper: StoreKeeper, *events: Event) -> Answering:
    chat, _, answer = begin(keeper)
    seen: list[Event] = []
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    for event in events:
        inbox.put(event)
    return Answering(chat, seen, AnswerWriter(keeper, seen.append, chat, answer), inbox)


def stored(keeper: StoreKeeper, chat: int):
    return keeper.call(lambda store: store.conversation(chat)).branch()[-1]


def test_a_whole_answer_is_stored_with_its_reasoning_and_figures(keeper: StoreKeeper) -> None:
    run = answering(
        keeper,
        TokenDelta(JOB, "hm ", True, 1),
        TokenDelta(JOB, "be", False, 1),
        TokenDelta(JOB, "cause", False, 1),
        GenerationFinished(JOB, STATS, StopReason.END),
        JobFinished(JOB),
    )
    run.follow()
    run.writer.end(JOB)
    kept = stored(keeper, run.chat)
    assert (kept.text(PartKind.REASONING), kept.text()) == ("hm ", "because")
    assert (kept.state, kept.stats) == (MessageState.COMPLETE, STATS)
    assert isinstance(run.seen[-1], MessageChanged) and run.seen[-1].message == kept


def test_a_call_of_a_tool_is_kept_with_the_answer(keeper: StoreKeeper) -> None:
    call = ToolCall("1", "get_weather", '{"city": "Bern"}')
    run = answering(
        keeper,
        TokenDelta(JOB, "let me see", False, 3),
        ToolCalled(JOB, call),
        GenerationFinished(JOB, STATS, StopReason.TOOL_CALLS),
        JobFinished(JOB),
    )
    run.follow()
    run.writer.end(JOB)
    kept = stored(keeper, run.chat)
    assert (kept.text(), kept.state) == ("let me see", MessageState.COMPLETE)
    assert json.loads(kept.text(PartKind.TOOL_CALL)) == asdict(call)


@pytest.mark.parametrize("reason", [StopReason.LENGTH, StopReason.CONTEXT_FULL])
def test_a_cut_answer_says_so(keeper: StoreKeeper, reason: StopReason) -> None:
    run = answering(keeper, GenerationFinished(JOB, STATS, reason), JobFinished(JOB))
    run.follow()
    run.writer.end(JOB)
    assert stored(keeper, run.chat).state is MessageState.CUT


def test_a_failing_worker_raises_and_what_came_is_kept(keeper: StoreKeeper) -> None:
    failure = JobFailed(JOB, sentence("prompt_empty"))
    run = answering(keeper, TokenDelta(JOB, "half", False, 1), failure)
    with pytest.raises(WorkerError) as caught:
        run.follow()
    assert caught.value.message == failure.message
    run.writer.end(JOB, MessageState.INTERRUPTED)
    kept = stored(keeper, run.chat)
    assert (kept.text(), kept.state) == ("half", MessageState.INTERRUPTED)


def test_a_stopped_answer_raises_cancelled(keeper: StoreKeeper) -> None:
    with pytest.raises(Cancelled):
        answering(keeper, JobCancelled(JOB)).follow()


def test_stop_is_passed_on_once(keeper: StoreKeeper) -> None:
    chat, _, answer = begin(keeper)
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    token = CancelToken()
    token.cancel()
    asked: list[bool] = []

    def stop() -> None:
        asked.append(True)
        inbox.put(TokenDelta(JOB, "late", False, 1))
        inbox.put(JobCancelled(JOB))

    with pytest.raises(Cancelled):
        AnswerWriter(keeper, lambda event: None, chat, answer).follow(JOB, inbox, token, stop)
    assert asked == [True]


def test_the_request_leaves_reasoning_and_the_answer_itself_out(keeper: StoreKeeper) -> None:
    chat, _, first = begin(keeper)
    thought = (Part(PartKind.REASONING, "hm"), Part(PartKind.TEXT, "because"))
    keeper.call(lambda store: store.update(first.id, thought, MessageState.COMPLETE))
    second = keeper.call(lambda s: s.add(chat, first.id, Role.USER, (Part(PartKind.TEXT, "and?"),)))
    partial = (Part(PartKind.REASONING, "so"), Part(PartKind.TEXT, "the"))
    answer = keeper.call(lambda s: s.add(chat, second.id, Role.ASSISTANT, partial, MessageState.STREAMING))
    request = request_for(keeper.call(lambda store: store.conversation(chat)).branch(), answer)
    assert request.turns == (Turn("user", "why?"), Turn("assistant", "because"), Turn("user", "and?"))
    assert (request.reasoning_so_far, request.answer_so_far) == ("so", "the")


def test_a_title_is_the_first_line_cut_short() -> None:
    assert title_of("\n  hello there \nmore") == "hello there"
    assert title_of("") == ""
    assert len(title_of("x" * 500)) == 48


def test_an_answer_that_cannot_be_saved_is_said_once_and_still_shown(
    keeper: StoreKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.jobs.answering.SAVE_EVERY_S", 0.0)
    run = answering(keeper, TokenDelta(JOB, "all ", False, 1), TokenDelta(JOB, "of it", False, 1))
    run.inbox.put(GenerationFinished(JOB, STATS, StopReason.END))
    run.inbox.put(JobFinished(JOB))
    # What SQLite reports when nothing can be written.
    keeper.call(lambda store: store._db.pragma("query_only = ON"))
    run.follow()
    with pytest.raises(StoreError):
        run.writer.end(JOB)
    assert len([event for event in run.seen if isinstance(event, Noticed)]) == 1
    last = run.seen[-1]
    assert isinstance(last, MessageChanged)
    assert (last.message.text(), last.message.state) == ("all of it", MessageState.COMPLETE)


def test_a_closed_store_keeps_nobody_waiting(keeper: StoreKeeper) -> None:
    keeper.close(5)
    with pytest.raises(Cancelled):
        keeper.call(lambda store: store.filing.conversations())
