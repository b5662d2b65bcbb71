"""Plans one quantization of one model on one machine: context, cache type, placement, verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.catalog.foreign_types import is_foreign
from engine.catalog.model import FileWeights, ModelShape, ModelSpec, Quantization
from engine.figures import Origin
from engine.hardware.described import EngineKind
from engine.hardware.report import HardwareReport
from engine.messages import sentence
from engine.planning.hope import Hope, hope_of
from engine.planning.layout import AS_PLANNED, Demand, Placement, demand_of, leaves_air
from engine.planning.machine import MIB, Machine, machine_of
from engine.planning.memory import OVERHEAD, UBATCH, mask_bytes
from engine.planning.open_questions import questions_for
from engine.planning.plan import DeviceMemory, DryRun, KvType, MemoryEstimate, RunPlan, Verdict
from engine.planning.reasons import reasons_for
from engine.planning.repack import COPYING
from engine.planning.speed import USUAL, SpeedQuestion, estimate_speed
from engine.planning.verdict import verdict_of
from engine.planning.ways import candidates

# The context that placement is decided with, whatever the memory: were it to grow with memory,
# more memory could offload less. It is widened afterwards where nothing else changes.
BASE_CONTEXT = 8192
WIDER_CONTEXTS = (16384, 32768)  # 32,768 tokens are a book; more is asked for, not given
UNKNOWN_CONTEXT = 4096
# A quantised cache is chosen by itself only to reach this context.
QUANTISED_CACHE_CONTEXT = 16384
# Main memory that a widened context may fill: the rest is for whatever else a person does.
WIDENED_PART = 0.6
# Part of the room for masks that a chat touches: they are as long as what was written so far, not as the
# context (measured: tests/bench/truth/memory.py). All else of a compute buffer is touched.
MASKS_TOUCHED = 0.15
LEAST_BATCH = 32  # tokens; below that other things are wider than those of a prompt
RESIDENT_OVERHEAD = 77 * MIB  # of the worker's Python and libraries, measured in the same place


def plan_model(
    report: HardwareReport,
    spec: ModelSpec,
    quantization: Quantization,
    context_length: int = 0,
    kv_type: KvType | None = None,
) -> RunPlan:
    """How this machine would run it; `context_length` 0 and `kv_type` None leave the choice to us.

    A plan that will not run is an answer too: see `verdict` and `reasons`.
    """
    return plan_on(machine_of(report), spec, quantization, context_length, kv_type)


def plan_on(
    machine: Machine,
    spec: ModelSpec,
    quantization: Quantization,
    context_length: int = 0,
    kv_type: KvType | None = None,
    repack: bool = True,
    asked: SpeedQuestion = USUAL,
    device_layers: int = AS_PLANNED,
    experts_in_ram: int | None = None,
) -> RunPlan:
    """As `plan_model`, on a machine already made from its report or its description. `repack` False does
    without a copy of the weights; `device_layers` are wanted on devices beside the processor, or as many of
    them as fit; for `experts_in_ram` see Demand."""
    hope = hope_of(spec, asked)

    def demand(context: int, kind: KvType) -> Demand:
        batch = max(LEAST_BATCH, min(machine.batch, max(context, UBATCH)))
        return demand_of(
            spec.shape,
            quantization,
            context,
            kind,
            batch=batch,
            repack=repack and machine.engine in COPYING,
            device_layers=device_layers,
            experts_in_ram=experts_in_ram,
        )

    placement = _choose(machine, demand, spec.shape.trained_context, context_length, kv_type, hope)
    speed = estimate_speed(placement, machine, asked)
    unknown = is_foreign(quantization.name) and machine.engine is not EngineKind.IK_LLAMA
    verdict = Verdict.WILL_NOT_RUN if unknown else verdict_of(spec, placement, speed)
    return RunPlan(
        model=spec,
        quantization=quantization,
        context_length=placement.demand.context_length,
        kv_type=placement.demand.kv_type,
        n_gpu_layers=placement.n_gpu_layers,
        experts_away=placement.overridden,
        experts_kept=placement.experts_kept,
        threads=machine.threads,
        repack=placement.repack > 0,
        use_mmap=placement.mapped,
        memory=memory_of(placement),
        speed=speed,
        verdict=verdict,
        reasons=(
            *((sentence("plan_other_engine", quantization=quantization.name),) if unknown else ()),
            *reasons_for(spec, placement, machine, speed, verdict),
            *questions_for(placement, machine, asked),
        ),
        devices=placement.devices,
        pipelined=placement.pipelined,
    )


def spec_of_file(
    shape: ModelShape,
    name: str,
    size_bytes: int,
    weights: FileWeights | None = None,
    quantization: str = "",
    repository: str = "",
    reasoning: bool = False,
) -> tuple[ModelSpec, Quantization]:
    """A model from its own file, so that it is planned like one of the catalogue.

    `size_bytes` is of all its files; `weights` comes from the tensor table and makes the plan
    exact. `quality` is 0: nobody has ranked it.
    """
    parameters = weights.parameters if weights else shape.total_parameters
    bits = weights.bits_per_weight if weights else size_bytes * 8 / parameters if parameters else 0.0
    quant = Quantization(
        name=quantization or (weights.main_type if weights else ""),
        size_bytes=weights.tensor_bytes if weights else size_bytes,
        exact=True,
        bits_per_weight=bits or 8.0,
        repository=repository,
        expert_bytes=weights.expert_bytes if weights else None,
        matrices=weights.matrices if weights else (),
        edges=weights.edges if weights else (),
        parts=weights.parts if weights else None,
    )
    spec = ModelSpec(
        name=name,
        title=name,
        family="",
        license="",
        released="",
        repository=repository,
        shape=shape,
        quantizations=(quant,),
        reasoning=reasoning,
        purposes=("chat",),
        quality=0.0,
    )
    return spec, quant


def refined(plan: RunPlan, dry: DryRun) -> RunPlan:
    """The plan with llama.cpp's own figures in place of the formula's; the weights come from the tensor
    table in both."""
    old = plan.memory
    reserved = old.weights + old.projector + dry.total
    grown = reserved - old.reserved
    devices = _refined_devices(old.devices, dry.devices)
    on_ram, on_gpus = (old.ram + grown if not old.vram else old.ram), old.vram
    if devices and len(devices) == len(old.vram) + 1:
        changes = [new.total - before.total for new, before in zip(devices, old.devices, strict=True)]
        on_ram = old.ram + changes[0]
        on_gpus = tuple(
            (name, size + change) for (name, size), change in zip(old.vram, changes[1:], strict=True)
        )
    memory = replace(
        old,
        repack=dry.repack,
        kv_cache=dry.kv_cache,
        compute=dry.compute,
        output=dry.output,
        reserved=reserved,
        resident=max(0, old.resident + grown),
        ram=max(0, on_ram),
        vram=on_gpus,
        devices=devices or old.devices,
    )
    return replace(plan, memory=memory)


def _refined_devices(
    old: tuple[DeviceMemory, ...], dry: tuple[DeviceMemory, ...]
) -> tuple[DeviceMemory, ...]:
    """Empty where the dry run does not tell of the same devices."""
    if len(old) != len(dry):
        return ()
    return tuple(
        replace(before, repack=new.repack, kv_cache=new.kv_cache, compute=new.compute, output=new.output)
        for before, new in zip(old, dry, strict=True)
    )


def memory_of(placement: Placement) -> MemoryEstimate:
    """The parts of a placement's memory. `reserved` is what llama.cpp asks for, on all devices."""
    demand = placement.demand
    compute = placement.compute + sum(part.compute for part in placement.parts)
    weights = demand.weights.total + placement.doubled - placement.unmapped
    projector = demand.quantization.projector
    reserved = weights + placement.repack + demand.kv_cache + compute + demand.output + projector
    overhead = OVERHEAD + sum(part.gpu.overhead for part in placement.parts)
    read_once = placement.unmapped if placement.mapped else 0
    untouched = compute - touched_compute(placement) + placement.streamed
    return MemoryEstimate(
        weights=weights,
        repack=placement.repack,
        kv_cache=demand.kv_cache,
        compute=compute,
        output=demand.output,
        overhead=overhead,
        reserved=reserved,
        # At the load every page of a mapped file is read once, those that are given back later included.
        resident=max(0, reserved + read_once + overhead + RESIDENT_OVERHEAD - OVERHEAD - untouched),
        ram=placement.ram,
        plain_ram=placement.plain_ram,
        vram=placement.vram,
        streamed=placement.streamed,
        devices=_device_memory(placement),
        origin=Origin.PLANNED if demand.quantization.exact else Origin.ESTIMATED,
        projector=projector,
    )


