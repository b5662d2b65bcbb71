"""What is planned before a load against what the real engine takes. The whole of it, over many
architectures, is `python -m tests.bench.truth --only memory`; this is a sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.errors import LoadError
from engine.hardware.check import quick_report
from engine.jobs.exact_memory import with_exact_memory
from engine.planning.layout import Demand, Placement, demand_of, place
from engine.planning.machine import GpuBudget, machine_of
from engine.planning.placement import memory_of, plan_on, spec_of_file
from engine.planning.plan import KvType, RunPlan
from engine.runtime.dry_run import dry_run
from engine.runtime.values import DeviceLayers, LoadRequest
from tests.bench.truth import devices
from tests.bench.truth.memory import Case, measure_case, parts
from tests.modelfile import Q4_0, write_model
from tests.models import deepseek2, gemma3, lfm2, llama, qwen3moe
from tests.service.node_bench import Node, nodes
from tests.service.runtime_bench import COMMAND, Bench, starter


def check(case: Case) -> None:
    one = measure_case(case, quick_report([case.model.parent]))
    real = sum(one.real.values())
    assert sum(one.dry.values()) == pytest.approx(real, rel=0.01)
    assert one.formula.reserved == pytest.approx(real, rel=0.08)
    assert one.formula.resident == pytest.approx(one.resident, rel=0.10)
    for part in ("repack", "kv_cache", "compute", "output"):
        assert one.dry[part] == one.real[part], part


@pytest.mark.parametrize(
    ("context", "kv_type", "repack"), [(4096, "f16", True), (4096, "q8_0", False), (8192, "q4_0", True)]
)
def test_the_starter_takes_what_was_planned(context: int, kv_type: str, repack: bool) -> None:
    check(Case(starter(), context, kv_type, repack))


@pytest.mark.parametrize("kind", ["llama", "gemma3", "deepseek2"])
def test_other_architectures_too(tmp_path: Path, kind: str) -> None:
    recipes = {
        "llama": lambda: llama(layers=8, width=512, heads=8, kv_heads=2, feed_forward=1536),
        "gemma3": lambda: gemma3(layers=12, width=512, heads=8, window=256),
        "deepseek2": lambda: deepseek2(layers=8, width=512, heads=8),
    }
    model = write_model(tmp_path / f"{kind}.gguf", recipes[kind](), quantised=Q4_0)
    check(Case(model, 4096, "f16", True))


@pytest.mark.parametrize("kind", ["llama", "qwen3moe"])
def test_a_copy_in_place_of_the_file_takes_what_was_planned(tmp_path: Path, kind: str) -> None:
    """Where memory holds the weights once, but not twice."""
    recipe = {
        "llama": lambda: llama(layers=8, width=1024, heads=16, kv_heads=4, feed_forward=4096),
        "qwen3moe": lambda: qwen3moe(layers=6, width=768, experts=32, used=4, expert_width=512),
    }[kind]()
    model = write_model(tmp_path / "m.gguf", recipe, quantised=Q4_0)
    header = read_file_header(model)
    spec, quantization = spec_of_file(shape_of(header), kind, header.file_size, weights_of(header))
    roomy = machine_of(quick_report([tmp_path]))
    twice = plan_on(roomy, spec, quantization, 2048)
    assert twice.repack and twice.use_mmap
    once = plan_on(replace(roomy, ram_budget=twice.memory.ram - 1), spec, quantization, 2048)
    assert once.repack and not once.use_mmap
    saved = twice.memory.ram - once.memory.ram
    assert 0.9 * once.memory.repack <= saved <= once.memory.repack

    def resident(plan: RunPlan) -> int:
        bench = Bench(tmp_path / str(plan.use_mmap))
        try:
            bench.loaded(model, context_length=2048, threads=1, use_mmap=plan.use_mmap)
            facts = bench.client.facts
            assert facts is not None
            real = parts(facts.memory)
            assert plan.memory.reserved == pytest.approx(sum(real.values()), rel=0.01)
            assert plan.memory.repack == pytest.approx(real["repack"], rel=0.01)
            return psutil.Process(facts.pid).memory_info().rss
        finally:
            bench.client.close()

    assert resident(twice) - resident(once) == pytest.approx(saved, rel=0.25)


def test_a_hole_in_place_of_the_weights_is_planned_the_same(tmp_path: Path) -> None:
    """As for a header that was fetched from afar."""
    whole = write_model(tmp_path / "whole.gguf", llama(layers=4, width=256))
    header = whole.read_bytes()
    size, kept = len(header), len(header) // 2
    hollow = tmp_path / "hollow.gguf"
    hollow.write_bytes(header[:kept])
    with hollow.open("r+b") as file:
        file.truncate(size)
    sound, empty = (dry_run(COMMAND, LoadRequest(str(path), 2048, 1)) for path in (whole, hollow))
    assert sound == empty


def test_a_file_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(LoadError):
        dry_run(COMMAND, LoadRequest(str(path), 2048, 1))


@pytest.mark.parametrize(
    ("kind", "rooms"),
    [
        ("starter", "even"),
        ("starter", "part"),
        ("gemma3", "even"),
        ("deepseek2", "even"),
        ("qwen3moe", "part"),
        ("qwen3moe", "little"),
        ("lfm2", "uneven"),
    ],
)
def test_two_devices_take_what_was_planned(
    tmp_path: Path, pair: tuple[Node, ...], kind: str, rooms: str
) -> None:
    """Each of them holds what the planner decided: layers, cache, buffers."""
    recipes = {
        "gemma3": lambda: gemma3(layers=12, width=640, heads=8, window=256),
        "deepseek2": lambda: deepseek2(layers=12, width=768, heads=8, experts=32, expert_width=128),
        "qwen3moe": lambda: qwen3moe(
            layers=6, width=768, heads=12, kv_heads=4, head_width=64, experts=32, used=4, expert_width=256
        ),
        "lfm2": lambda: lfm2(layers=9, width=640, heads=10, kv_heads=2),
    }
    recipe = recipes.get(kind)
    model = starter() if recipe is None else write_model(tmp_path / f"{kind}.gguf", recipe(), quantised=Q4_0)
    one = devices.measure_case(devices.Case(model, 4096, "f16", rooms), pair)
    real = sum(one.real.values())
    assert sum(one.dry.values()) == pytest.approx(real, rel=0.01)
    assert sum(one.formula.values()) == pytest.approx(real, rel=0.08)
    layers = spec_layers(model)
    held = [part.layers for part in one.plan.memory.devices[1:]]
    assert sum(held) <= layers
    assert bool(one.plan.experts_away) == (kind == "qwen3moe")
    assert (one.plan.experts_kept > 0) == (kind in ("qwen3moe", "deepseek2") and rooms != "little")
    assert (sum(held) < layers) == (rooms == "part" and not one.plan.experts_away)
    for device in one.devices:
        for part in ("weights", "kv_cache"):
            planned, taken = one.formula[device, part], one.real.get((device, part), 0)
            assert planned == pytest.approx(taken, abs=64 * 1024), (device, part)
        assert devices.on(one.formula, device) == pytest.approx(devices.on(one.real, device), rel=0.02)


@pytest.mark.parametrize("kind", ["qwen3moe", "narrow", "deepseek2", "llama"])
def test_every_way_to_use_one_device_takes_what_is_planned(
    tmp_path: Path, pair: tuple[Node, ...], kind: str
) -> None:
    """From the output alone to all layers, the experts of any number of them there; by llama.cpp's own
    account."""
    experts = {"layers": 5, "width": 768, "experts": 32, "used": 4, "expert_width": 512}
    recipe = {
        "qwen3moe": lambda: qwen3moe(**experts, heads=12, kv_heads=4, head_width=64),
        "narrow": lambda: qwen3moe(**experts, heads=12, kv_heads=4, head_width=128),
        "deepseek2": lambda: deepseek2(layers=5, width=1024, heads=8, experts=32, expert_width=512),
        "llama": lambda: llama(layers=5, width=1024, heads=16, kv_heads=4, feed_forward=4096),
    }[kind]()
    model = write_model(tmp_path / "m.gguf", recipe, quantised=Q4_0)
    demand = _demand_of(model)
    machine = replace(machine_of(quick_report([tmp_path])), gpus=(_card(pair[0]),))
    for count, kept in _ways_to_keep(6, demand.weights.experts > 0):
        _check_by_dry_run(
            model, place(demand, machine, (count,), kept), 0.03 if kind == "deepseek2" else 0.02
        )


def _demand_of(model: Path) -> Demand:
    header = read_file_header(model)
    _, quantization = spec_of_file(shape_of(header), "a model", header.file_size, weights_of(header))
    return demand_of(shape_of(header), quantization, 1024, KvType.F16, repack=False)


def _card(node: Node) -> GpuBudget:
    return GpuBudget("node", 4 << 30, 500e9, True, False, device=node.device, overhead=0)


def _check_by_dry_run(model: Path, way: Placement, rel: float) -> None:
    request = LoadRequest(
        str(model),
        1024,
        1,
        n_gpu_layers=way.n_gpu_layers,
        experts_away=way.overridden,
        use_mmap=False,
        repack=False,
        devices=tuple(DeviceLayers(device, layers) for device, layers in way.devices),
        pipelined=way.pipelined,
    )
    dry = devices.by_part(dry_run(COMMAND, request).shares)
    names = ("RAM", *(device for device, _ in way.devices))
    for name, planned in zip(names, memory_of(way).devices, strict=True):
        said = planned.total - planned.overhead
        assert said == pytest.approx(devices.on(dry, name), rel=rel), (way.devices, way.experts_away, name)


@pytest.mark.parametrize("kind", ["qwen3moe", "deepseek2"])
def test_two_devices_with_experts_of_some_of_their_layers_take_what_is_planned(
    tmp_path: Path, pair: tuple[Node, ...], kind: str
) -> None:
    """Of the layers of each as many as one likes; by llama.cpp's own account."""
    recipe = {
        "qwen3moe": lambda: qwen3moe(
            layers=6, width=768, heads=12, kv_heads=4, head_width=64, experts=32, used=4, expert_width=512
        ),
        "deepseek2": lambda: deepseek2(layers=6, width=1024, heads=8, experts=32, expert_width=512),
    }[kind]()
    model = write_model(tmp_path / "m.gguf", recipe, quantised=Q4_0)
    demand = _demand_of(model)
    cards = tuple(_card(node) for node in pair)
    machine = replace(machine_of(quick_report([tmp_path])), gpus=cards)
    for counts, kept in (
        ((5, 2), (3, 1)),
        ((4, 3), (3, 1)),
        ((4, 3), (0, 1)),
        ((3, 3), (2, 0)),
        ((6, 1), (4, 0)),
    ):
        way = place(demand, machine, counts, kept)
        assert way.experts_kept == sum(kept)
        _check_by_dry_run(model, way, 0.02)


