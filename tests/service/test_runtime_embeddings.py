"""The real worker embeds texts: with an embedding model, and with a chat model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.events import new_job_id
from engine.runtime.values import EmbeddingRequest
from engine.runtime.worker.embedding import MOST_WAITING
from tests.models import tiny
from tests.service.runtime_bench import Bench, question, starter

Vector = tuple[float, ...]


def embed(bench: Bench, *texts: str) -> events.Event:
    job = new_job_id()
    bench.client.embed(job, EmbeddingRequest(texts))
    return bench.ending(job)


def vectors(bench: Bench, *texts: str) -> tuple[Vector, ...]:
    ending = embed(bench, *texts)
    assert isinstance(ending, events.JobFinished), ending
    found = bench.first(ending.job, events.Embedded)
    assert found.tokens > 0
    assert len(found.vectors) == len(texts)
    return found.vectors


def likeness(one: Vector, other: Vector) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bert")
    made = Bench(folder)
    made.loaded(tiny(folder, "bert"), embedding=True, context_length=512)
    yield made
    made.client.close()


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("smollm2"))
    made.loaded(starter(), embedding=True, context_length=512)
    yield made
    made.client.close()


def test_each_text_has_a_vector_of_length_one(bert: Bench) -> None:
    facts = bert.client.facts
    assert facts is not None
    assert (facts.n_embedding, facts.context_length, facts.has_template) == (64, 512, False)
    texts = [f"text number {number}" for number in range(150)]  # more than one batch
    found = vectors(bert, *texts)
    assert all(len(vector) == 64 for vector in found)
    assert all(math.isclose(math.hypot(*vector), 1, abs_tol=1e-5) for vector in found)
    assert len(set(found)) == len(texts)
    for number in (0, 70, 149):  # whatever else is in the batch
        assert likeness(found[number], vectors(bert, texts[number])[0]) > 0.9999


def test_a_chat_model_embeds_by_the_mean_of_its_tokens(chat_model: Bench) -> None:
    assert chat_model.client.facts is not None
    assert chat_model.client.facts.n_embedding == 576
    cat, dog, law = vectors(
        chat_model, "A cat sleeps on the sofa.", "A dog sleeps on the sofa.", "The act was passed in 1832."
    )
    assert likeness(cat, dog) > likeness(cat, law)
    assert likeness(cat, vectors(chat_model, "A cat sleeps on the sofa.")[0]) > 0.999


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ((), "nothing_to_embed"),
        (("fine", "word " * 600), "text_too_long"),
        (("x",) * 40_000, "too_many_texts"),
    ],
)
def test_what_cannot_be_embedded_is_said(bert: Bench, texts: tuple[str, ...], code: str) -> None:
    ending = embed(bert, *texts)
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == code
    assert vectors(bert, "and it goes on")


def test_embedding_can_be_cancelled(chat_model: Bench) -> None:
    many = EmbeddingRequest(tuple(f"word {number} " * 100 for number in range(300)))
    running, waiting = new_job_id(), new_job_id()
    for job in (running, waiting):
        chat_model.client.embed(job, many)
    for job in (waiting, running):
        chat_model.client.cancel(job)
        assert isinstance(chat_model.ending(job), events.JobCancelled)
        assert not chat_model.of(job, events.Embedded)
    assert vectors(chat_model, "and it goes on")


def test_only_so_many_embeddings_wait(chat_model: Bench) -> None:
    many = EmbeddingRequest(tuple(f"word {number} " * 100 for number in range(300)))
    jobs = [new_job_id() for _ in range(MOST_WAITING + 3)]
    for job in jobs:
        chat_model.client.embed(job, many)
    refused = chat_model.first(jobs[-1], events.JobFailed)
    assert refused.message.code == "queue_full"
    for job in jobs:
        chat_model.client.cancel(job)
        chat_model.ending(job)
    assert not any(chat_model.of(job, events.JobFailed) for job in jobs[:MOST_WAITING])
    assert vectors(chat_model, "and it goes on")


def test_a_model_says_what_it_was_loaded_for(tmp_path: Path, bert: Bench) -> None:
    answer = bert.ask(question("Hello"))
    ending = bert.ending(answer)
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "not_for_answers"
    bench = Bench(tmp_path)
    try:
        load = bench.load(tiny(tmp_path, "bert"))
        refused = bench.ending(load)
        assert isinstance(refused, events.JobFailed)
        assert refused.message.code == "model_cannot_chat"
        bench.loaded(tiny(tmp_path))
        ending = embed(bench, "Hello")
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code == "not_for_embedding"
    finally:
        bench.client.close()


def test_an_embedder_ends_in_order(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    settings = {"embedding": True, "context_length": 256, "park_folder": str(tmp_path / "states")}
    bench.loaded(tiny(tmp_path, "bert"), park_budget_bytes=1 << 20, **settings)
    assert vectors(bench, "one")
    bench.client.close()
    assert bench.client.pid is None
