"""Answers that are drawn several batches in one go, by the real worker: the same as token by token.

Log probabilities have every token looked at by itself, so an answer that has them is drawn the other way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from engine import events
from engine.runtime.values import Sampling, StopReason
from tests.service.runtime_bench import GREEDY, Bench, question

LONG = question("Write a long story about a harbour.", max_tokens=150)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("sprint"))
    made.loaded(n_sequences=3, context_length=512)
    yield made
    made.client.close()


@pytest.mark.parametrize("drafts", [False, True])
@pytest.mark.parametrize(
    "sampling",
    [GREEDY, Sampling(temperature=0.8, seed=5), Sampling(temperature=0.7, seed=6, repeat_penalty=1.1)],
)
def test_an_answer_is_the_one_that_is_drawn_token_by_token(
    bench: Bench, sampling: Sampling, drafts: bool
) -> None:
    request = dataclasses.replace(LONG, sampling=sampling, drafts=drafts)
    text, finished = bench.answer(request)
    watched = dataclasses.replace(
        request, sampling=dataclasses.replace(sampling, top_logprobs=0), drafts=False
    )
    other, expected = bench.answer(watched)
    assert text == other
    assert finished.reason is expected.reason
    assert finished.stats.generated_tokens == expected.stats.generated_tokens


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 17])
def test_a_limit_is_kept_to_the_token(bench: Bench, most: int) -> None:
    sampling = dataclasses.replace(GREEDY, ignore_end=True)
    _, finished = bench.answer(dataclasses.replace(LONG, sampling=sampling, max_tokens=most))
    assert finished.reason is StopReason.LENGTH
    assert finished.stats.generated_tokens == most


def test_answers_that_are_written_together_end_each_at_its_own_limit(bench: Bench) -> None:
    sampling = dataclasses.replace(GREEDY, ignore_end=True)
    requests = [
        dataclasses.replace(question(f"Tell me about {subject}.", max_tokens=most), sampling=sampling)
        for subject, most in (("boats", 20), ("nets", 45), ("gulls", 70))
    ]
    alone = [bench.answer(request)[0] for request in requests]
    jobs = [bench.ask(request) for request in requests]
    for job, request, text in zip(jobs, requests, alone, strict=True):
        bench.ending(job)
        finished = bench.first(job, events.GenerationFinished)
        assert finished.stats.generated_tokens == request.max_tokens
        assert finished.reason is StopReason.LENGTH
        assert bench.text(job) == text
        assert finished.stats.batch_width <= 3
    assert bench.first(jobs[1], events.GenerationFinished).stats.batch_width > 1


def test_an_answer_ends_where_the_model_ends_it(bench: Bench) -> None:
    request = question("Say only the word yes.", max_tokens=200)
    _, finished = bench.answer(request)
    watched = dataclasses.replace(request, sampling=dataclasses.replace(GREEDY, top_logprobs=0))
    _, expected = bench.answer(watched)
    assert finished.reason is expected.reason is StopReason.END
    assert finished.stats.generated_tokens == expected.stats.generated_tokens


def test_a_full_context_ends_an_answer_at_its_last_place(bench: Bench) -> None:
    sampling = dataclasses.replace(GREEDY, ignore_end=True)
    _, finished = bench.answer(dataclasses.replace(LONG, sampling=sampling, max_tokens=0))
    assert finished.reason is StopReason.CONTEXT_FULL
    # The last token that is drawn needs no place any more.
    assert finished.stats.prompt_tokens + finished.stats.generated_tokens == 512 + 1


def test_a_follow_up_reads_only_what_is_new(bench: Bench) -> None:
    request = dataclasses.replace(LONG, conversation="sprint", drafts=False)
    text, first = bench.answer(request)
    told = first.stats.prompt_tokens + first.stats.generated_tokens
    turns = (*request.turns, dataclasses.replace(request.turns[0], role="assistant", content=text))
    turns += (dataclasses.replace(request.turns[0], content="And then?"),)
    _, second = bench.answer(dataclasses.replace(request, turns=turns, max_tokens=4))
    assert second.stats.reused_tokens >= told - 2
