"""Experts of some layers on devices: nothing exceeds one, each is filled, and more memory is never worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import ModelSpec, Quantization
from engine.planning.expert_layers import Division, Parts, divided
from engine.planning.fit import Ladder, Room, Wanted
from engine.planning.fit_words import steps_of
from engine.planning.layout import Placement, demand_of, place
from engine.planning.machine import GpuBudget, Machine, machine_of
from engine.planning.placement import fastest, plan_on
from engine.planning.plan import KvType
from engine.planning.speed import TYPICAL_DEPTH, token_time
from engine.planning.ways import candidates
from engine.settings import EVERY_LAYER
from tests.unit.planning_machines import GIB, SMALL, catalog, published

BARE = replace(machine_of(SMALL), threads=16)
LARGE = published("DeepSeek-R1-0528", "Q4_K_M")
MIXTURE = published("Qwen3-30B-A3B", "Q4_K_M")
MIXTURES = st.sampled_from(
    [(spec, one) for spec in catalog() for one in spec.quantizations if spec.shape.experts]
)
SIZES = st.integers(0, 800).map(lambda eighths: eighths * GIB // 8)
RATES = st.sampled_from([200e9, 448e9, 1010e9])
ROOMS = st.lists(st.tuples(st.integers(-5, 80), st.integers(0, 1)), min_size=1, max_size=4)
PIECES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 20)), min_size=1, max_size=8)


def card(size: int, rate: float = 936e9, number: int = 0) -> GpuBudget:
    return GpuBudget(f"Card {number}", size, rate, True, False, device=f"CUDA{number}")


def machine(ram: int, *cards: GpuBudget) -> Machine:
    return replace(BARE, ram_budget=ram, ram_total=ram, gpus=tuple(sorted(cards, key=lambda x: -x.bandwidth)))


def placed(where: Machine, model: tuple[ModelSpec, Quantization] = LARGE, context: int = 8192) -> Placement:
    return fastest(demand_of(model[0].shape, model[1], context, KvType.F16), where)


def seconds(way: Placement, where: Machine) -> float:
    return token_time(way, where, TYPICAL_DEPTH).total


# how layers and their experts are shared out
def parts_of(pieces: list[tuple[int, int]]) -> Parts:
    """With an output behind the layers."""
    return Parts([*(rest for rest, _ in pieces), 3], [*(experts for _, experts in pieces), 0])


def sizes_of(parts: Parts, found: Division) -> list[int]:
    """What each device holds then."""
    layers, begin, sizes = len(parts.rest) - 1, 0, []
    for count, kept in zip(found.counts, found.kept, strict=True):
        end = begin + count
        last = min(end, layers)
        assert 0 <= kept <= max(0, last - begin)
        sizes.append(sum(parts.rest[begin:end]) + sum(parts.experts[last - kept : last]))
        begin = end
    assert begin == len(parts.rest)
    return sizes


def sorted_rooms(devices: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    devices = sorted(devices, key=lambda one: one[1])
    return [room for room, _ in devices], [group for _, group in devices]


@settings(max_examples=400)
@given(PIECES, ROOMS, st.integers(0, 9))
def test_no_room_is_exceeded_and_nothing_is_left_over(
    pieces: list[tuple[int, int]], devices: list[tuple[int, int]], most: int
) -> None:
    parts, (rooms, groups) = parts_of(pieces), sorted_rooms(devices)
    found = divided(parts, rooms, groups, most)
    if found is None:
        without = divided(Parts(parts.rest, [0] * len(parts.rest)), rooms, groups, most)
        assert without is None  # not even the rest fits
        return
    assert sum(found.kept) <= most
    for size, room in zip(sizes_of(parts, found), rooms, strict=True):
        assert size <= max(room, 0)


@settings(max_examples=400)
@given(st.integers(1, 8), st.integers(0, 6), st.integers(0, 20), ROOMS, st.integers(0, 3), st.integers(0, 40))
def test_more_room_keeps_no_fewer(
    layers: int, rest: int, experts: int, devices: list[tuple[int, int]], which: int, more: int
) -> None:
    """Of layers that are alike."""
    parts, (rooms, groups) = parts_of([(rest, experts)] * layers), sorted_rooms(devices)
    larger = [room + (more if number == which else 0) for number, room in enumerate(rooms)]
    before, after = (divided(parts, each, groups, layers) for each in (rooms, larger))
    if before is not None:
        assert after is not None
        assert sum(after.kept) >= sum(before.kept)


def test_equal_devices_fill_their_gaps_with_layers_without_experts() -> None:
    """In turn each of three would keep those of two layers (2 x 11 of 29) and waste seven."""
    parts = Parts([1] * 30 + [1], [10] * 30 + [0])
    found = divided(parts, [32, 32, 32], "aaa", 30)
    assert found is not None
    assert found.kept == (2, 2, 2)
    roomy = divided(parts, [41, 41, 41], "aaa", 30)
    assert roomy is not None and roomy.kept == (3, 3, 3)


def test_the_fastest_has_the_layers_without_experts() -> None:
    parts = Parts([1] * 30 + [1], [10] * 30 + [0])
    found = divided(parts, [50, 25], "ab", 30)
    assert found == Division((28, 3), (2, 2))


# whole models
def test_four_cards_are_filled_with_experts_of_the_671b() -> None:
    """Only 15 of their 92 GB were used where experts were all or nothing."""
    where = machine(512 * GIB, *(card(23 * GIB, number=number) for number in range(4)))
    way = placed(where)
    assert way.gpu_layers == LARGE[0].shape.layers
    assert way.experts_kept >= 8
    layer = max(piece.on_gpu(False) for piece in way.demand.pieces)
    for part in way.parts:
        assert part.gpu.budget - layer < part.size <= part.gpu.budget
    none = fastest(replace(way.demand, experts_in_ram=EVERY_LAYER), where)
    assert none.experts_kept == 0 and sum(part.size for part in none.parts) < 24 * GIB
    assert seconds(way, where) < seconds(none, where)
    assert way.ram_experts < none.ram_experts - 50 * GIB


def test_a_small_card_beside_a_fast_one_holds_whole_layers() -> None:
    model = published("DeepSeek-R1-0528", "UD-Q2_K_XL")
    where = machine(512 * GIB, card(30 * GIB, 1010e9), card(11 * GIB, 360e9, 1))
    way = placed(where, model)
    fast, slow = way.parts
    assert fast.gpu.bandwidth > slow.gpu.bandwidth
    assert fast.layers > 10 * slow.layers and slow.away == 0
    assert fast.away > fast.layers / 2
    assert all(part.size <= part.gpu.budget for part in way.parts)


@settings(max_examples=150, deadline=None)
@given(MIXTURES, SIZES, st.lists(st.tuples(SIZES, RATES), min_size=1, max_size=3), st.booleans())
def test_no_way_exceeds_a_device_or_loses_a_byte(
    model: tuple[ModelSpec, Quantization], ram: int, cards: list[tuple[int, float]], equal: bool
) -> None:
    alike = [cards[0]] * len(cards) if equal else cards
    where = machine(ram, *(card(size, rate, number) for number, (size, rate) in enumerate(alike)))
    for way in candidates(demand_of(model[0].shape, model[1], 8192, KvType.F16), where):
        weights = way.demand.weights
        for part in way.parts:
            assert 0 < part.size <= part.gpu.budget
            assert 0 <= part.away <= part.layers and 0 <= part.experts <= part.weights
        assert sum(part.away for part in way.parts) == len(way.experts_away)
        assert sum(part.experts for part in way.parts) == way.gpu_experts == weights.experts - way.ram_experts
        whole = sum(part.weights for part in way.parts) + way.ram_dense + way.ram_experts + weights.tables
        assert whole == weights.total + way.doubled


@settings(max_examples=100, deadline=None)
@given(MIXTURES, SIZES, SIZES, SIZES, RATES, st.integers(1, 4))
def test_more_memory_on_equal_cards_keeps_no_fewer_and_is_no_slower(
    model: tuple[ModelSpec, Quantization], ram: int, one: int, other: int, rate: float, count: int
) -> None:
    ways = []
    for size in sorted((one, other)):
        where = machine(ram, *(card(size // 4, rate, number) for number in range(count)))
        ways.append((placed(where, model), where))
    (less, where), (more, larger) = ways
    assert (more.runs, -more.streamed) >= (less.runs, -less.streamed)
    if less.runs and not less.streamed and len(less.parts) == count == len(more.parts):
        assert seconds(more, larger) <= seconds(less, where) * 1.02


def test_every_layer_that_keeps_its_experts_makes_an_answer_quicker() -> None:
    where = machine(64 * GIB, card(24 * GIB))
    demand = demand_of(MIXTURE[0].shape, MIXTURE[1], 8192, KvType.F16)
    pieces = len(demand.pieces)
    ways = [place(demand, where, (pieces,), (kept,)) for kept in range(pieces)]
    times = [seconds(way, where) for way in ways]
    assert times == sorted(times, reverse=True)
    assert [way.experts_kept for way in ways] == list(range(pieces))
    assert ways[0].experts_away == tuple(range(pieces - 1)) and ways[3].experts_away == tuple(
        range(pieces - 4)
    )


def test_layers_for_drafts_leave_their_experts_where_the_last_one_does() -> None:
    spec, quantization = MIXTURE
    demand = demand_of(replace(spec.shape, draft_layers=1), quantization, 8192, KvType.F16)
    where, layers = machine(64 * GIB, card(24 * GIB)), spec.shape.layers
    assert place(demand, where, (layers + 1,), ()).overridden == tuple(range(layers + 1))
    assert place(demand, where, (layers + 1,), (1,)).overridden == tuple(range(layers - 1))


# what a person asks for
@pytest.mark.parametrize("away", [20, 40])
def test_a_person_may_say_of_how_many_layers_experts_stay_in_main_memory(away: int) -> None:
    where = machine(64 * GIB, card(24 * GIB))
    plan = plan_on(where, *MIXTURE, 8192, experts_in_ram=away)
    assert plan.experts_away == tuple(range(away))
    assert plan.experts_kept == MIXTURE[0].shape.layers - away
    assert plan.n_gpu_layers == MIXTURE[0].shape.layers + 1
    assert plan.reasons[0].code == "plan_experts_divided"
    assert plan.reasons[0].values["away"] == away


def test_more_stay_there_where_those_of_so_few_do_not_fit_and_that_is_said() -> None:
    where = machine(64 * GIB, card(8 * GIB))
    plan = plan_on(where, *MIXTURE, 8192, experts_in_ram=2)
    assert len(plan.experts_away) > 2
    (short,) = [reason for reason in plan.reasons if reason.code == "plan_experts_short"]
    assert short.values["kept"] == plan.experts_kept and short.values["asked"] == MIXTURE[0].shape.layers - 2


def test_layers_that_a_person_asks_for_leave_experts_behind_rather_than_themselves() -> None:
    where = machine(64 * GIB, card(8 * GIB))
    layers = MIXTURE[0].shape.layers
    plan = plan_on(where, *MIXTURE, 8192, device_layers=layers)
    assert plan.n_gpu_layers == layers + 1
    assert 0 < plan.experts_kept < layers
    some = plan_on(where, *MIXTURE, 8192, device_layers=30, experts_in_ram=EVERY_LAYER)
    assert some.n_gpu_layers == 31 and len(some.experts_away) == 30
    assert some.reasons[0].code == "plan_experts_and_layers"


def test_a_card_too_small_for_all_layers_takes_them_without_experts() -> None:
    where = machine(512 * GIB, card(8 * GIB))
    way = placed(where)
    assert 0 < way.gpu_layers < LARGE[0].shape.layers
    assert way.experts_kept == 0
    whole = [one for one in candidates(way.demand, where) if one.parts and not one.experts_away]
    assert whole and all(seconds(way, where) < seconds(one, where) for one in whole)


# what is free now
def test_memory_of_a_card_that_somebody_else_has_costs_experts_not_layers() -> None:
    whole = machine(512 * GIB, card(23 * GIB), card(23 * GIB, number=1))
    ladder = Ladder(*LARGE, whole, Wanted())
    kept = []
    for taken in (0, 7, 12):
        gpus = tuple(replace(gpu, budget=gpu.budget - taken * GIB) for gpu in whole.gpus)
        fit = ladder.fit(Room(replace(whole, gpus=gpus)))
        assert fit is not None
        assert fit.setting.context_length >= 8192 and fit.setting.kv_type is KvType.F16
        assert fit.placement.gpu_layers == LARGE[0].shape.layers
        assert not steps_of(fit, "a model")
        kept.append(fit.placement.experts_kept)
    assert kept == sorted(kept, reverse=True) and kept[0] > kept[1] > kept[2]


def test_experts_that_leave_a_card_which_held_all_of_it_are_told() -> None:
    whole = machine(64 * GIB, card(23 * GIB))
    fit = Ladder(*MIXTURE, whole, Wanted()).fit(Room(replace(whole, gpus=(card(12 * GIB),))))
    assert fit is not None and fit.placement.experts_kept
    assert "fit_experts_divided" in [sentence.code for sentence in steps_of(fit, "a model")]
