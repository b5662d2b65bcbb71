"""The planner's split beside an exhaustive sweep of splits, on devices that are real to llama.cpp.

    python -m tests.bench.placement [--models dense,window,...] [--rooms roomy,tight,...] [--rounds 5]

The devices are those of `deskside worker`, on loopback and (as root) behind a cable of 1 Gbit/s in a network
namespace, beside this machine's processor. Every way to give the last layers to them that fits is loaded
and timed once, with the experts of any number of its layers; then the planner's own and the quickest others
take turns. The ratio is that of the quickest other one by the median of paired rounds. Memory is what
llama.cpp accounts for on each device, beside what was planned.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.check import quick_report
from engine.host.loading import devices_of
from engine.host.nodes import Doors, add_node, with_nodes
from engine.jobs.calibrating import calibrate
from engine.paths import Paths
from engine.planning.hope import hope_of
from engine.planning.layout import Demand, Placement, demand_of, leaves_air, place
from engine.planning.machine import GpuBudget, Machine, machine_of
from engine.planning.memory import OVERHEAD
from engine.planning.placement import fastest, plan_on, spec_of_file
from engine.planning.plan import KvType
from engine.runtime.values import GenerationRequest, LoadRequest
from tests.bench.engine.ours import WORKER
from tests.bench.engine.report import Row, table
from tests.bench.nodes import networks
from tests.bench.truth.devices import by_part, on, planned, request_of, settings_of
from tests.modelfile import Q4_0, Recipe, write_model
from tests.models import deepseek2, gemma3, llama, qwen3moe
from tests.service.host_bench import paths_in
from tests.service.lending_bench import Lender
from tests.service.runtime_bench import GREEDY, Bench, question

MIB = 1 << 20
_CONTEXT = 1024
_TEXT = "Write a long story about a fox who finds a lamp. " * 8
_TOKENS = 32
_OTHERS = 2  # that take turns with the planner's
_SHARE, _MEMORY = 0.95, 2.0
_LAYERS = 5

MODELS: dict[str, Recipe] = {
    "dense": llama(layers=_LAYERS, width=1024, heads=16, kv_heads=4, feed_forward=4096),
    "window": gemma3(layers=_LAYERS, width=1024, heads=8, kv_heads=2, window=256),
    "latent": deepseek2(layers=_LAYERS, width=1024, heads=8),
    "experts": qwen3moe(
        layers=_LAYERS, width=768, heads=12, kv_heads=4, head_width=64, experts=32, used=4, expert_width=512
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """What there is room for. Parts of a model's weights and cache, buffers beside them."""

    ram: float
    near: float
    far: float  # the slow one


ROOMS = {
    "roomy": Place(4.0, 4.0, 0.0),
    "tight": Place(0.55, 0.8, 0.0),
    "uneven": Place(0.4, 0.5, 0.8),
    "little": Place(0.2, 0.6, 0.6),
}


@dataclass(slots=True)
class Timed:
    way: Placement
    screened_s: float = 0.0  # of a token, once
    token_s: list[float] = field(default_factory=list)
    answer_s: list[float] = field(default_factory=list)  # a prompt of 400 tokens, and as many more

    @property
    def name(self) -> str:
        layers = "+".join(str(self.way.layers_on(part)) for part in self.way.parts) or "0"
        away = "+".join(str(part.away) for part in self.way.parts)
        return f"{layers}{f' without experts {away}' if self.way.experts_away else ''}"


def main() -> int:
    wish = _arguments()
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="d")))
        paths = paths_in(folder)
        machine = _machine(paths, stack, folder)
        for name in wish.models.split(","):
            path = write_model(folder / f"{name}.gguf", MODELS[name], quantised=Q4_0)
            for room in wish.rooms.split(","):
                rows += _case(name, room, path, machine, wish.rounds)
    print(table(rows))
    return int(wish.check and not all(row.met for row in rows))


