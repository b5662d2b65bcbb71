"""Why a plan is as it is, in sentences for people: where it fits, what limits it, what is missing."""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.model import ModelSpec
from engine.messages import Sentence, sentence
from engine.planning.layout import AS_PLANNED, Placement
from engine.planning.machine import Machine
from engine.planning.plan import KvType, SpeedEstimate, Verdict
from engine.planning.speed import TYPICAL_DEPTH, network_seconds, token_time
from engine.planning.speed_inputs import Bottleneck
from engine.planning.verdict import least_bits, wanted_tps
from engine.planning.ways import candidates, ways_with_all
from engine.planning.wording import rate_text, size_text, speed_text

_SLOWER = 1.02  # less is not worth a word
DOWNLOAD_SPARE = 1 << 30  # left free on the disk beside the file


def reasons_for(
    spec: ModelSpec, placement: Placement, machine: Machine, speed: SpeedEstimate, verdict: Verdict
) -> tuple[Sentence, ...]:
    """The most important first: memory, then speed, then what else to know."""
    return (
        *_memory(placement, machine),
        *_speed(spec, placement, machine, speed, verdict),
        *_nodes(placement, machine),
        *_choices(spec, placement, machine),
    )


def disk_is_short(size: int, machine: Machine) -> bool:
    """Whether no disk that was looked at has room for a file of that size."""
    return machine.disk_free is not None and machine.disk_free < size + DOWNLOAD_SPARE


def missing_memory(placement: Placement, machine: Machine) -> int:
    """Bytes of main memory that would have to be added for nothing to be streamed; 0 if it fits."""
    fixed = max(0, placement.ram_fixed - machine.ram_budget)
    return max(placement.streamed, fixed)


def _memory(placement: Placement, machine: Machine) -> list[Sentence]:
    missing = missing_memory(placement, machine)
    if missing:
        needed = placement.ram + placement.streamed + sum(size for _, size in placement.vram)
        values = {
            "needed": size_text(needed),
            "budget": size_text(machine.ram_budget + machine.vram_budget),
            "missing": size_text(missing),
        }
        code = "plan_streamed" if placement.runs else "plan_no_memory"
        return [sentence(code, **values)]
    if not placement.on_gpu:
        return [
            sentence("plan_fits_ram", needed=size_text(placement.ram), budget=size_text(machine.ram_budget))
        ]
    devices = _devices(placement)
    in_ram = placement.ram_dense + placement.ram_experts
    if not in_ram:
        on_gpus = sum(size for _, size in placement.gpu_shares)
        return [sentence("plan_fits_gpu", device=devices, needed=size_text(on_gpus))]
    if placement.experts_away:
        return [_divided(placement, devices, in_ram)]
    layers = placement.demand.shape.layers
    if not placement.gpu_layers:
        return [sentence("plan_output", device=devices, rest=size_text(in_ram))]
    return [
        sentence(
            "plan_split" if placement.demand.device_layers == AS_PLANNED else "plan_split_asked",
            device=devices,
            layers=placement.gpu_layers,
            total=layers,
            rest=size_text(in_ram),
        )
    ]


def _divided(placement: Placement, devices: str, in_ram: int) -> Sentence:
    """Where layers are on devices and experts of theirs are not."""
    layers, total = placement.gpu_layers, placement.demand.shape.layers
    kept, away = placement.experts_kept, len(placement.experts_away)
    if layers < total:
        counts = {"layers": layers, "total": total, "away": away}
        return sentence("plan_experts_and_layers", device=devices, rest=size_text(in_ram), **counts)
    experts = size_text(placement.ram_experts)
    if not kept:
        return sentence("plan_experts_in_ram", device=devices, experts=experts)
    return sentence("plan_experts_divided", device=devices, kept=kept, away=away, experts=experts)


def _devices(placement: Placement) -> str:
    names = [gpu.name for gpu, _ in placement.gpu_shares]
    unique = list(dict.fromkeys(names))
    return ", ".join(f"{names.count(name)} x {name}" if names.count(name) > 1 else name for name in unique)


def _speed(
    spec: ModelSpec, placement: Placement, machine: Machine, speed: SpeedEstimate, verdict: Verdict
) -> list[Sentence]:
    if not placement.runs:
        return []
    reasons = [_limit(placement, machine, speed)]
    expected = speed.generation_tps.expected
    if verdict is not Verdict.RUNS_WELL and expected < wanted_tps(spec):
        code = "plan_slow_thinking" if spec.reasoning else "plan_slow"
        reasons.append(sentence(code, speed=speed_text(expected), wanted=speed_text(wanted_tps(spec))))
    return reasons