def touched_compute(placement: Placement) -> int:
    """Bytes of the compute buffers that a chat touches."""
    demand = placement.demand
    masks = min(mask_bytes(demand.shape, demand.context_length, demand.batch), placement.compute)
    whole = placement.compute + sum(part.compute for part in placement.parts)
    return whole - int(masks * (1 - MASKS_TOUCHED))


def _device_memory(placement: Placement) -> tuple[DeviceMemory, ...]:
    """Main memory first, then each GPU."""
    demand, parts = placement.demand, placement.parts
    ram = DeviceMemory(
        "RAM",
        demand.weights.total + placement.doubled - placement.unmapped - sum(part.weights for part in parts),
        placement.repack,
        demand.kv_cache - sum(part.kv_cache for part in parts),
        placement.compute,
        demand.output,
        OVERHEAD,
        projector=demand.quantization.projector,
    )
    gpus = (
        DeviceMemory(
            part.gpu.name, part.weights, 0, part.kv_cache, part.compute, 0, part.gpu.overhead, part.layers
        )
        for part in parts
    )
    return (ram, *gpus)


def _choose(
    machine: Machine,
    demand: Callable[[int, KvType], Demand],
    trained_context: int,
    context_length: int,
    kv_type: KvType | None,
    hope: Hope,
) -> Placement:
    trained = trained_context or UNKNOWN_CONTEXT
    base = context_length or min(trained, BASE_CONTEXT)
    best = fastest(demand(base, kv_type or KvType.F16), machine, hope)
    if context_length or best.streamed or not best.runs:
        return best
    for wider in WIDER_CONTEXTS:
        types = [kv_type or KvType.F16]
        if kv_type is None and wider == QUANTISED_CACHE_CONTEXT:
            types.append(KvType.Q8_0)
        if wider > trained or best.demand.kv_type is not (kv_type or KvType.F16):
            break
        tried = (fastest(demand(wider, kind), machine, hope) for kind in types)
        best = next((other for other in tried if _widens(other, best, machine)), best)
    return best


def _widens(wider: Placement, other: Placement, machine: Machine) -> bool:
    """Whether nothing changes but the context, and enough main memory is left."""
    return (
        wider.runs
        and wider.ram <= max(other.ram * 1.05, machine.ram_budget * WIDENED_PART)
        and _layout(wider) == _layout(other)
    )


def _layout(placement: Placement) -> tuple[int, tuple[int, ...], bool, int]:
    return placement.n_gpu_layers, placement.experts_away, placement.repack > 0, placement.streamed


def fastest(demand: Demand, machine: Machine, hope: Hope | None = None) -> Placement:
    """Whatever stays in memory first, then what leaves air in it, then what answers as is hoped for, then the
    shortest wait for a whole answer. Each way answers no later where the machine has more of anything, so
    that more of anything never makes the best of them worse."""
    hoped = hope or Hope()
    found = candidates(demand, machine)
    if len(found) == 1:
        return found[0]
    return max(
        found,
        key=lambda way: (
            way.runs,
            -way.streamed,
            leaves_air(way, machine),
            *hoped.liking(way, machine),
            -len(way.parts),
            way.pipelined,
        ),
    )