def _machine(paths: Paths, stack: contextlib.ExitStack, folder: Path) -> Machine:
    """This machine with two nodes, as a person would have added them: near, and far away."""
    paths.config.mkdir(parents=True)
    near = Lender(folder / "near")
    stack.callback(near.kill)
    if os.geteuid() == 0:
        ((host, inside),) = stack.enter_context(networks(1000, 1))
        far = Lender(folder / "far", host, inside)
    else:
        far = Lender(folder / "far")
    stack.callback(far.kill)
    for one in (near, far):
        node = add_node(paths, one.address, one.key)
        rates = ", ".join(f"{each.bandwidth / 1e9:.1f} GB/s" for each in node.devices)
        print(f"{one.address}: {rates}, {1e3 * node.round_trip_s:.2f} ms, {node.rate / 1e6:.0f} MB/s")
    doors = Doors(paths)
    doors.gpus()
    stack.callback(doors.close)
    report = with_nodes(paths, replace(quick_report([folder]), gpus=()))
    found = calibrate(paths, WORKER, report, lambda fraction: None, CancelToken())
    return replace(machine_of(report), calibration=found, threads=1)


def _case(name: str, room: str, path: Path, machine: Machine, rounds: int) -> list[Row]:
    header = read_file_header(path)
    spec, quantization = spec_of_file(shape_of(header), name, header.file_size, weights_of(header))
    demand = demand_of(spec.shape, quantization, _CONTEXT, KvType.F16)
    where = _with_room(machine, demand, ROOMS[room])
    own = Timed(fastest(demand, where, hope_of(spec)))
    others = [Timed(way) for way in _sweep(demand, where) if not _same(way, own.way)]
    for one in (own, *others):
        one.screened_s, _ = _time(one.way, path, where)
        mark = "  <- planned" if one is own else ""
        print(f"  {name} {room} {one.name:<22} {1e3 * one.screened_s:6.2f} ms{mark}", flush=True)
    best_others = sorted(others, key=lambda one: one.screened_s)[:_OTHERS]
    for number in range(rounds):
        turn = [own, *best_others]
        for one in turn[number % len(turn) :] + turn[: number % len(turn)]:
            token_s, answer_s = _time(one.way, path, where)
            one.token_s.append(token_s)
            one.answer_s.append(answer_s)
    return [
        *_speed_rows(f"{name} {room}", own, best_others),
        *_memory(name, room, path, where, spec, quantization),
    ]


def _with_room(machine: Machine, demand: Demand, place: Place) -> Machine:
    """Budgets in bytes: parts of the weights and the cache, with the buffers that every device needs."""
    held = sum(piece.on_gpu(experts_on_cpu=False) for piece in demand.pieces)
    sizes = (place.near, place.far)
    by_address = sorted(machine.gpus, key=lambda gpu: gpu.round_trip_s)
    gpus = [
        replace(gpu, budget=int(held * part) + 2 * demand.compute)
        for gpu, part in zip(by_address, sizes, strict=False)
        if part
    ]
    ram = int(held * place.ram) + demand.weights.tables + demand.output + 2 * demand.compute + OVERHEAD
    ordered: tuple[GpuBudget, ...] = tuple(sorted(gpus, key=lambda gpu: -gpu.bandwidth))
    return replace(machine, ram_budget=ram, gpus=ordered)


def _sweep(demand: Demand, machine: Machine) -> Iterator[Placement]:
    """All that fit, and leave air where any does; the devices in every order."""
    fitting = []
    for order, gpus in enumerate(itertools.permutations(machine.gpus)):
        around = replace(machine, gpus=gpus)
        for counts in itertools.product(range(len(demand.pieces) + 1), repeat=len(gpus)):
            if sum(counts) > len(demand.pieces) or (order and not all(counts)):
                continue
            for kept in _ways_to_keep(demand, counts):
                way = place(demand, around, counts, kept)
                small = all(part.size <= part.gpu.budget for part in way.parts)
                if way.runs and not way.streamed and small:
                    fitting.append(way)
    airy = [way for way in fitting if leaves_air(way, machine)]
    return iter(airy or fitting)


