"""Drafts from what was written before, by the real worker: the same answers, in fewer batches."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.runtime.values import GenerationRequest, LogitBias, Sampling, StopReason, Turn
from tests.modelfile import vocabulary
from tests.models import tiny
from tests.service.runtime_bench import GREEDY, Bench, question

LOOP = "one two three four five six seven eight nine ten. "
TEXT = (
    "The harbour was quiet that morning. Three boats lay at the pier, their sails rolled and wet from the "
    "night. An old man sat on a box and repaired a net with slow fingers. When the first gull cried he "
    "looked up, counted the boats again, and smiled at nothing in particular."
)
COPY = question(f"Repeat the following text exactly, word for word:\n\n{TEXT}", max_tokens=80)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("drafts"))
    made.loaded(n_sequences=3)
    yield made
    made.client.close()


def both(bench: Bench, request: GenerationRequest) -> tuple[events.GenerationFinished, str, str]:
    """The end of the answer with drafts, and the texts with and without."""
    text, finished = bench.answer(request)
    plain, without = bench.answer(dataclasses.replace(request, drafts=False))
    assert without.stats.drafted_tokens == without.stats.accepted_tokens == 0
    assert finished.reason is without.reason
    assert finished.stats.generated_tokens == without.stats.generated_tokens
    return finished, text, plain


def test_a_text_that_is_copied_is_written_in_fewer_batches(bench: Bench) -> None:
    finished, text, plain = both(bench, COPY)
    assert text == plain
    assert finished.stats.accepted_tokens >= 30
    assert finished.stats.accepted_tokens <= finished.stats.drafted_tokens


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.6, seed=3),
        Sampling(temperature=0.3, seed=4, repeat_penalty=1.05, frequency_penalty=0.1),
        dataclasses.replace(GREEDY, top_logprobs=2),
    ],
)
def test_a_seed_gives_the_same_answer_with_drafts(bench: Bench, sampling: Sampling) -> None:
    finished, text, plain = both(bench, dataclasses.replace(COPY, sampling=sampling))
    assert text == plain
    assert finished.stats.drafted_tokens


def test_log_probabilities_come_for_every_token_of_a_draft(bench: Bench) -> None:
    job = bench.ask(dataclasses.replace(COPY, sampling=dataclasses.replace(GREEDY, top_logprobs=0)))
    bench.ending(job)
    assert bench.first(job, events.GenerationFinished).stats.accepted_tokens
    told = [each for delta in bench.of(job, events.TokenDelta) for each in delta.logprobs]
    assert b"".join(bytes(each.drawn.raw) for each in told).decode() == bench.text(job)


def test_a_schema_is_kept_to_within_drafts(bench: Bench) -> None:
    rows = [{"name": "apple", "price": 12}, {"name": "apple", "price": 12}]
    schema = {"type": "array", "items": {"enum": rows[:1]}, "minItems": 12, "maxItems": 12}
    sampling = dataclasses.replace(GREEDY, json_schema=json.dumps(schema))
    finished, text, plain = both(bench, question("A list of apples.", sampling=sampling, max_tokens=400))
    assert text == plain
    assert len(json.loads(text)) == 12
    assert finished.stats.accepted_tokens


def test_stop_strings_and_limits_end_an_answer_inside_a_draft(bench: Bench) -> None:
    stopped = dataclasses.replace(COPY, sampling=dataclasses.replace(GREEDY, stop=("slow fingers",)))
    finished, text, plain = both(bench, stopped)
    assert finished.reason is StopReason.STOP_STRING
    assert text == plain
    assert finished.stats.accepted_tokens
    for most in range(41, 56, 3):
        finished, text, plain = both(bench, dataclasses.replace(COPY, max_tokens=most))
        assert finished.reason is StopReason.LENGTH
        assert text == plain


def test_what_a_draft_left_behind_is_gone_from_the_conversation(bench: Bench) -> None:
    """The next turn finds exactly what was written, and gives the answer that it gives without drafts."""
    followed = []
    for drafts in (True, False):
        asked = dataclasses.replace(COPY, conversation=f"copied {drafts}", drafts=drafts)
        text, first = bench.answer(asked)
        turns = (*asked.turns, Turn("assistant", text), Turn("user", "Who repaired the net?"))
        again = GenerationRequest(turns, GREEDY, 16, conversation=asked.conversation, drafts=False)
        answer, second = bench.answer(again)
        assert second.stats.reused_tokens >= first.stats.prompt_tokens + first.stats.generated_tokens - 2
        followed.append(answer)
    assert followed[0] == followed[1]


def test_answers_that_run_together_are_drafted_together(bench: Bench) -> None:
    jobs = [bench.ask(COPY) for _ in range(2)]
    for job in jobs:
        bench.ending(job)
    texts = {bench.text(job) for job in jobs}
    assert texts == {bench.answer(dataclasses.replace(COPY, drafts=False))[0]}
    assert all(bench.first(job, events.GenerationFinished).stats.accepted_tokens for job in jobs)


def test_a_context_is_filled_to_its_end(tmp_path: Path) -> None:
    made = Bench(tmp_path)
    try:
        made.loaded(context_length=256)
        endless = dataclasses.replace(GREEDY, ignore_end=True)
        request = GenerationRequest((), endless, 0, prompt=LOOP * 8)
        finished, text, plain = both(made, request)
        assert finished.reason is StopReason.CONTEXT_FULL
        assert text == plain
        assert finished.stats.accepted_tokens > 50
    finally:
        made.client.close()


@pytest.mark.parametrize("architecture", ["gemma3", "mamba", "lfm2"])
def test_other_kinds_of_memory_keep_their_answers(tmp_path: Path, architecture: str) -> None:
    """A window that slides can go back by a draft; a state that cannot go back is never drafted for."""
    made = Bench(tmp_path)
    try:
        made.loaded(tiny(tmp_path, architecture), context_length=512)
        one = LogitBias(vocabulary().index("e"), 100)
        forced = dataclasses.replace(GREEDY, ignore_end=True, logit_bias=(one,))
        finished, text, plain = both(made, GenerationRequest((), forced, 200, prompt=LOOP))
        assert text == plain
        assert bool(finished.stats.drafted_tokens) is (architecture == "gemma3")
    finally:
        made.client.close()
