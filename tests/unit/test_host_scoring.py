"""Predicted against measured: which answers are recorded, and which of them teach."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.hardware.page_cache import cached_bytes
from engine.host.knowing import known_machine, load_knowledge
from engine.host.scoring import Forecast
from engine.jobs.scoring import score
from engine.paths import Paths
from engine.planning.layout import demand_of
from engine.planning.machine import machine_of
from engine.planning.placement import fastest, plan_on
from engine.planning.plan import KvType
from engine.telemetry import history
from engine.telemetry.history import History, Quantity, ScoreRecord, read_lessons, read_scores
from tests.unit.planning_machines import RYZEN_64, published

SPEC, QUANTIZATION = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
MODEL = InstalledModel("/m.gguf", "m", "Q4_K_M", 1, "local")
STATS = AnswerStats(
    prompt_tokens=600,
    reused_tokens=0,
    generated_tokens=200,
    prompt_tps=50.0,
    generation_tps=6.0,
    time_to_first_token_s=12.5,
    prompt_s=12.0,
    queue_s=0.5,
    evaluated_tokens=600,
    batch_width=1.0,
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


def forecast(paths: Paths) -> Forecast:
    known = load_knowledge(paths, RYZEN_64)
    machine = known.of(machine_of(RYZEN_64))
    demand = demand_of(SPEC.shape, QUANTIZATION, 8192, KvType.F16)
    return Forecast.of(MODEL, fastest(demand, machine), machine, known)


def keep(paths: Paths, *records: ScoreRecord) -> None:
    store = History(paths.history)
    store.add(records)
    store.close()


def by_quantity(records: tuple[ScoreRecord, ...]) -> dict[str, ScoreRecord]:
    return {record.quantity: record for record in records}


def test_an_answer_is_compared_with_what_a_plan_says(paths: Paths) -> None:
    found = by_quantity(forecast(paths).score_answer(STATS, quiet=True, now=1.0))
    assert set(found) == {Quantity.GENERATION, Quantity.PROMPT, Quantity.FIRST_TOKEN}
    plan = plan_on(machine_of(RYZEN_64), SPEC, QUANTIZATION, 8192)
    assert found["generation_tps"].predicted == pytest.approx(plan.speed.generation_tps.expected, rel=0.1)
    assert found["generation_tps"].depth == 700
    assert found["first_token_s"].measured == 12.0  # without what it waited for others
    keep(paths, *found.values())
    assert {record.quantity for record in read_lessons(paths.history, 0)} == {"generation_tps", "prompt_tps"}


@pytest.mark.parametrize(
    ("stats", "quiet"), [(STATS, False), (replace(STATS, batch_width=2.4), True)], ids=["disturbed", "batch"]
)
def test_what_was_not_alone_is_recorded_and_teaches_nothing(
    paths: Paths, stats: AnswerStats, quiet: bool
) -> None:
    found = forecast(paths).score_answer(stats, quiet, 1.0)
    assert found
    keep(paths, *found)
    assert read_scores(paths.history, 0) == found
    assert read_lessons(paths.history, 0) == ()


def test_answers_at_once_are_expected_to_be_slower(paths: Paths) -> None:
    alone, four = (
        by_quantity(forecast(paths).score_answer(replace(STATS, batch_width=width), True, 1.0))
        for width in (1.0, 4.0)
    )
    assert four["generation_tps"].predicted < alone["generation_tps"].predicted
    assert four["generation_tps"].predicted > alone["generation_tps"].predicted / 4


def test_tiny_answers_say_nothing_of_speed(paths: Paths) -> None:
    tiny = replace(STATS, prompt_tokens=20, evaluated_tokens=20, generated_tokens=3)
    assert set(by_quantity(forecast(paths).score_answer(tiny, True, 1.0))) == {Quantity.FIRST_TOKEN}


def test_own_runs_sharpen_what_is_predicted_next(paths: Paths) -> None:
    """Slower by a third than predicted, again and again: the next prediction knows."""
    before = plan_on(known_machine(paths, RYZEN_64), SPEC, QUANTIZATION, 8192)
    slow = replace(STATS, generation_tps=before.speed.generation_tps.expected * 0.67)
    for _ in range(3):
        keep(paths, *forecast(paths).score_answer(slow, quiet=True, now=time.time()))
    stuck = replace(slow, generation_tps=0.1)
    keep(paths, *forecast(paths).score_answer(stuck, quiet=False, now=time.time()))
    after = plan_on(known_machine(paths, RYZEN_64), SPEC, QUANTIZATION, 8192)
    assert after.speed.generation_tps.expected == pytest.approx(slow.generation_tps, rel=0.05)
    assert after.speed.observed == 3
    seen = score(paths, ())
    generation = seen.of(Quantity.GENERATION)
    assert generation is not None
    assert (generation.count, generation.disturbed) == (3, 1)
    assert generation.recent_error < generation.first_error
    assert generation.unlearnt_error == pytest.approx(1 / 0.67 - 1, rel=0.1)


def test_scores_are_bounded(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_SCORES", 50)
    (record, *_) = forecast(paths).score_answer(STATS, True, 1.0)
    for number in range(70):
        keep(paths, replace(record, at=float(number)))
    kept = read_scores(paths.history, 0)
    assert [one.at for one in kept] == [float(number) for number in range(20, 70)]
    assert read_lessons(paths.history, 60.0) == kept[-10:]


def test_a_history_of_before_gets_scores(paths: Paths) -> None:
    keep(paths)
    with sqlite3.connect(paths.history) as database:
        database.execute("DROP TABLE scores")
        database.execute("PRAGMA user_version = 1")
    assert read_scores(paths.history, 0) == ()
    records = forecast(paths).score_answer(STATS, True, 1.0)
    keep(paths, *records)
    assert read_scores(paths.history, 0) == records


def test_the_system_tells_what_it_keeps_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(3_000_000))
    assert cached_bytes(file) in (None, 3_000_000)
    assert cached_bytes(tmp_path / "none") is None
