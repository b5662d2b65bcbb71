"""The real worker on SmolLM2: loading, answering, sharing, cancelling."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.events import new_job_id
from engine.runtime.client import list_devices
from engine.runtime.values import GenerationRequest, RuntimeState, Sampling, StopReason, Turn
from tests.service.runtime_bench import COMMAND, GREEDY, Bench, gone, question, starter

LONG = question("Tell me a very long story about a dog and a cat.", max_tokens=0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("runtime"))
    made.loaded(n_sequences=2)
    yield made
    made.client.close()


def test_a_load_is_told_step_by_step(bench: Bench) -> None:
    load = bench.events[0].job
    states = [event.state for event in bench.of(load, events.RuntimeStateChanged)][:3]
    assert states == [RuntimeState.STARTING, RuntimeState.LOADING, RuntimeState.READY]
    fractions = [event.fraction for event in bench.of(load, events.LoadProgressed)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    facts = bench.first(load, events.ModelLoaded).facts
    assert facts == bench.client.facts
    assert facts.pid == bench.client.pid
    assert facts.architecture == "llama"
    assert (facts.context_length, facts.trained_context) == (2048, 8192)
    assert 96_000_000 < facts.weights_bytes < 97_000_000
    # 30 layers x 2 sequences x 2048 cells x (192 + 192) values of 2 bytes
    assert facts.of("kv_cache") == 30 * 2 * 2048 * 384 * 2
    assert facts.of("compute") > 0
    assert facts.device.startswith("CPU (")
    assert facts.has_template
    assert facts.load_s > 0


def test_greedy_answers_are_the_same_each_time(bench: Bench) -> None:
    first, finished = bench.answer(question("What is the capital of France?"))
    second, again = bench.answer(question("What is the capital of France?"))
    assert first == second != ""
    assert finished.reason is StopReason.LENGTH
    assert finished.stats.generated_tokens == again.stats.generated_tokens == 24
    assert finished.stats.prompt_tokens == 37
    assert finished.stats.generation_tps > 0
    assert finished.stats.time_to_first_token_s > 0
    assert again.stats.reused_tokens == 36  # all but the one whose logits are needed


def test_seeds_decide(bench: Bench) -> None:
    def sampled(seed: int) -> str:
        return bench.answer(question("Invent a name.", sampling=Sampling(temperature=1.5, seed=seed)))[0]

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(4)}) > 1


def test_the_tokens_of_the_deltas_are_those_of_the_answer(bench: Bench) -> None:
    job = bench.ask(question("Count to five."))
    bench.ending(job)
    counted = sum(delta.tokens for delta in bench.of(job, events.TokenDelta))
    assert counted == bench.first(job, events.GenerationFinished).stats.generated_tokens
    progress = bench.of(job, events.PromptProgressed)
    assert progress[-1].done == progress[-1].total
    states = [event.state for event in bench.events if isinstance(event, events.RuntimeStateChanged)]
    assert states[-2:] == [RuntimeState.GENERATING, RuntimeState.READY]


def test_a_follow_up_reads_only_what_is_new(bench: Bench) -> None:
    opening = Turn("user", "Name a colour, and say why you like it.")
    text, first = bench.answer(GenerationRequest((opening,), GREEDY, 24))
    turns = (opening, Turn("assistant", text), Turn("user", "And another?"))
    _, second = bench.answer(GenerationRequest(turns, GREEDY, 8))
    assert second.stats.reused_tokens >= first.stats.prompt_tokens + first.stats.generated_tokens - 2
    assert second.stats.prompt_tokens - second.stats.reused_tokens < 20


def test_two_answers_at_once_do_not_disturb_each_other(bench: Bench) -> None:
    questions = [question("Why is the sky blue?", max_tokens=40), question("What is bread?", max_tokens=40)]
    alone = [bench.answer(each)[0] for each in questions]
    jobs = [bench.ask(each) for each in questions]
    for job in jobs:
        bench.ending(job)
    order = [event.job for event in bench.events if isinstance(event, events.TokenDelta)]
    first_of_second = order.index(jobs[1])
    assert jobs[0] in order[first_of_second:], "one was written after the other"
    together = [bench.text(job) for job in jobs]
    # A batch of two may round differently, so that only the beginning must agree.
    assert [text[:20] for text in together] == [text[:20] for text in alone]


def test_cancelling_stops_one_stream_and_spares_the_other(bench: Bench) -> None:
    long, short = bench.ask(LONG), bench.ask(question("What is tea?", max_tokens=60))
    bench.first(long, events.TokenDelta)
    asked = time.monotonic()
    bench.client.cancel(long)
    assert isinstance(bench.ending(long), events.JobCancelled)
    assert time.monotonic() - asked < 30
    assert bench.first(long, events.GenerationFinished).reason is StopReason.CANCELLED
    assert isinstance(bench.ending(short), events.JobFinished)
    assert bench.first(short, events.GenerationFinished).stats.generated_tokens == 60
    bench.client.cancel(long)  # over already: nothing happens
    assert len(bench.of(long, events.JobCancelled)) == 1
    assert bench.events[-1].job != long


def test_reading_a_prompt_can_be_cancelled(bench: Bench) -> None:
    job = bench.ask(question("word " * 1500))
    bench.first(job, events.PromptProgressed)
    bench.client.cancel(job)
    assert isinstance(bench.ending(job), events.JobCancelled)
    assert not bench.of(job, events.TokenDelta)
    assert bench.answer(question("What is the capital of France?"))[0]


def test_those_who_come_and_go_do_not_keep_others_from_getting_on(bench: Bench) -> None:
    story = question("Explain how rain is made.", max_tokens=40)
    alone, _ = bench.answer(story)
    job = bench.ask(story)
    for turn in range(12):
        passing = bench.ask(question(f"word{turn} " * 400))
        bench.first(passing, events.PromptProgressed)
        bench.client.cancel(passing)
        bench.ending(passing)
    assert isinstance(bench.ending(job), events.JobFinished)
    # Batches that were stopped half-way left no trace in the other answer.
    assert bench.text(job) == alone


def test_a_waiting_answer_can_be_cancelled(bench: Bench) -> None:
    running = [bench.ask(LONG), bench.ask(LONG)]
    waiting = bench.ask(question("Hello"))
    bench.client.cancel(waiting)
    assert isinstance(bench.ending(waiting), events.JobCancelled)
    for job in running:
        bench.client.cancel(job)
        assert isinstance(bench.ending(job), events.JobCancelled)


def test_too_many_answers_are_refused(bench: Bench) -> None:
    jobs = [bench.ask(LONG) for _ in range(2 + 64 + 3)]
    refused = [job for job in jobs[-3:] if isinstance(bench.ending(job), events.JobFailed)]
    assert refused
    assert bench.first(refused[-1], events.JobFailed).message.code == "queue_full"
    for job in jobs:
        bench.client.cancel(job)
    for job in jobs:
        bench.ending(job)
    assert bench.client.state is RuntimeState.READY


def test_carrying_on_equals_never_having_stopped(bench: Bench) -> None:
    whole, _ = bench.answer(question("Explain how rain is made.", max_tokens=40))
    job = bench.ask(question("Explain how rain is made.", max_tokens=20))
    bench.ending(job)
    part = bench.text(job)
    assert whole.startswith(part)
    rest, finished = bench.answer(question("Explain how rain is made.", max_tokens=20, so_far=part))
    assert part + rest == whole
    assert finished.stats.reused_tokens > 30


def test_stop_strings_end_an_answer(bench: Bench) -> None:
    whole, _ = bench.answer(question("What is bread?"))
    word = whole.split()[3]
    text, finished = bench.answer(question("What is bread?", sampling=Sampling(temperature=0, stop=(word,))))
    assert finished.reason is StopReason.STOP_STRING
    assert text == whole[: whole.index(word)]


def test_an_answer_ends_by_itself(bench: Bench) -> None:
    _, finished = bench.answer(question("Say only: yes", max_tokens=400))
    assert finished.reason is StopReason.END


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (question("word " * 4000), "prompt_too_long"),
        (question("x", sampling=Sampling(top_p=7)), "bad_sampling"),
        (GenerationRequest((), GREEDY, 5), "conversation_empty"),
    ],
)
def test_what_cannot_be_answered_is_explained(bench: Bench, request_: GenerationRequest, code: str) -> None:
    ending = bench.ending(bench.ask(request_))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == code


def test_odd_text_is_answered_all_the_same(bench: Bench) -> None:
    _, finished = bench.answer(question("\ud800 \x00 日本 😀 {{ x }} <|im_end|>", max_tokens=4))
    assert 1 <= finished.stats.generated_tokens <= 4


def test_a_full_context_is_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        bench.loaded(context_length=256, kv_type="q8_0")
        _, finished = bench.answer(question("Write a long story.", max_tokens=0))
        assert finished.reason is StopReason.CONTEXT_FULL
        used = finished.stats.prompt_tokens + finished.stats.generated_tokens
        assert used == 257  # the last token is known and has no room any more
    finally:
        bench.client.close()


def test_asking_before_the_model_is_loaded_waits_for_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        early = bench.ask(question("Hello"))
        ending = bench.ending(early)
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code == "no_model_loaded"
        load = bench.load()
        job, cancelled = bench.ask(question("Hello")), bench.ask(question("Hello"))
        bench.client.cancel(cancelled)
        assert isinstance(bench.ending(cancelled), events.JobCancelled)
        assert isinstance(bench.ending(job), events.JobFinished)
        assert isinstance(bench.ending(load), events.JobFinished)
        pid = bench.client.pid
        assert pid is not None
        unload = new_job_id()
        bench.client.unload(unload)
        assert isinstance(bench.ending(unload), events.JobFinished)
        assert bench.client.state is RuntimeState.STOPPED
        assert gone(pid)
        assert bench.client.facts is None
    finally:
        bench.client.close()
    late = new_job_id()
    bench.client.unload(late)
    assert isinstance(bench.ending(late), events.JobFailed)


def test_the_devices_are_listed() -> None:
    devices = list_devices(COMMAND)
    assert "cpu" in {device.kind for device in devices}
    assert all(device.memory_total_bytes >= device.memory_free_bytes > 0 for device in devices)


def test_the_starter_is_where_it_should_be() -> None:
    assert starter().stat().st_size > 90_000_000
