"""Models on several devices: nothing is planned above what one holds, and more is never worse."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import LayerKind, ModelShape, ModelSpec, Quantization
from engine.planning.altered import with_bandwidth
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.hope import Hope
from engine.planning.layers import runs_that_fit
from engine.planning.layout import MOST_FILLED, Placement, demand_of, leaves_air, place
from engine.planning.machine import PROCESSOR, GpuBudget, Machine, machine_of
from engine.planning.placement import fastest, plan_model, plan_on
from engine.planning.plan import KvType
from engine.planning.speed import TYPICAL_DEPTH, network_seconds, prompt_tps, token_time
from engine.planning.ways import candidates
from engine.settings import EVERY_LAYER
from tests.unit.planning_machines import GIB, SMALL, catalog, gpu, published
from tests.unit.planning_machines import machine as described

BARE = machine_of(SMALL)
PUBLISHED = st.sampled_from([(spec, one) for spec in catalog() for one in spec.quantizations])
SIZES = st.integers(0, 800).map(lambda eighths: eighths * GIB // 8)
RATES = st.sampled_from([10e9, 200e9, 448e9, 1010e9])
KINDS = st.sampled_from(list(KvType))
CONTEXTS = st.sampled_from([2048, 8192, 32_768])
LARGE = published("DeepSeek-R1-Distill-Llama-70B", "Q4_K_M")
MIDDLE = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")


def card(size: int, rate: float = 448e9, name: str = "CUDA0") -> GpuBudget:
    return GpuBudget(name, size, rate, True, False, device=name)


def machine(ram: int, *cards: GpuBudget) -> Machine:
    by_rate = tuple(sorted(cards, key=lambda one: -one.bandwidth))
    return replace(BARE, ram_budget=ram, ram_total=ram, gpus=by_rate)


def placed(
    model: tuple[ModelSpec, Quantization], where: Machine, context: int = 8192, kind: KvType = KvType.F16
) -> Placement:
    return fastest(demand_of(model[0].shape, model[1], context, kind), where)


def seconds(placement: Placement, where: Machine) -> float:
    return token_time(placement, where, TYPICAL_DEPTH).total


HYBRID = (*(LayerKind.RECURRENT,) * 2, LayerKind.FULL, LayerKind.PLAIN) * 6


@pytest.mark.parametrize("kind", KvType)
def test_devices_never_begin_where_llama_cpp_would_do_without_flash_attention(kind: KvType) -> None:
    """With a recurrent layer behind one that attends in main memory; a quantised cache insists on it."""
    spec, quantization = MIDDLE
    counts = {"recurrent_layers": 12, "plain_layers": 6, "layer_kinds": HYBRID, "layers": len(HYBRID)}
    hybrid = replace(spec, shape=replace(spec.shape, **counts)), quantization
    firsts = set()
    for size in range(8, 60):
        way = placed(hybrid, machine(64 * GIB, card(size * GIB // 8)), kind=kind)
        firsts.add(len(HYBRID) - way.gpu_layers)
    lost = {first for first in range(1, len(HYBRID) - 1) if first % 4 in (0, 3)}
    assert len(firsts) > 6
    assert bool(firsts & lost) == (kind is not KvType.F16)


@settings(max_examples=200, deadline=None)
@given(PUBLISHED, SIZES, st.lists(st.tuples(SIZES, RATES), max_size=4), CONTEXTS, KINDS)
def test_no_device_is_given_more_than_it_holds(
    model: tuple[ModelSpec, Quantization],
    ram: int,
    cards: list[tuple[int, float]],
    context: int,
    kind: KvType,
) -> None:
    where = machine(ram, *(card(size, rate, f"CUDA{n}") for n, (size, rate) in enumerate(cards)))
    way = placed(model, where, context, kind)
    for part in way.parts:
        assert 0 < part.size <= part.gpu.budget
    if way.runs:
        assert way.ram <= ram
    assert sum(count for _, count in way.devices) == way.n_gpu_layers
    assert way.gpu_layers <= model[0].shape.layers
    assert [part.output for part in way.parts] == [False] * (len(way.parts) - 1) + [True] * bool(way.parts)
    weights = way.demand.weights
    whole = sum(part.weights for part in way.parts) + way.ram_dense + way.ram_experts + weights.tables
    assert whole == weights.total + way.doubled
    assert sum(part.kv_cache for part in way.parts) <= way.demand.kv_cache


@settings(max_examples=200, deadline=None)
@given(PUBLISHED, SIZES, st.lists(st.tuples(SIZES, RATES), min_size=1, max_size=3), SIZES, st.data())
def test_more_memory_on_a_device_is_never_worse(
    model: tuple[ModelSpec, Quantization],
    ram: int,
    cards: list[tuple[int, float]],
    extra: int,
    data: st.DataObject,
) -> None:
    grown = data.draw(st.integers(0, len(cards) - 1))
    less = machine(ram, *(card(size, rate, f"CUDA{n}") for n, (size, rate) in enumerate(cards)))
    larger = [(size + (extra if n == grown else 0), rate) for n, (size, rate) in enumerate(cards)]
    more = machine(ram, *(card(size, rate, f"CUDA{n}") for n, (size, rate) in enumerate(larger)))
    before, after = placed(model, less), placed(model, more)
    assert (after.runs, -after.streamed) >= (before.runs, -before.streamed)


READS = st.sampled_from([10e9, 60e9, 200e9, 800e9])
CORES = st.sampled_from([1, 2, 8, 64])


def goodness(way: Placement, where: Machine) -> tuple[tuple[object, ...], float]:
    """What comes first (higher is better), and the seconds until an answer is whole."""
    well, wait = Hope().liking(way, where)
    return (way.runs, -way.streamed, leaves_air(way, where), well), -wait


@settings(max_examples=300, deadline=None)
@given(
    PUBLISHED,
    SIZES,
    READS,
    CORES,
    st.lists(st.tuples(SIZES, RATES), max_size=3),
    st.sampled_from(["memory", "its rate", "a card", "the cards' rate", "cores"]),
    st.integers(0, 400),
)
def test_more_of_anything_is_never_worse(
    model: tuple[ModelSpec, Quantization],
    ram: int,
    reads: float,
    cores: int,
    cards: list[tuple[int, float]],
    what: str,
    more: int,
) -> None:
    """Cards may be slower than main memory, and main memory faster than the processor can use."""

    def with_more(given: str) -> Machine:
        added, factor = (more * GIB // 8, 1 + more / 100) if given == what else (0, 1.0)
        rate = factor if given == "the cards' rate" else 1.0
        sizes = [size + (added if given == "a card" and not n else 0) for n, (size, _) in enumerate(cards)]
        made = [card(size, cards[n][1] * rate, f"CUDA{n}") for n, size in enumerate(sizes)]
        where = machine(ram + (added if given == "memory" else 0), *made)
        where = with_bandwidth(where, reads / 20e9 * (factor if given == "its rate" else 1.0))
        return replace(where, threads=cores * 2 if given == "cores" else cores)

    less, grown = with_more(""), with_more(what)
    before, after = (goodness(placed(model, where), where) for where in (less, grown))
    assert after[0] > before[0] or (after[0] == before[0] and after[1] <= before[1] * 1.002)


def test_a_card_slower_than_main_memory_is_kept_where_two_cores_cannot_use_that() -> None:
    where = with_bandwidth(machine(64 * GIB, card(12 * GIB, 150e9)), 10)
    assert where.ram_bandwidth.expected == 200e9 and where.threads == 2
    assert placed(MIDDLE, where).n_gpu_layers == MIDDLE[0].shape.layers + 1
    assert not placed(MIDDLE, replace(where, threads=64)).parts


def test_a_slow_device_takes_no_more_than_it_has_to() -> None:
    """What main memory does not hold well, and not a layer beyond."""
    where = machine(5 * GIB, card(12 * GIB, 5e9))
    way = placed(MIDDLE, where)
    assert 2 < way.gpu_layers < MIDDLE[0].shape.layers / 2
    assert not way.streamed and leaves_air(way, where)
    layer = max(piece.dense + piece.kv_cache for piece in way.demand.pieces)
    assert way.plain_ram + layer > where.ram_budget * MOST_FILLED


def test_what_fits_one_of_two_equal_cards_is_on_one() -> None:
    where = machine(64 * GIB, card(12 * GIB, name="CUDA0"), card(12 * GIB, name="CUDA1"))
    way = placed(MIDDLE, where)
    assert [name for name, _ in way.devices] == ["CUDA0"]
    assert way.n_gpu_layers == MIDDLE[0].shape.layers + 1


def test_what_fits_the_larger_of_two_equally_fast_cards_only_is_there() -> None:
    where = machine(64 * GIB, card(4 * GIB, name="CUDA0"), card(12 * GIB, name="CUDA1"))
    assert [name for name, _ in placed(MIDDLE, where).devices] == ["CUDA1"]


def test_two_equal_cards_share_what_neither_holds_alone() -> None:
    where = machine(64 * GIB, card(24 * GIB, name="CUDA0"), card(24 * GIB, name="CUDA1"))
    way = placed(LARGE, where, 4096)
    (_, one), (_, other) = way.devices
    assert one + other == LARGE[0].shape.layers + 1
    assert abs(one - other) <= 2
    assert way.pipelined


def test_the_faster_of_two_uneven_cards_is_filled_first() -> None:
    fast, slow = card(24 * GIB, 1010e9, "CUDA0"), card(24 * GIB, 360e9, "CUDA1")
    way = placed(LARGE, machine(64 * GIB, fast, slow), 4096)
    full, rest = way.parts
    assert full.gpu.name == "CUDA0"
    layer = max(piece.on_gpu(False) for piece in way.demand.pieces)
    assert full.size > fast.budget - layer
    assert rest.size < slow.budget


def test_a_gpu_slower_than_main_memory_is_left_out_unless_it_helps() -> None:
    slow = card(12 * GIB, 10e9)
    assert not placed(MIDDLE, machine(64 * GIB, slow)).parts
    tight = machine(4 * GIB, slow)
    way = placed(MIDDLE, tight)
    assert way.parts
    assert way.streamed < placed(MIDDLE, machine(4 * GIB)).streamed


def test_one_step_after_the_other_where_there_is_no_room_for_several() -> None:
    """Of a small model with a long context, the inputs of four steps are most of what a card holds."""
    model = published("SmolLM2-135M-Instruct", "Q8_0")
    found = set()
    for eighths in range(1, 24):
        cards = (card(GIB * eighths // 8, name=f"CUDA{n}") for n in range(2))
        way = placed(model, machine(64 * GIB, *cards), 65_536)
        if len(way.parts) == 2 and way.n_gpu_layers == model[0].shape.layers + 1:
            found.add(way.pipelined)
    assert found == {True, False}


def test_a_plan_names_devices_only_where_all_have_a_name() -> None:
    named, nameless = card(24 * GIB, name="CUDA0"), replace(card(24 * GIB, name="CUDA1"), device="")
    both = plan_on(machine(64 * GIB, named, card(24 * GIB, name="CUDA1")), *LARGE, 4096)
    assert [name for name, _ in both.devices] == ["CUDA0", "CUDA1"]
    assert sum(count for _, count in both.devices) == both.n_gpu_layers
    assert plan_on(machine(64 * GIB, named, nameless), *LARGE, 4096).devices == ()


def output_alone(model: tuple[ModelSpec, Quantization], where: Machine) -> list[Placement]:
    """Of the ways that are looked at."""
    ways = candidates(demand_of(model[0].shape, model[1], 8192, KvType.F16), where)
    return [way for way in ways if way.parts and not way.gpu_layers]


def test_the_output_alone_is_one_of_the_ways() -> None:
    """All layers in main memory; on the device the output, what it is made of, and nothing else."""
    (way,) = output_alone(MIDDLE, machine(64 * GIB, card(12 * GIB)))
    (part,) = way.parts
    assert way.devices == (("CUDA0", 1),) and way.n_gpu_layers == 1
    assert (part.layers, part.output, part.kv_cache) == (0, True, 0)
    assert part.weights == way.demand.pieces[-1].dense and way.gpu_dense == part.weights
    bare = placed(MIDDLE, machine(64 * GIB))
    assert way.ram_dense == bare.ram_dense - part.weights + way.doubled
    assert way.ram < bare.ram


def test_of_devices_that_are_alike_one_is_tried_with_the_output_and_none_without_room_for_it() -> None:
    fast, slow = card(2 * GIB, name="CUDA0"), card(2 * GIB, 100e9, "CUDA2")
    where = machine(64 * GIB, fast, replace(fast, name="CUDA1", device="CUDA1"), slow)
    assert [way.parts[0].gpu.name for way in output_alone(MIDDLE, where)] == ["CUDA0", "CUDA2"]
    assert not output_alone(MIDDLE, machine(64 * GIB, card(GIB // 4)))


def test_a_card_with_room_for_the_output_only_gets_it() -> None:
    """The time of a token shrinks by what the card reads more quickly; prompts, whose last token alone needs
    it, are read as without."""
    output = demand_of(MIDDLE[0].shape, MIDDLE[1], 8192, KvType.F16).pieces[-1].dense
    where = machine(64 * GIB, card(output + 400 * 1024**2, 1010e9))
    way, bare = placed(MIDDLE, where), placed(MIDDLE, machine(64 * GIB))
    assert way.n_gpu_layers == 1
    saved = seconds(bare, where) - seconds(way, where)
    share = output / bare.ram_dense
    assert 0.8 * share < saved / seconds(bare, where) < 1.1 * share
    depth = TYPICAL_DEPTH
    read, plain = (prompt_tps(one, where, token_time(one, where, depth), 500) for one in (way, bare))
    assert read == pytest.approx(plain, rel=0.02)
    assert "plan_output" in said(where, MIDDLE)


def test_the_output_alone_is_left_where_it_only_costs() -> None:
    assert not placed(MIDDLE, machine(64 * GIB, over_network(64 * GIB, 0.05, 1.1e8))).parts
    slow = card(2 * GIB, 5e9)
    assert output_alone(MIDDLE, machine(64 * GIB, slow))
    assert not placed(MIDDLE, machine(64 * GIB, slow)).parts


def test_layers_for_drafts_stay_with_the_last_layer() -> None:
    spec, quantization = MIDDLE
    drafting = replace(spec, shape=replace(spec.shape, draft_layers=1)), quantization
    (way,) = output_alone(drafting, machine(64 * GIB, card(12 * GIB)))
    assert way.n_gpu_layers == 1
    whole = placed(drafting, machine(64 * GIB, card(12 * GIB)))
    assert whole.n_gpu_layers == spec.shape.layers + 2


@settings(max_examples=100, deadline=None)
@given(PUBLISHED, SIZES, st.lists(st.tuples(SIZES, RATES), max_size=3), st.integers(0, 90))
def test_a_person_may_say_how_many_layers_are_beside_the_processor(
    model: tuple[ModelSpec, Quantization], ram: int, cards: list[tuple[int, float]], asked: int
) -> None:
    """So many, or as many of them as fit; the output is where they are."""
    where = machine(ram, *(card(size, rate, f"CUDA{n}") for n, (size, rate) in enumerate(cards)))
    demand = demand_of(model[0].shape, model[1], 8192, KvType.F16, device_layers=asked)
    way = fastest(demand, where)
    wanted = min(asked, model[0].shape.layers)
    assert way.gpu_layers <= wanted
    assert bool(way.parts) == (way.gpu_layers > 0)
    for part in way.parts:
        assert part.size <= part.gpu.budget
    codes = {reason.code for reason in plan_on(where, *model, 8192, device_layers=asked).reasons}
    assert ("plan_layers_short" in codes) == (way.gpu_layers < wanted)


def test_layers_that_a_person_asks_for_are_taken_though_they_are_slower() -> None:
    where = machine(64 * GIB, card(12 * GIB, 5e9))
    assert not placed(MIDDLE, where).parts
    plan = plan_on(where, *MIDDLE, 8192, device_layers=7)
    assert plan.devices == (("CUDA0", 8),)
    assert [reason.code for reason in plan.reasons][:1] == ["plan_split_asked"]
    assert plan.speed.generation_tps.expected < plan_on(where, *MIDDLE, 8192).speed.generation_tps.expected
    none = plan_on(machine(64 * GIB, card(12 * GIB)), *MIDDLE, 8192, device_layers=0)
    assert none.n_gpu_layers == 0 and none.memory.vram == ()


def test_a_prompt_brings_back_the_logits_of_its_last_token_only() -> None:
    where = machine(4 * GIB, over_network(64 * GIB, 1e-4, 1.1e8))
    way = placed(MIDDLE, where)
    assert way.parts
    tokens, shape = 512, MIDDLE[0].shape
    sent = 4 * (tokens * shape.embedding_length + shape.vocabulary)
    taken = network_seconds(way, tokens, answered=1)
    assert taken == pytest.approx(2e-4 + sent / 1.1e8)
    assert network_seconds(way, tokens) > 10 * taken


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(-5, 40), st.integers(0, 2)), max_size=3),
)
def test_runs_are_as_long_as_any(sizes: list[int], devices: list[tuple[int, int]]) -> None:
    devices.sort(key=lambda one: one[1])
    rooms, groups = [room for room, _ in devices], [group for _, group in devices]
    counts = runs_that_fit(sizes, rooms, groups)
    assert _fits(sizes, rooms, counts)
    ways = itertools.product(range(len(sizes) + 1), repeat=len(rooms))
    most = max((sum(way) for way in ways if sum(way) <= len(sizes) and _fits(sizes, rooms, way)), default=0)
    assert sum(counts) == most


def _fits(sizes: list[int], rooms: list[int], counts: tuple[int, ...]) -> bool:
    begin = len(sizes) - sum(counts)
    for room, count in zip(rooms, counts, strict=True):
        if count and (room <= 0 or sum(sizes[begin : begin + count]) > room):
            return False
        begin += count
    return True


def over_network(size: int, round_trip_s: float, rate: float, name: str = "Box @ 10.0.0.2:7341") -> GpuBudget:
    """A machine like this one, which lends its processor."""
    one = card(size, BARE.ram_bandwidth.expected, name)
    return replace(one, round_trip_s=round_trip_s, network=rate, architecture=PROCESSOR, operations=5e10)


def said(where: Machine, model: tuple[ModelSpec, Quantization]) -> dict[str, Mapping[str, object]]:
    return {reason.code: reason.values for reason in plan_on(where, *model, 8192).reasons}


def test_the_network_is_part_of_the_prediction() -> None:
    near, far = (
        machine(4 * GIB, over_network(64 * GIB, round_trip, rate))
        for round_trip, rate in ((5e-5, 1.2e9), (2e-3, 1.1e8))
    )
    with_near, with_far = placed(MIDDLE, near), placed(MIDDLE, far)
    assert with_near.parts and with_far.parts
    logits = 4 * MIDDLE[0].shape.vocabulary
    gap = seconds(with_far, far) - seconds(with_near, near)
    assert gap >= 2 * (2e-3 - 5e-5) + logits / 1.1e8 - logits / 1.2e9
    assert gap < 0.1


def test_a_machine_that_only_slows_a_model_down_is_left_out_and_that_is_said() -> None:
    quick = replace(over_network(64 * GIB, 0.3, 1.1e8), bandwidth=900e9)
    assert not placed(MIDDLE, machine(64 * GIB, quick)).parts
    assert "plan_nodes_slower" in said(machine(64 * GIB, quick), MIDDLE)
    where = machine(64 * GIB, over_network(64 * GIB, 0.05, 1.1e8))
    assert not placed(MIDDLE, where).parts
    told = said(where, MIDDLE)["plan_nodes_slower"]
    assert float(str(told["speed"])) < float(str(told["here"]))
    assert "plan_nodes_slower" not in said(machine(64 * GIB), MIDDLE)


def test_a_machine_that_is_needed_is_used_and_what_the_network_takes_is_said() -> None:
    where = machine(24 * GIB, over_network(64 * GIB, 1e-3, 1.1e8))
    assert placed(LARGE, where).parts
    assert "plan_nodes_used" in said(where, LARGE)


def test_experts_on_a_processor_that_is_lent_take_as_long_as_on_one_like_it_here() -> None:
    """Also those of the 671B: what a graphics card needs for its layers says nothing of a processor."""
    points = tuple(
        KernelPoint("Q4_K", 4, rate, 1e11, experts) for rate, experts in ((20e9, False), (16e9, True))
    )
    measured = Calibration(points, (FixedPoint(4, 2e-5, 5e-5, 5e9, expert_matrix_s=4e-6),))
    model = published("DeepSeek-R1-0528", "Q4_K_M")
    lender = replace(over_network(900 * GIB, 1e-6, 1e12), bandwidth=20e9)
    demand = demand_of(model[0].shape, model[1], 2048, KvType.F16)
    here, both = (
        replace(one, calibration=measured, threads=4)
        for one in (machine(900 * GIB), machine(900 * GIB, lender))
    )
    there = place(demand, both, (len(demand.pieces),))
    assert seconds(there, both) == pytest.approx(seconds(placed(model, here, 2048), here), rel=0.15)


MIXTURE = published("Qwen3-30B-A3B", "Q4_K_M")


@settings(max_examples=100, deadline=None)
@given(
    PUBLISHED,
    SIZES,
    st.lists(st.tuples(SIZES, RATES), max_size=3),
    st.sampled_from([-1, 0, 7, 90]),
    st.sampled_from([0, 5, EVERY_LAYER]),
)
def test_a_person_may_say_where_experts_are(
    model: tuple[ModelSpec, Quantization], ram: int, cards: list[tuple[int, float]], layers: int, in_ram: int
) -> None:
    """Together with a number of layers or without one; what is no mixture has none to move."""
    where = machine(ram, *(card(size, rate, f"CUDA{n}") for n, (size, rate) in enumerate(cards)))
    demand = demand_of(*model_of(model), device_layers=layers, experts_in_ram=in_ram)
    way = fastest(demand, where)
    for part in way.parts:
        assert part.size <= part.gpu.budget
    if not demand.weights.experts:
        assert way == replace(fastest(replace(demand, experts_in_ram=None), where), demand=demand)
    elif in_ram == EVERY_LAYER:
        assert way.ram_experts == demand.weights.experts
        assert bool(way.experts_away) == way.on_gpu
    elif in_ram:
        assert way.experts_kept <= max(0, way.demand.shape.layers - in_ram)
    else:
        assert not way.experts_away


def model_of(model: tuple[ModelSpec, Quantization]) -> tuple[ModelShape, Quantization, int, KvType]:
    return model[0].shape, model[1], 8192, KvType.F16


def test_experts_in_main_memory_cost_what_is_told_before() -> None:
    """A card that would hold everything keeps the layers, and most of its memory for something else."""
    where = machine(64 * GIB, card(24 * GIB, 936e9))
    planned = plan_on(where, *MIXTURE, 8192)
    assert not planned.experts_away and planned.n_gpu_layers > MIXTURE[0].shape.layers
    away = plan_on(where, *MIXTURE, 8192, experts_in_ram=EVERY_LAYER)
    assert away.experts_away and away.n_gpu_layers == planned.n_gpu_layers
    assert away.reasons[0].code == "plan_experts_in_ram"
    ((_, less),), ((_, more),) = away.memory.vram, planned.memory.vram
    assert less < 0.3 * more and away.memory.ram > planned.memory.ram + 10 * GIB
    assert away.speed.generation_tps.expected < 0.8 * planned.speed.generation_tps.expected


def test_experts_with_their_layers_though_the_planner_would_have_them_in_main_memory() -> None:
    where = machine(64 * GIB, card(8 * GIB, 936e9))
    assert plan_on(where, *MIXTURE, 8192).experts_away
    together = plan_on(where, *MIXTURE, 8192, experts_in_ram=0)
    assert not together.experts_away
    assert 0 < together.n_gpu_layers <= MIXTURE[0].shape.layers


def test_some_layers_with_their_experts_left_in_main_memory() -> None:
    where = machine(64 * GIB, card(24 * GIB, 936e9))
    some = plan_on(where, *MIXTURE, 8192, device_layers=7, experts_in_ram=EVERY_LAYER)
    assert some.experts_away and some.devices == (("CUDA0", 8),)
    ((_, without),) = some.memory.vram
    ((_, with_them),) = plan_on(where, *MIXTURE, 8192, device_layers=7).memory.vram
    assert without < with_them - GIB


@settings(max_examples=100, deadline=None)
@given(PUBLISHED, SIZES, st.integers(0, 100))
def test_a_part_of_what_is_free_on_a_card_is_left_to_the_display(
    model: tuple[ModelSpec, Quantization], size: int, percent: int
) -> None:
    free = size * percent // 100
    report = described(64 * GIB, 16, 60e9, (gpu("card", size, 448e9, free=free),))
    for _, taken in plan_model(report, *model).memory.vram:
        assert taken <= free - GIB // 2
