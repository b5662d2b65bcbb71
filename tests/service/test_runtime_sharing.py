"""Many conversations on one model: beginnings that are shared, a room that is shared, fair turns."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import events
from engine.runtime.values import GenerationRequest, LogitBias, Sampling, StopReason, Turn
from tests.modelfile import vocabulary
from tests.models import TINY, tiny
from tests.service.runtime_bench import GREEDY, Bench, question

SYSTEM = Turn("system", " ".join(f"Rule {number}: be kind, be brief, be right." for number in range(40)))


def chat(text: str, conversation: str = "", max_tokens: int = 12) -> GenerationRequest:
    return GenerationRequest((SYSTEM, Turn("user", text)), GREEDY, max_tokens, conversation=conversation)


@contextmanager
def worker(folder: Path, path: Path | None = None, **settings: object) -> Iterator[Bench]:
    made = Bench(folder)
    try:
        made.loaded(path, **settings)
        yield made
    finally:
        made.client.close()


def stats_of(bench: Bench, job: events.JobId) -> events.GenerationFinished:
    bench.ending(job)
    return bench.first(job, events.GenerationFinished)


@pytest.mark.parametrize("unified", [False, True])
def test_conversations_share_their_beginning(tmp_path: Path, unified: bool) -> None:
    with worker(tmp_path, n_sequences=3, kv_unified=unified) as bench:
        expected, alone = bench.answer(chat("What is the capital of Spain?", "alone"))
        assert alone.stats.reused_tokens == 0
        bench.client.forget("alone")
        long = bench.ask(dataclasses.replace(chat("Tell me a very long story.", "one"), max_tokens=0))
        bench.first(long, events.TokenDelta)
        # its slot is busy, and stays whole
        text, finished = bench.answer(chat("What is the capital of Spain?", "two"))
        assert text == expected
        assert finished.stats.reused_tokens > 400
        assert finished.stats.evaluated_tokens == finished.stats.prompt_tokens - finished.stats.reused_tokens
        assert finished.stats.evaluated_tokens < 25
        assert finished.stats.restored_tokens == 0
        assert 1 < finished.stats.batch_width <= 2
        bench.client.cancel(long)
        story = stats_of(bench, long).stats
        # and everyone finds his own again
        turns = (SYSTEM, Turn("user", "What is the capital of Spain?"), Turn("assistant", text))
        again = GenerationRequest((*turns, Turn("user", "And of Italy?")), GREEDY, 4, conversation="two")
        _, finished = bench.answer(again)
        assert finished.stats.reused_tokens > 400 + 12
        carried = dataclasses.replace(
            chat("Tell me a very long story.", "one"), answer_so_far=bench.text(long)
        )
        _, finished = bench.answer(carried)
        assert finished.stats.reused_tokens > 400 + story.generated_tokens - 4


def test_an_answer_is_known_by_the_tokens_it_was_drawn_in(tmp_path: Path) -> None:
    """Written letter by letter, its text is in other tokens than the tokenizer would choose."""
    letters = tuple(LogitBias(vocabulary().index(letter), 100) for letter in "aeinrst")
    wild = Sampling(temperature=1, seed=7, logit_bias=letters)
    with worker(tmp_path) as bench:
        first = dataclasses.replace(chat("Go on.", "wild", 40), sampling=wild)
        text, finished = bench.answer(first)
        drawn = finished.stats
        turns = (*first.turns, Turn("assistant", text), Turn("user", "And now?"))
        _, finished = bench.answer(GenerationRequest(turns, GREEDY, 4, conversation="wild"))
        assert finished.stats.reused_tokens == drawn.prompt_tokens + drawn.generated_tokens - 1
        known = finished.stats.prompt_tokens
        bench.client.forget("wild")
        _, finished = bench.answer(GenerationRequest(turns, GREEDY, 4, conversation="anew"))
        assert finished.stats.reused_tokens == 0
        assert finished.stats.prompt_tokens < known  # the tokenizer's own way of writing it


def test_a_new_version_of_a_question_keeps_what_stands_before_it(tmp_path: Path) -> None:
    with worker(tmp_path) as bench:
        bench.answer(chat("What is tea?", "chat"))
        _, finished = bench.answer(chat("What is coffee, and where does it grow?", "chat"))
        assert finished.stats.reused_tokens > 400


@pytest.mark.parametrize("architecture", [name for name in TINY if name not in ("bert", "llama")])
@pytest.mark.parametrize("unified", [False, True])
def test_every_kind_of_model_shares_truthfully(architecture: str, unified: bool, tmp_path: Path) -> None:
    """What is copied or cut gives the same answer as what is read from the beginning."""
    model = tiny(tmp_path, architecture)
    with worker(tmp_path, model, n_sequences=1) as bench:
        expected, _ = bench.answer(chat("Second question, after the same rules.", max_tokens=6))
    with worker(tmp_path, model, n_sequences=3, kv_unified=unified) as bench:
        bench.answer(chat("First question.", "one"))
        text, finished = bench.answer(chat("Second question, after the same rules.", "two", max_tokens=6))
        if architecture == "mamba":
            assert finished.stats.reused_tokens == 0, "a recurrent state cannot be cut back"
        # Noise has narrow margins: only the beginning has to agree.
        assert text[:3] == expected[:3]
        again, finished = bench.answer(chat("Second question, after the same rules.", "two", max_tokens=6))
        assert again[:3] == expected[:3]
        running = bench.ask(chat("A third.", "three", max_tokens=0))
        bench.first(running, events.TokenDelta)
        bench.client.cancel(running)
        assert isinstance(bench.ending(running), events.JobCancelled)
        text, _ = bench.answer(chat("Second question, after the same rules.", "four", max_tokens=6))
        assert text[:3] == expected[:3]


@pytest.mark.parametrize("architecture", [name for name in TINY if name not in ("bert", "llama")])
def test_prompts_read_together_are_read_as_alone(architecture: str, tmp_path: Path) -> None:
    """Recurrent layers compute them as a stack, which AMX's kernels mistake (docs/decisions/0006)."""
    texts = [f"Tell me about {word}." for word in ("cats " * 300, "dogs " * 100, "mice ")]
    with worker(tmp_path, tiny(tmp_path, architecture), n_sequences=3) as bench:
        alone = [bench.answer(chat(text, "", 4))[0] for text in texts]
    with worker(tmp_path, tiny(tmp_path, architecture), n_sequences=3) as bench:
        jobs = [bench.ask(chat(text, "", 4)) for text in texts]
        for job, expected in zip(jobs, alone, strict=True):
            assert isinstance(bench.ending(job), events.JobFinished)
            assert bench.text(job)[:3] == expected[:3]