def _limit(placement: Placement, machine: Machine, speed: SpeedEstimate) -> Sentence:
    expected = speed_text(speed.generation_tps.expected)
    match speed.bottleneck:
        case Bottleneck.SSD:
            code = "plan_limit_disk" if machine.disk_measured else "plan_limit_disk_unknown"
            return sentence(code, speed=expected, rate=rate_text(machine.disk_bandwidth.expected))
        case Bottleneck.RAM:
            code = "plan_limit_ram" if machine.bandwidth_measured else "plan_limit_ram_unknown"
            return sentence(code, speed=expected, rate=rate_text(machine.ram_bandwidth.expected))
        case Bottleneck.VRAM | Bottleneck.PCIE:
            return sentence("plan_limit_gpu", speed=expected)
        case Bottleneck.COMPUTE:
            if placement.on_gpu and not placement.ram_experts + placement.ram_dense:
                return sentence("plan_limit_gpu", speed=expected)
            return sentence("plan_limit_cpu", speed=expected, threads=machine.threads)


def _nodes(placement: Placement, machine: Machine) -> list[Sentence]:
    """What other machines do for it, or would do."""
    if not placement.runs or not any(gpu.network for gpu in machine.gpus):
        return []
    alone = replace(machine, gpus=tuple(gpu for gpu in machine.gpus if not gpu.network))
    here = [way for way in candidates(placement.demand, alone) if way.runs and not way.streamed]
    seconds = token_time(placement, machine, TYPICAL_DEPTH).total
    if used := _names_of_nodes(placement):
        share = round(100 * network_seconds(placement) / seconds)
        return [sentence("plan_nodes_faster" if here else "plan_nodes_used", nodes=used, share=share)]
    ways = ways_with_all(placement.demand, machine)
    split = [way for way in ways if way.runs and not way.streamed and _names_of_nodes(way)]
    if not split:
        return []
    best = min(split, key=lambda way: token_time(way, machine, TYPICAL_DEPTH).total)
    there = token_time(best, machine, TYPICAL_DEPTH).total
    if there < seconds * _SLOWER:
        return []
    values = {"speed": speed_text(1 / there), "here": speed_text(1 / seconds)}
    return [sentence("plan_nodes_slower", nodes=_names_of_nodes(best), **values)]


def _names_of_nodes(placement: Placement) -> str:
    return ", ".join(part.gpu.name for part in placement.parts if part.gpu.network)


def _choices(spec: ModelSpec, placement: Placement, machine: Machine) -> list[Sentence]:
    demand, reasons = placement.demand, []
    quantization = demand.quantization
    if machine.integrated and not placement.on_gpu:
        reasons.append(sentence("plan_integrated", name=", ".join(dict.fromkeys(machine.integrated))))
    asked = min(demand.device_layers, demand.shape.layers)
    if placement.gpu_layers < asked:
        reasons.append(sentence("plan_layers_short", layers=placement.gpu_layers, asked=asked))
    if placement.experts_kept < (wanted := _experts_wanted(placement)):
        reasons.append(sentence("plan_experts_short", kept=placement.experts_kept, asked=wanted))
    if quantization.name not in {each.name for each in spec.quantizations}:
        reasons.append(sentence("plan_unlisted", quantization=quantization.name, model=spec.title))
    if quantization.bits_per_weight < least_bits(spec) and len(spec.quantizations) > 1:
        reasons.append(sentence("plan_few_bits", bits=f"{quantization.bits_per_weight:.1f}"))
    trained = demand.shape.trained_context
    if trained and demand.context_length > trained:
        reasons.append(sentence("plan_beyond_training", context=demand.context_length, trained=trained))
    if demand.kv_type is not KvType.F16:
        reasons.append(
            sentence("plan_quantised_cache", kv_type=str(demand.kv_type), context=demand.context_length)
        )
    if disk_is_short(quantization.size_bytes, machine) and machine.disk_free is not None:
        reasons.append(
            sentence(
                "plan_disk_short",
                size=size_text(quantization.size_bytes),
                free=size_text(machine.disk_free),
            )
        )
    return reasons


def _experts_wanted(placement: Placement) -> int:
    """Layers whose experts a person wants on devices, of those that are there; 0 where that is not said."""
    demand = placement.demand
    if not demand.experts_in_ram:
        return 0
    layers = demand.pieces[:-1]
    count = min(placement.gpu_layers, max(0, len(layers) - demand.experts_in_ram))
    return sum(piece.experts > 0 for piece in layers[len(layers) - count :])