def _ways_to_keep(pieces: int, mixture: bool) -> Iterator[tuple[int, tuple[int, ...] | None]]:
    """(of the last pieces, of the layers among them the last that keep their experts)"""
    for count in range(1, pieces + 1):
        yield count, None
        yield from ((count, (kept,)) for kept in range(count - 1) if mixture)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Node, ...]]:
    with nodes(4096, 4096) as started:
        yield started


def spec_layers(model: Path) -> int:
    return shape_of(read_file_header(model)).layers


def test_a_plan_made_exact_says_what_each_device_takes(pair: tuple[Node, ...], tmp_path: Path) -> None:
    """As the command line makes it: the total is the sum over devices, and the formula's no more."""
    case = devices.Case(starter(), 4096, "q8_0", "even")
    plan = devices.plan_case(case, pair)
    exact = with_exact_memory(plan, case.model, COMMAND, tmp_path / "probe.log")
    named = [part.total - part.overhead for part in exact.memory.devices]
    assert sum(named) == exact.memory.reserved
    assert [size for _, size in exact.memory.vram] == [part.total for part in exact.memory.devices[1:]]
    dry = dry_run(COMMAND, devices.request_of(plan, case.model))
    for (device, _), part in zip(plan.devices, exact.memory.devices[1:], strict=True):
        assert part.total == dry.on(device)
