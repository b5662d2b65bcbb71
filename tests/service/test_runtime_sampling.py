"""How answers are drawn, by the real worker on SmolLM2: penalties, biases, forms, log probabilities."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine import events
from engine.messages import english
from engine.runtime.values import LogitBias, Sampling, StopReason, TokenLogprob
from tests.service.runtime_bench import GREEDY, Bench, question

COUNT = "Count: one, two, three, one, two, three. Go on."
CITY = "What is the capital of France?"
PERSON = json.dumps(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 20},
            "age": {"type": "integer", "minimum": 1, "maximum": 120},
            "likes": {"type": "array", "items": {"enum": ["sea", "wood"]}, "maxItems": 2},
        },
        "required": ["name", "age", "likes"],
        "additionalProperties": False,
    }
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("runtime"))
    made.loaded(n_sequences=3)
    yield made
    made.client.close()


def say(bench: Bench, text: str, sampling: Sampling, max_tokens: int = 24) -> tuple[str, StopReason]:
    written, finished = bench.answer(question(text, sampling=sampling, max_tokens=max_tokens))
    return written, finished.reason


def repeats(text: str) -> float:
    """Words for each different word."""
    words = text.lower().split()
    return len(words) / len(set(words))


@pytest.mark.parametrize("penalty", ["frequency_penalty", "presence_penalty", "repeat_penalty"])
def test_penalties_make_an_answer_repeat_itself_less(bench: Bench, penalty: str) -> None:
    plain, _ = say(bench, COUNT, GREEDY, 80)
    changed, _ = say(bench, COUNT, replace(GREEDY, **{penalty: 1.5}), 80)
    assert repeats(changed) < repeats(plain)


def logprobs(bench: Bench, text: str, sampling: Sampling, max_tokens: int = 6) -> list[TokenLogprob]:
    job = bench.ask(question(text, sampling=sampling, max_tokens=max_tokens))
    bench.ending(job)
    return [each for delta in bench.of(job, events.TokenDelta) for each in delta.logprobs]


def test_log_probabilities_are_those_of_the_model(bench: Bench) -> None:
    written, _ = say(bench, CITY, GREEDY, 6)
    cold = logprobs(bench, CITY, replace(GREEDY, top_logprobs=5))
    assert b"".join(bytes(each.drawn.raw) for each in cold).decode() == written
    for each in cold:
        assert each.drawn == each.top[0]
        ordered = [candidate.logprob for candidate in each.top]
        assert ordered == sorted(ordered, reverse=True)
        assert len(set(each.top)) == 5
        assert sum(math.exp(value) for value in ordered) <= 1.0001
    # Sampling does not change what the model thinks: the first token's rivals are the same when hot.
    hot = logprobs(bench, CITY, Sampling(temperature=2.0, seed=5, top_logprobs=5), 1)
    assert [one.text for one in hot[0].top] == [one.text for one in cold[0].top]
    assert hot[0].top[0].logprob == pytest.approx(cold[0].top[0].logprob, abs=1e-3)
    assert len(logprobs(bench, CITY, replace(GREEDY, top_logprobs=0))[0].top) == 0


def test_the_coldest_temperature_takes_the_most_likely_token(bench: Bench) -> None:
    written, _ = say(bench, CITY, GREEDY, 6)
    assert say(bench, CITY, replace(GREEDY, temperature=1e-40), 6)[0] == written


def test_a_bias_bans_and_forces_tokens(bench: Bench) -> None:
    the, capital = 504, 3575  # "The" and " capital" in SmolLM2's vocabulary
    forced = replace(GREEDY, logit_bias=(LogitBias(the, 100.0), LogitBias(capital, 60.0)))
    assert say(bench, CITY, forced, 4)[0] == "The" * 4
    banned = replace(GREEDY, logit_bias=(LogitBias(the, -100.0), LogitBias(capital, 60.0)))
    assert say(bench, CITY, banned, 4)[0] == " capital" * 4


def test_an_answer_can_be_kept_from_ending(bench: Bench) -> None:
    short = question("Say only yes.", sampling=GREEDY, max_tokens=200)
    _, ended = bench.answer(short)
    assert ended.reason is StopReason.END
    _, kept = bench.answer(replace(short, sampling=replace(GREEDY, ignore_end=True)))
    assert kept.reason is StopReason.LENGTH
    assert kept.stats.generated_tokens == 200


@pytest.mark.parametrize("seed", range(3))
def test_a_schema_is_kept_to_at_any_temperature(bench: Bench, seed: int) -> None:
    hot = Sampling(temperature=1.8, min_p=0, seed=seed, json_schema=PERSON)
    written, reason = say(bench, "Invent a person.", hot, 300)
    assert reason is StopReason.END
    person = json.loads(written)
    assert list(person) == ["name", "age", "likes"]
    assert 1 <= person["age"] <= 120
    assert set(person["likes"]) <= {"sea", "wood"}


def test_a_grammar_is_kept_to_and_log_probabilities_come_with_it(bench: Bench) -> None:
    sampling = replace(GREEDY, grammar='root ::= "Köln" | "東京"', top_logprobs=2)
    job = bench.ask(question("Name a city.", sampling=sampling))
    bench.ending(job)
    written = "".join(delta.text for delta in bench.of(job, events.TokenDelta))
    assert written in ("Köln", "東京")
    drawn = [each.drawn for delta in bench.of(job, events.TokenDelta) for each in delta.logprobs]
    assert b"".join(bytes(one.raw) for one in drawn).decode() == written


def test_three_answers_keep_to_three_forms_at_once(bench: Bench) -> None:
    grammars = ["root ::= [a-c]{30}", 'root ::= ("x" " "?){20}', 'root ::= "0x" [0-9a-f]{16}']
    jobs = [bench.ask(question("Go.", sampling=replace(GREEDY, grammar=text))) for text in grammars]
    for job in jobs:
        bench.ending(job)
    written = ["".join(delta.text for delta in bench.of(job, events.TokenDelta)) for job in jobs]
    assert set(written[0]) <= set("abc")
    assert set(written[1]) <= set("x ")
    assert written[2].startswith("0x")


def test_an_answer_goes_on_inside_its_form(bench: Bench) -> None:
    sampling = replace(GREEDY, json_schema=PERSON)
    begun = '{"name": "Ada", "age": 3'
    request = replace(question("Invent a person.", sampling=sampling, max_tokens=100), answer_so_far=begun)
    rest, _ = bench.answer(request)
    assert json.loads(begun + rest)["name"] == "Ada"


@pytest.mark.parametrize(
    ("sampling", "part"),
    [
        (replace(GREEDY, grammar="root ::= root"), "grammar"),
        (replace(GREEDY, json_schema='{"type": "banana"}'), "JSON schema"),
        (replace(GREEDY, frequency_penalty=7), "frequency_penalty"),
        (replace(GREEDY, logit_bias=(LogitBias(10**6, 1.0),)), "logit_bias"),
        (replace(GREEDY, logit_bias=(LogitBias(5, 1e6),)), "logit_bias"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_a_sentence(
    bench: Bench, sampling: Sampling, part: str
) -> None:
    ending = bench.ending(bench.ask(question(CITY, sampling=sampling)))
    assert isinstance(ending, events.JobFailed)
    assert part in english(ending.message)
    # Nobody else is harmed.
    assert say(bench, CITY, GREEDY, 4)[0]


def test_what_a_schema_cannot_keep_is_said(bench: Bench) -> None:
    schema = json.dumps({"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "maxItems": 3})
    job = bench.ask(question("Numbers.", sampling=replace(GREEDY, json_schema=schema), max_tokens=60))
    bench.ending(job)
    notices = [english(event.message) for event in bench.of(job, events.Noticed)]
    assert any("uniqueItems" in text for text in notices)
