"""Weights copied into the processor's own layout: beside the file, in its place, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import Matrices, ModelSpec, Quantization
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.layout import MOST_FILLED, Placement, demand_of
from engine.planning.machine import GIB, Machine, machine_of
from engine.planning.placement import fastest, plan_on
from engine.planning.plan import KvType
from engine.planning.repack import plain_share
from engine.planning.speed import token_time
from tests.unit.planning_machines import RYZEN_64, published

MODEL = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
DEPTH = 100


def with_memory(size: int) -> Machine:
    return replace(machine_of(RYZEN_64), ram_budget=size)


def placed(machine: Machine, model: tuple[ModelSpec, Quantization] = MODEL) -> Placement:
    spec, quantization = model
    return fastest(demand_of(spec.shape, quantization, 4096, KvType.F16), machine)


def test_a_copy_takes_the_files_place_where_there_is_no_room_for_both() -> None:
    both = placed(with_memory(64 * GIB))
    assert both.mapped and both.repack
    once = placed(with_memory(both.ram - 1))
    assert once.repack == both.repack and not once.mapped
    assert once.ram == both.ram - once.unmapped
    neither = placed(with_memory(once.plain_ram))
    assert not neither.repack and neither.mapped and neither.runs


@settings(max_examples=60, deadline=None)
@given(st.integers(2 * GIB, 24 * GIB))
def test_what_cannot_be_given_back_leaves_air(size: int) -> None:
    machine = with_memory(size)
    way = placed(machine)
    assert way.ram <= size or not way.runs
    if not way.mapped:
        assert way.repack and not way.streamed
        assert way.ram <= MOST_FILLED * size


@settings(max_examples=60, deadline=None)
@given(st.integers(2 * GIB, 24 * GIB), st.integers(1, 8 * GIB))
def test_more_memory_is_never_slower(size: int, more: int) -> None:
    less, greater = with_memory(size), with_memory(size + more)
    times = [token_time(placed(one), one, DEPTH).total for one in (less, greater)]
    assert times[1] <= times[0]


def test_the_plan_says_whether_the_file_is_mapped() -> None:
    roomy = plan_on(with_memory(64 * GIB), *MODEL, 4096)
    once = plan_on(with_memory(roomy.memory.ram - 1), *MODEL, 4096)
    assert (roomy.use_mmap, once.use_mmap) == (True, False)
    assert roomy.memory.plain_ram == once.memory.plain_ram
    assert once.memory.resident <= once.memory.ram < roomy.memory.ram


@pytest.mark.parametrize("type_name", ["Q4_0", "Q4_K"])
def test_one_thread_is_slower_without_the_copy_and_many_that_wait_for_memory_are_not(type_name: str) -> None:
    points = (KernelPoint(type_name, 1, 10e9, 100e9), KernelPoint(type_name, 16, 40e9, 1600e9))
    calibrated = replace(
        machine_of(RYZEN_64),
        calibration=Calibration(points, (FixedPoint(1, 1e-6, 1e-6, 1e12), FixedPoint(16, 1e-6, 1e-6, 1e12))),
    )
    spec, quantization = MODEL
    whole = Matrices(type_name, False, quantization.size_bytes)
    model = spec, replace(quantization, matrices=(whole,))
    share = plain_share(whole, calibrated)
    assert 0.2 < share.generation < 0.8
    for threads, slower in ((1, 1 / share.generation), (16, 1.0)):
        machine = replace(calibrated, threads=threads)
        copied = placed(machine, model)
        plain = replace(copied, repack=0, unmapped=0)
        ratio = token_time(plain, machine, 0).total / token_time(copied, machine, 0).total
        assert ratio == pytest.approx(slower, rel=0.02)


def test_what_is_never_copied_loses_nothing() -> None:
    machine = machine_of(RYZEN_64)
    assert plain_share(Matrices("Q5_0", False, 1), machine).generation == 1.0
    assert plain_share(Matrices("Q4_0", False, 1), replace(machine, wide_vectors=False)).generation == 1.0