def test_idle_conversations_make_room_in_a_shared_cache(tmp_path: Path) -> None:
    with worker(tmp_path, tiny(tmp_path), n_sequences=4, kv_unified=True, context_length=1024) as bench:
        assert bench.client.facts is not None and bench.client.facts.context_length == 1024
        for number in range(6):  # of 500 tokens or so, and they begin differently
            text = f"{number} " + "word " * 450
            _, finished = bench.answer(question(text, max_tokens=4))
            assert finished.reason is StopReason.LENGTH


def test_answers_wait_for_each_other_in_a_full_shared_cache(tmp_path: Path) -> None:
    """Together they need twice the room; each alone has it."""
    model = tiny(tmp_path)
    with worker(tmp_path, model, n_sequences=4, kv_unified=True, context_length=1024) as bench:
        asked = [question(f"{number} " + "word " * 150, max_tokens=350) for number in range(4)]
        jobs = [bench.ask(each) for each in asked]
        for job in jobs:
            finished = stats_of(bench, job)
            assert finished.reason is StopReason.LENGTH
            assert finished.stats.generated_tokens == 350
        full = bench.ask(question("word " * 100, max_tokens=0))
        assert stats_of(bench, full).reason is StopReason.CONTEXT_FULL


def test_a_short_prompt_is_not_stuck_behind_a_long_one(tmp_path: Path) -> None:
    with worker(tmp_path, n_sequences=3, context_length=8192) as bench:
        answer = bench.ask(question("Tell me a very long story.", max_tokens=0))
        bench.first(answer, events.TokenDelta)
        long = bench.ask(question("word " * 6000, max_tokens=4))
        bench.first(long, events.PromptProgressed)
        short = bench.ask(question("What is tea?", max_tokens=4))
        bench.ending(short)
        assert not bench.of(long, events.TokenDelta), "the long one is still being read"
        so_far = len(bench.of(answer, events.TokenDelta))
        bench.wait_until(lambda: len(bench.of(answer, events.TokenDelta)) > so_far + 3)
        assert not bench.of(long, events.TokenDelta), "the answer went on meanwhile"
        began = time.monotonic()
        bench.client.cancel(long)
        bench.ending(long)
        assert time.monotonic() - began < 30
        bench.client.cancel(answer)
        bench.ending(answer)


def test_the_clock_of_an_answer(tmp_path: Path) -> None:
    with worker(tmp_path) as bench:
        first = bench.ask(chat("Tell me a story.", max_tokens=40))
        second = bench.ask(chat("And another one.", max_tokens=8))
        one, two = stats_of(bench, first).stats, stats_of(bench, second).stats
        assert one.queue_s < one.prompt_s + one.generation_s
        assert two.queue_s > one.generation_s > 0
        assert two.time_to_first_token_s == pytest.approx(two.queue_s + two.prompt_s)
        assert one.evaluated_tokens == one.prompt_tokens
        assert one.batch_width == 1
        assert one.prompt_tps == pytest.approx(one.evaluated_tokens / one.prompt_s)


def test_where_the_memory_went(tmp_path: Path) -> None:
    with worker(tmp_path, n_sequences=2) as bench:
        facts = bench.client.facts
        assert facts is not None
        assert facts.n_sequences == 2
        shares = {share.part: share for share in facts.memory}
        assert {share.device for share in facts.memory} == {"CPU"}
        assert shares["kv_cache"].size_bytes == facts.of("kv_cache") == 2 * 30 * 2 * 2048 * 384
        assert shares["compute"].size_bytes > 1_000_000
        assert abs(shares["weights"].size_bytes - facts.weights_bytes) < 1_000_000