def _ways_to_keep(demand: Demand, counts: tuple[int, ...]) -> Iterator[tuple[int, ...] | None]:
    """The experts of any number of the layers of each device, those of its last ones."""
    yield None
    begin, most = len(demand.pieces) - sum(counts), list[int]()
    for count in counts:
        layers = demand.pieces[begin : begin + count]
        most.append(sum(layer.experts > 0 for layer in layers))
        begin += count
    for kept in itertools.product(*(range(each + 1) for each in most)):
        if list(kept) != most:
            yield kept


def _same(one: Placement, other: Placement) -> bool:
    return (one.devices, one.experts_away) == (other.devices, other.experts_away)


def _time(way: Placement, path: Path, machine: Machine) -> tuple[float, float]:
    """(seconds of a token, of an answer). Raises: AssertionError, where it does not load."""
    request = LoadRequest(
        str(path),
        _CONTEXT,
        machine.threads,
        n_gpu_layers=way.n_gpu_layers,
        experts_away=way.overridden,
        use_mmap=way.mapped,
        repack=way.repack > 0,
        devices=devices_of(way),
        pipelined=way.pipelined,
    )
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        bench = Bench(Path(folder))
        try:
            bench.loaded(path, **settings_of(request) | {"threads": request.threads})
            bench.answer(replace(_question(9), max_tokens=8))
            stats = [bench.answer(_question(number))[1].stats for number in range(2)]
        finally:
            bench.client.close()
    token_s = min(1 / each.generation_tps for each in stats)
    return token_s, 400 * (min(1 / each.prompt_tps for each in stats) + token_s)


def _question(number: int) -> GenerationRequest:
    """Each begins otherwise, so that its prompt is read anew."""
    sampling = replace(GREEDY, ignore_end=True)
    asked = question(f"{number} {_TEXT}", max_tokens=_TOKENS, sampling=sampling)
    return replace(asked, drafts=False)


def _speed_rows(case: str, own: Timed, others: list[Timed]) -> list[Row]:
    rows = []
    for measure, target in (("token_s", _SHARE), ("answer_s", 0.0)):
        ratios = [
            statistics.median(
                theirs / ours
                for ours, theirs in zip(getattr(own, measure), getattr(one, measure), strict=True)
            )
            for one in others
        ]
        worst = min(range(len(others)), key=lambda number: ratios[number], default=None)
        if worst is None:
            rows.append(Row(case, f"{measure}: the only way", 1.0, target, at_least=True))
            continue
        note = f"planned {own.name}, beside {others[worst].name}"
        label = "generation / best of the sweep" if measure == "token_s" else "whole answer / best"
        rows.append(Row(case, label, ratios[worst], target, at_least=True, note=note))
    return rows


def _memory(
    name: str, room: str, path: Path, machine: Machine, spec: ModelSpec, quantization: Quantization
) -> list[Row]:
    """Of a load that reads its weights: of a file that is mapped, llama.cpp counts pages of other devices."""
    plan = plan_on(machine, spec, quantization, _CONTEXT, KvType.F16, repack=False)
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        bench = Bench(Path(folder))
        try:
            bench.loaded(path, **settings_of(request_of(plan, path)))
            facts = bench.client.facts
            assert facts is not None
        finally:
            bench.client.close()
    real, said = by_part(facts.memory), planned(plan)
    errors = [
        100 * abs(on(said, device) / on(real, device) - 1)
        for device in ("RAM", *(d for d, _ in plan.devices))
    ]
    layers = "+".join(str(count) for _, count in plan.devices) or "0"
    row = Row(
        f"{name} {room}", "memory, worst device", max(errors), _MEMORY, at_least=False, unit="%", note=layers
    )
    return [row]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.placement")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="exit status 1 when a target is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
