from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import ModelSpec, Quantization
from engine.messages import english
from engine.planning.bound import Bound
from engine.planning.fit import LEAST_CONTEXT, Fit, Ladder, Room, Wanted
from engine.planning.fit_words import steps_of
from engine.planning.machine import GpuBudget, Machine, machine_of
from engine.planning.plan import KvType
from tests.unit.planning_machines import GIB, SMALL, catalog, published

BARE = machine_of(SMALL)
QWEN = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
PUBLISHED = st.sampled_from([(spec, one) for spec in catalog() for one in spec.quantizations])
SIZES = st.integers(0, 1600).map(lambda eighths: eighths * GIB // 8)
WANTED = st.builds(
    Wanted,
    st.sampled_from([0, 512, 2048, 6000, 32_768, 131_072]),
    st.sampled_from([None, *KvType]),
    st.sampled_from([0, 1, 4, 16]),
)


def a_gpu(size: int) -> GpuBudget:
    return GpuBudget("card", size, 900e9, True, False)


def machine_with(ram: int, *vram: int) -> Machine:
    return replace(BARE, ram_budget=ram, ram_total=ram, gpus=tuple(a_gpu(size) for size in vram))


def with_free(machine: Machine, ram: int, *vram: int) -> Room:
    gpus = tuple(replace(gpu, budget=size) for gpu, size in zip(machine.gpus, vram, strict=True))
    return Room(replace(machine, ram_budget=ram, gpus=gpus))


def fitted(whole: Machine, room: Room, model: tuple[ModelSpec, Quantization] = QWEN) -> Fit:
    fit = Ladder(*model, whole, Wanted()).fit(room)
    assert fit is not None
    return fit


@settings(max_examples=150)
@given(PUBLISHED, WANTED, SIZES, st.lists(SIZES, max_size=2), st.data())
def test_nothing_is_planned_above_a_budget(
    model: tuple[ModelSpec, Quantization], wanted: Wanted, ram: int, vram: list[int], data: st.DataObject
) -> None:
    whole = machine_with(ram, *vram)
    free = [size * data.draw(st.integers(0, 100)) // 100 for size in (ram, *vram)]
    limits = data.draw(st.tuples(st.none() | SIZES, st.none() | SIZES))
    room = replace(with_free(whole, *free), mapped=limits[0], private=limits[1])
    fit = Ladder(*model, whole, wanted).fit(room)
    if fit is None:
        return
    placement = fit.placement
    assert placement.ram <= free[0]
    for gpu, size in placement.gpu_shares:
        assert size <= gpu.budget
    assert limits[0] is None or placement.ram + placement.streamed <= limits[0]
    assert not placement.streamed or fit.setting.streams
    for sentence in steps_of(fit, "a model"):
        assert english(sentence)


@settings(max_examples=150)
@given(PUBLISHED, WANTED, SIZES, SIZES, SIZES)
def test_more_memory_never_leads_lower(
    model: tuple[ModelSpec, Quantization], wanted: Wanted, total: int, one: int, other: int
) -> None:
    whole = machine_with(total)
    ladder = Ladder(*model, whole, wanted)
    less, more = (ladder.fit(with_free(whole, min(size, total))) for size in sorted((one, other)))
    if less is not None:
        assert more is not None
        assert more.rung <= less.rung


@settings(max_examples=150)
@given(PUBLISHED, WANTED, SIZES, SIZES, SIZES, SIZES, SIZES)
def test_more_memory_of_a_gpu_never_leads_lower(
    model: tuple[ModelSpec, Quantization],
    wanted: Wanted,
    ram: int,
    vram: int,
    free: int,
    one: int,
    other: int,
) -> None:
    whole = machine_with(ram, vram)
    ladder = Ladder(*model, whole, wanted)
    less, more = (
        ladder.fit(with_free(whole, min(free, ram), min(size, vram))) for size in sorted((one, other))
    )
    if less is not None:
        assert more is not None
        assert more.rung <= less.rung


@settings(max_examples=100)
@given(PUBLISHED, WANTED, SIZES, SIZES, st.booleans())
def test_after_a_crash_every_try_takes_less(
    model: tuple[ModelSpec, Quantization], wanted: Wanted, ram: int, vram: int, plain: bool
) -> None:
    whole = machine_with(ram, vram)
    ladder, room = Ladder(*model, whole, wanted), with_free(whole, ram, vram)
    fit = ladder.fit(room, Bound(plain=plain))
    while fit is not None:
        assert not (plain and fit.placement.repack)
        bound = Bound(int(fit.taken * 0.9), plain)
        lower = ladder.fit(room, bound)
        assert lower is None or lower.taken <= 0.9 * fit.taken
        fit = lower


@settings(max_examples=100)
@given(PUBLISHED, WANTED, SIZES)
def test_a_ladder_gives_up_one_thing_at_a_time_and_never_takes_it_back(
    model: tuple[ModelSpec, Quantization], wanted: Wanted, ram: int
) -> None:
    ladder = Ladder(*model, machine_with(ram), wanted)
    below = [one for one in ladder.rungs[ladder.rungs.index(ladder.base) :] if not one.streams]
    for higher, lower in itertools.pairwise(below):
        assert higher != lower
        assert lower.context_length <= higher.context_length
        assert list(KvType).index(lower.kv_type) >= list(KvType).index(higher.kv_type)
        assert (lower.repack, lower.whole) <= (higher.repack, higher.whole)
        assert lower.batch <= higher.batch
    assert all(one.context_length >= min(LEAST_CONTEXT, ladder.base.context_length) for one in ladder.rungs)


@settings(max_examples=100)
@given(PUBLISHED, SIZES, SIZES, st.sampled_from([4096, 16_384, 65_536]))
def test_what_was_asked_for_in_words_is_changed_last(
    model: tuple[ModelSpec, Quantization], total: int, free: int, context: int
) -> None:
    whole = machine_with(total)
    fit = Ladder(*model, whole, Wanted(context)).fit(with_free(whole, min(free, total)))
    if fit is not None and fit.setting.context_length < context:
        assert fit.setting.batch == 128


@settings(max_examples=100)
@given(PUBLISHED, WANTED, SIZES)
def test_nothing_is_read_from_the_disk_where_less_would_fit(
    model: tuple[ModelSpec, Quantization], wanted: Wanted, free: int
) -> None:
    ladder = Ladder(*model, machine_with(free), wanted)
    fit = ladder.fit(with_free(machine_with(free), free))
    if fit is not None and fit.placement.streamed:
        smallest = [one for one in ladder.rungs if not one.streams][-1]
        assert fit.rung > ladder.rungs.index(smallest)


@pytest.mark.parametrize(
    ("free", "codes"),
    [
        (10, []),
        (7, ["fit_no_repack"]),
        (5.6, ["fit_no_repack", "fit_cache"]),
        (5.1, ["fit_no_repack", "fit_cache", "fit_context"]),
        (4.6, ["fit_no_repack", "fit_cache", "fit_streams"]),
    ],
)
def test_an_8b_model_on_less_and_less(free: float, codes: list[str]) -> None:
    fit = fitted(BARE, with_free(BARE, int(free * GIB)))
    assert [sentence.code for sentence in steps_of(fit, "R1 8B")] == codes


def test_the_sentence_says_what_is_free_and_what_was_planned() -> None:
    fit = fitted(BARE, with_free(BARE, int(5.6 * GIB)))
    text = english(steps_of(fit, "R1 8B")[1])
    assert "8-bit KV cache in place of 16 bits" in text
    assert "5.6 GiB of memory are free and 8.6 GiB were planned" in text


def test_a_gpu_that_is_in_use_gives_up_its_layers_only_after_cache_and_context() -> None:
    """Then both come back: there is main memory for them, and conversations that need them."""
    whole = machine_with(32 * GIB, 8 * GIB)
    codes = [
        [one.code for one in steps_of(fitted(whole, with_free(whole, 16 * GIB, int(free * GIB))), "m")]
        for free in (8, 5.3, 5.05, 3)
    ]
    assert codes == [
        [],
        ["fit_cache"],
        ["fit_cache", "fit_context"],
        ["fit_fewer_layers"],
    ]


def test_a_limit_on_the_process_counts_as_memory() -> None:
    room = with_free(BARE, 20 * GIB)
    assert (
        fitted(BARE, room).setting.context_length
        > fitted(BARE, replace(room, mapped=5 * GIB)).setting.context_length
    )
    assert fitted(BARE, replace(room, private=GIB)).setting.kv_type is not KvType.F16


def test_conversations_get_rooms_of_their_own_where_there_is_plenty() -> None:
    starter = published("SmolLM2-135M-Instruct", catalog_name("SmolLM2-135M-Instruct"))
    assert not fitted(BARE, with_free(BARE, 20 * GIB), model=starter).setting.shared
    assert fitted(BARE, with_free(BARE, GIB), model=starter).setting.shared


def catalog_name(name: str) -> str:
    return next(spec for spec in catalog() if spec.name == name).quantizations[0].name


def test_a_model_that_writes_ahead_has_its_memory_in_every_rung() -> None:
    small = published("SmolLM2-1.7B-Instruct", "Q4_K_M")
    ladder = Ladder(*QWEN, BARE, Wanted(), small)
    plain = Ladder(*QWEN, BARE, Wanted())
    for free in (20, 10, 7):
        fit = ladder.fit(with_free(BARE, free * GIB))
        alone = plain.fit(with_free(BARE, free * GIB))
        assert fit is not None and alone is not None
        assert GIB < fit.draft < fit.ram <= free * GIB
        assert small[1].size_bytes * 0.9 < fit.draft_mapped < fit.mapped
        assert fit.rung >= alone.rung
    assert ladder.needed > plain.needed + GIB


@settings(max_examples=60)
@given(PUBLISHED, SIZES, SIZES, st.integers(0, 100))
def test_devices_that_others_took_a_part_of_are_given_no_more_than_the_rest(
    model: tuple[ModelSpec, Quantization], ram: int, vram: int, percent: int
) -> None:
    whole = machine_with(ram, vram)
    ladder, room = Ladder(*model, whole, Wanted()), with_free(whole, ram, vram)
    most = sum(gpu.budget for gpu in room.machine.gpus) * percent // 100
    fit = ladder.fit(room, Bound(devices=most))
    assert fit is None or sum(size for _, size in fit.placement.vram) <= most
    if percent == 100:
        assert fit == ladder.fit(room)


def test_a_device_that_was_not_there_is_left_out() -> None:
    whole = machine_with(32 * GIB, 8 * GIB, 8 * GIB)
    first, second = whole.gpus
    gpus = (replace(first, device="CUDA0"), replace(second, device="CUDA1"))
    room = Room(replace(whole, gpus=gpus))
    fit = Ladder(*QWEN, whole, Wanted()).fit(room, Bound(without=("CUDA0",)))
    assert fit is not None and [device for device, _ in fit.placement.devices] == ["CUDA1"]
    none = Ladder(*QWEN, whole, Wanted()).fit(room, Bound(without=("CUDA0", "CUDA1")))
    assert none is not None and not none.placement.parts
    assert none.setting.context_length == 8192
