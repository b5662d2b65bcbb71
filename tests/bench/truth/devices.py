"""Memory on several devices: nodes on loopback, which are real devices to llama.cpp.

The planner places a model on two nodes of given size, a dry run and the real worker are asked for what it
decided, and both are compared with the plan, in all and on each device. Weights are read, not mapped:
what llama.cpp says it maps of a file includes the pages of other devices.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.hardware.check import quick_report
from engine.planning.layout import demand_of
from engine.planning.machine import GpuBudget, machine_of
from engine.planning.placement import plan_on, spec_of_file
from engine.planning.plan import DeviceMemory, KvType, RunPlan
from engine.runtime.dry_run import dry_run
from engine.runtime.values import DeviceLayers, LoadRequest, MemoryShare
from tests.bench.engine.report import Row
from tests.service.node_bench import Node, nodes
from tests.service.runtime_bench import COMMAND, Bench

_PARTS = ("weights", "repack", "kv_cache", "compute", "output")
_NODE_MIB = 4096
# Parts of its layers and their cache that the two nodes have room for, beside two compute buffers.
_ROOMS = {"one": (1.2, 1.2), "even": (0.65, 0.65), "uneven": (0.3, 0.9), "part": (0.3, 0.3)}
_ROOMS |= {"little": (0.12, 0.12)}  # of a mixture enough for all but the experts
_LOADS = ((2048, "f16"), (8192, "q8_0"), (32_768, "q4_0"))


@dataclass(frozen=True, slots=True)
class Case:
    model: Path
    context: int
    kv_type: str
    rooms: str  # a key of _ROOMS


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes by (device, part); the CPU is "RAM"."""

    plan: RunPlan
    real: dict[tuple[str, str], int]
    dry: dict[tuple[str, str], int]
    formula: dict[tuple[str, str], int]

    @property
    def devices(self) -> list[str]:
        return [device for device, _ in self.plan.devices]


def cases(models: Iterator[Path], quick: bool) -> Iterator[Case]:
    for model in models:
        for context, kv_type in ((4096, "f16"),) if quick else _LOADS:
            for rooms in _ROOMS:
                yield Case(model, context, kv_type, rooms)


def measure_case(case: Case, pair: tuple[Node, ...]) -> Measured:
    """Raises: AssertionError, where the load fails."""
    plan = plan_case(case, pair)
    request = request_of(plan, case.model)
    dry = dry_run(COMMAND, request)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            bench.loaded(case.model, **settings_of(request))
            facts = bench.client.facts
            assert facts is not None
        finally:
            bench.client.close()
    return Measured(plan, by_part(facts.memory), by_part(dry.shares), planned(plan))


def plan_case(case: Case, pair: tuple[Node, ...]) -> RunPlan:
    header = read_file_header(case.model)
    spec, quantization = spec_of_file(shape_of(header), case.model.stem, header.file_size, weights_of(header))
    kv_type = KvType(case.kv_type)
    demand = demand_of(spec.shape, quantization, case.context, kv_type)
    held = sum(piece.on_gpu(experts_on_cpu=False) for piece in demand.pieces)
    gpus = tuple(
        _budget(node, int(held * part) + 2 * demand.compute)
        for node, part in zip(pair, _ROOMS[case.rooms], strict=True)
    )
    machine = replace(machine_of(quick_report([case.model.parent])), gpus=gpus)
    return plan_on(machine, spec, quantization, case.context, kv_type, repack=False)


def _budget(node: Node, size: int) -> GpuBudget:
    return GpuBudget(node.endpoint, size, 500e9, True, False, device=node.device, overhead=0)


def request_of(plan: RunPlan, path: Path) -> LoadRequest:
    return LoadRequest(
        str(path),
        plan.context_length,
        threads=1,
        n_gpu_layers=plan.n_gpu_layers,
        kv_type=plan.kv_type.value,
        experts_away=plan.experts_away,
        use_mmap=False,
        repack=False,
        devices=tuple(DeviceLayers(device, layers) for device, layers in plan.devices),
        pipelined=plan.pipelined,
    )


def settings_of(request: LoadRequest) -> dict[str, object]:
    names = (
        "context_length",
        "n_gpu_layers",
        "kv_type",
        "experts_away",
        "use_mmap",
        "repack",
        "devices",
        "pipelined",
    )
    return {name: getattr(request, name) for name in names}


def by_part(shares: tuple[MemoryShare, ...]) -> dict[tuple[str, str], int]:
    sizes: dict[tuple[str, str], int] = {}
    for share in shares:
        key = ("RAM" if share.device == "CPU" else share.device, share.part)
        sizes[key] = sizes.get(key, 0) + share.size_bytes
    return sizes


def planned(plan: RunPlan) -> dict[tuple[str, str], int]:
    ram, *gpus = plan.memory.devices
    named = [("RAM", ram), *zip((device for device, _ in plan.devices), gpus, strict=True)]
    return {(name, part): _part(memory, part) for name, memory in named for part in _PARTS}


def _part(memory: DeviceMemory, part: str) -> int:
    return int(getattr(memory, part))


def on(sizes: dict[tuple[str, str], int], device: str) -> int:
    return sum(size for (name, _), size in sizes.items() if name == device)


def measure(models: Iterator[Path], quick: bool) -> list[Row]:
    done: list[tuple[Case, Measured]] = []
    with nodes(_NODE_MIB, _NODE_MIB) as pair:
        for case in cases(models, quick):
            done.append((case, measure_case(case, pair)))
            print(_line(*done[-1]), flush=True)
    dry = [_error(sum(one.dry.values()), sum(one.real.values())) for _, one in done]
    formula = [_error(sum(one.formula.values()), sum(one.real.values())) for _, one in done]
    each = [
        _error(on(one.formula, device), on(one.real, device)) for _, one in done for device in one.devices
    ]
    return [
        _row("two devices: dry run, worst", max(dry), 1, len(done)),
        _row("two devices: formula, median", statistics.median(formula), 3, len(done)),
        _row("two devices: formula, worst", max(formula), 8, len(done)),
        _row("each device: formula, median", statistics.median(each), 2, len(each)),
        _row("each device: formula, worst", max(each), 2, len(each)),
    ]


def _error(said: int, real: int) -> float:
    """Percent."""
    return 100 * abs(said - real) / real


def _row(measure: str, value: float, target: float, count: int) -> Row:
    return Row("memory", measure, value, target, at_least=False, unit="%", note=f"{count} loads")


def _line(case: Case, one: Measured) -> str:
    layers = "+".join(str(count) for _, count in one.plan.devices)
    words = [f"{case.model.stem} {case.context} {case.kv_type} {case.rooms} {layers}".ljust(40)]
    words += [f"experts of {len(one.plan.experts_away)} in RAM"] if one.plan.experts_away else []
    for device in ("RAM", *one.devices):
        real = on(one.real, device)
        words.append(
            f"{real / 2**20:.1f} MiB: dry {100 * (on(one.dry, device) / real - 1):+.1f} %, "
            f"formula {100 * (on(one.formula, device) / real - 1):+.1f} %"
        )
    return "  ".join(words)
