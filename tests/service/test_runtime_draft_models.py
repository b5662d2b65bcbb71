"""A smaller model writes ahead for a larger one, by the real worker: the same answers, in fewer batches."""

from __future__ import annotations

import dataclasses
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.runtime.values import GenerationRequest, Sampling, StopReason, Turn, part_bytes
from tests.models import tiny
from tests.service.runtime_bench import GREEDY, Bench, question, starter
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture

EAGER = (sys.executable, str(Path(__file__).resolve().parent.parent / "eager_worker_entry.py"))

STORY = question("Write a story about a fox who finds a lamp.", max_tokens=96)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """SmolLM2 is its own draft model: what it writes ahead holds, but gains nothing by the clock. So here
    drafts are made whatever they take."""
    made = Bench(tmp_path_factory.mktemp("ahead"), EAGER)
    made.loaded(n_sequences=3, draft_path=str(starter()))
    yield made
    made.client.close()


def both(bench: Bench, request: GenerationRequest) -> tuple[events.GenerationFinished, str, str]:
    """The end of the answer with drafts, and the texts with and without."""
    text, finished = bench.answer(request)
    plain, without = bench.answer(dataclasses.replace(request, drafts=False))
    assert without.stats.drafted_tokens == 0
    assert finished.reason is without.reason
    assert finished.stats.generated_tokens == without.stats.generated_tokens
    return finished, text, plain


def test_a_model_that_writes_ahead_for_itself_is_nearly_always_right(bench: Bench) -> None:
    finished, text, plain = both(bench, STORY)
    assert text == plain
    assert finished.stats.drafted_tokens > 20
    assert finished.stats.accepted_tokens >= 0.9 * finished.stats.drafted_tokens


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.6, seed=3),
        Sampling(temperature=1.2, seed=4, repeat_penalty=1.1, frequency_penalty=0.2),
        dataclasses.replace(GREEDY, top_logprobs=2),
    ],
)
def test_a_seed_gives_the_same_answer(bench: Bench, sampling: Sampling) -> None:
    finished, text, plain = both(bench, dataclasses.replace(STORY, sampling=sampling))
    assert text == plain
    assert finished.stats.drafted_tokens


def test_a_schema_is_kept_to(bench: Bench) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"enum": [3, 4]}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    sampling = dataclasses.replace(
        GREEDY, json_schema=json.dumps({"type": "array", "items": schema, "minItems": 6, "maxItems": 6})
    )
    _, text, plain = both(
        bench, question("Six foxes, with their names and ages.", sampling=sampling, max_tokens=300)
    )
    assert text == plain
    assert len(json.loads(text)) == 6


def test_stop_strings_and_limits_end_an_answer_inside_a_draft(bench: Bench) -> None:
    whole, _ = bench.answer(dataclasses.replace(STORY, drafts=False))
    words = whole.split()
    stop = " ".join(words[20:22])
    stopped = dataclasses.replace(STORY, sampling=dataclasses.replace(GREEDY, stop=(stop,)))
    finished, text, plain = both(bench, stopped)
    assert finished.reason is StopReason.STOP_STRING
    assert text == plain
    for most in (17, 18, 33, 60):
        finished, text, plain = both(bench, dataclasses.replace(STORY, max_tokens=most))
        assert finished.reason is StopReason.LENGTH
        assert text == plain


def test_a_cancel_ends_an_answer_and_the_next_one_is_right(bench: Bench) -> None:
    job = bench.ask(
        dataclasses.replace(STORY, max_tokens=600, sampling=dataclasses.replace(GREEDY, ignore_end=True))
    )
    bench.wait_until(lambda: len(bench.of(job, events.TokenDelta)) > 3)
    bench.client.cancel(job)
    assert isinstance(bench.ending(job), events.JobCancelled | events.JobFinished)
    _, text, plain = both(bench, STORY)
    assert text == plain


def test_answers_that_run_together_and_follow_each_other(bench: Bench) -> None:
    asked = [question(f"Tell me about {thing}.", max_tokens=48) for thing in ("foxes", "lamps")]
    alone = [bench.answer(dataclasses.replace(one, drafts=False))[0] for one in asked]
    jobs = [bench.ask(one) for one in asked]
    for job in jobs:
        bench.ending(job)
    assert [bench.text(job) for job in jobs] == alone
    turns = (
        Turn("user", "Tell me about foxes."),
        Turn("assistant", alone[0]),
        Turn("user", "Shorter, please."),
    )
    followed = GenerationRequest(turns, GREEDY, 48)
    _, text, plain = both(bench, followed)
    assert text == plain


def test_a_long_prompt_is_read_piece_by_piece(bench: Bench) -> None:
    long = question(
        "The fox walked through the wood, and it was dark. " * 60 + "What was dark?", max_tokens=64
    )
    _, text, plain = both(bench, long)
    assert text == plain


def test_its_memory_is_told(bench: Bench, tmp_path: Path) -> None:
    facts = bench.client.facts
    assert facts is not None
    alone = Bench(tmp_path)
    try:
        alone.loaded(n_sequences=3)
        assert alone.client.facts is not None
        before = alone.client.facts.memory
    finally:
        alone.client.close()
    for part in ("weights", "kv_cache"):
        assert part_bytes(facts.memory, part) == 2 * part_bytes(before, part)


def test_another_vocabulary_is_refused_in_a_sentence(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(with_another_word(tiny(tmp_path).read_bytes()))
    made = Bench(tmp_path)
    try:
        ending = made.ending(made.load(draft_path=str(other)))
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code == "draft_other_vocabulary"
        assert ending.message.values["draft"] == "other.gguf"
    finally:
        made.client.close()


@pytest.mark.parametrize("kind", ["mamba", "missing"])
def test_a_model_that_cannot_go_back_and_a_file_that_is_not_there(tmp_path: Path, kind: str) -> None:
    path = tiny(tmp_path, kind) if kind == "mamba" else tmp_path / "gone.gguf"
    made = Bench(tmp_path)
    try:
        ending = made.ending(made.load(draft_path=str(path)))
        assert isinstance(ending, events.JobFailed)
        assert (ending.message.code == "draft_unsuited") is (kind == "mamba")
    finally:
        made.client.close()


def with_another_word(file: bytes) -> bytes:
    word, other = "Ġlamp".encode(), "Ġlamq".encode()
    length = struct.pack("<Q", len(word))
    assert file.count(length + word) == 1
    return file.replace(length + word, length + other)


def test_the_command_line_takes_one_and_its_memory_counts(environment: dict[str, str]) -> None:
    asked = ("chat", "-p", "What is a fox?", "--temperature", "0", "--max-tokens", "24", "--json")
    alone = records(deskside(environment, *asked).stdout)[-1]
    drafted = records(deskside(environment, *asked, "--draft-model", str(starter())).stdout)[-1]
    assert drafted["text"] == alone["text"]
    missing = deskside(environment, *asked, "--draft-model", "/nowhere/model.gguf")
    assert missing.returncode != 0
    needs = deskside(environment, "serve", "--draft-model", str(starter()), "--json")
    assert needs.returncode != 0 and "--model" in needs.stdout
