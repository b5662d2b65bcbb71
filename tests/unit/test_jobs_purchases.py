"""Questions about money for this machine: by its last check, with prices that a person typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.errors import Cancelled, UsageError
from engine.hardware.report_json import save_report
from engine.host.surroundings import report_path
from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion
from engine.jobs.purchases import answer_budget, answer_what_if
from engine.paths import Paths
from engine.planning.plan import Aim
from engine.planning.prices import OWN, RATE, Sourced, typed_figure, with_own
from engine.planning.terms import Terms
from engine.settings import Settings, load_settings, save_settings
from tests.unit.planning_machines import GIB, machine

OWN_PRICES = (
    ("GeForce RTX 3090", typed_figure(5200, "2026-11-27")),
    (RATE, typed_figure(7.1, "2026-11-27")),
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")
    for folder in (made.data, made.config, made.state):
        folder.mkdir()
    return made


def test_a_machine_that_was_never_checked_is_a_sentence(paths: Paths) -> None:
    with pytest.raises(UsageError) as refused:
        answer_what_if(WhatIfQuestion(Aim()), paths, Settings(), CancelToken())
    assert refused.value.message.code == "machine_not_checked"


def test_what_is_wanted_stands_beside_the_usual(paths: Paths) -> None:
    save_report(report_path(paths), machine(16 * GIB, 8, 40e9, disk=1e9))
    question = WhatIfQuestion(Aim(), ("memory=64@900",))
    found, memory, channels = answer_what_if(question, paths, Settings(prices=OWN_PRICES), CancelToken())
    assert memory == 16 * GIB and channels is None
    prices = {(each.change.kind, each.change.card): each.change.price for each in found.outcomes}
    card = prices["card", "GeForce RTX 3090"]
    assert card is not None and (card.high, card.source) == (5200, OWN)
    dollars = prices["card", "GeForce RTX 5090"]
    assert dollars is not None and dollars.high == pytest.approx(3900 * 7.1)
    asked = [each for each in found.outcomes if each.change.price and each.change.price.high == 900]
    assert [each.change.added for each in asked] == [48 * GIB]


def test_a_question_that_nobody_asks_any_more_is_left(paths: Paths) -> None:
    save_report(report_path(paths), machine(16 * GIB, 8, 40e9, disk=1e9))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        answer_what_if(WhatIfQuestion(Aim()), paths, Settings(), token)


def test_a_typed_price_survives_the_settings_file_and_nonsense_does_not(paths: Paths) -> None:
    nonsense = (
        ("GeForce RTX 4090", "much"),
        ("a part of nobody", "5 2026-11-27"),
        ("GeForce RTX 5090", "nan x"),
    )
    save_settings(paths.settings, Settings(prices=(*OWN_PRICES, *nonsense)))
    kept, noticed = load_settings(paths.settings)
    assert noticed is None and kept.prices == (*OWN_PRICES, *nonsense)
    advice, prices = answer_budget(BudgetQuestion(20_000, Aim(), Terms()), kept)
    assert prices.cny_per_usd == Sourced(7.1, 7.1, OWN, "2026-11-27")
    sources = {part.name: part.price.source for part in prices.parts if part.price}
    assert sources["GeForce RTX 3090"] == OWN
    assert sources["GeForce RTX 4090"] != OWN and sources["GeForce RTX 5090"] != OWN
    assert "a part of nobody" not in [part.name for part in prices.parts]
    assert advice.budget == 20_000


def test_typed_prices_replace_shipped_ones_only() -> None:
    _, shipped = answer_budget(BudgetQuestion(1, Aim(), Terms()), Settings())
    assert with_own(shipped, ()) == shipped


def test_typed_watts_survive_the_settings_file_and_nonsense_does_not(paths: Paths) -> None:
    threadripper = "Threadripper PRO 7975WX, 512 GB"
    typed = ((threadripper, typed_figure(620, "2026-11-27")), ("GeForce RTX 5090", "0 2026-11-27"))
    save_settings(paths.settings, Settings(watts=typed))
    kept, _ = load_settings(paths.settings)
    assert kept.watts == typed
    _, prices = answer_budget(BudgetQuestion(1, Aim(), Terms()), kept)
    watts = {part.name: part.watts for part in prices.parts}
    assert watts[threadripper] == Sourced(620, 620, OWN, "2026-11-27")
    shipped = watts["GeForce RTX 5090"]
    assert shipped is not None and shipped.high == 575
