"""The ways worth comparing to lay a model out on what a machine has.

Which of them is best is a question of time (placement.py), and no rate decides here what is looked at, so
that nothing that is faster or larger takes a way from the machine. On a device lies as much as whole layers
go, or as little as main memory leaves to it: the time of an answer grows evenly with the layers, and nothing
between these two is quicker than both. The same holds for the layers that keep their experts, where all
layers are on devices. The output stands for itself: it is no layer, and may be worth a device where layers
are not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.catalog.model import LayerKind
from engine.planning.expert_layers import Division, Parts, divided
from engine.planning.layers import runs_from_the_end, runs_that_fit
from engine.planning.layout import (
    AS_PLANNED,
    INCOMING,
    OUTGOING,
    Demand,
    Placement,
    compute_on,
    leaves_air,
    place,
)
from engine.planning.machine import GpuBudget, Machine
from engine.planning.memory import DIVIDED_LAYERS, WHOLE_LAYERS, WITHOUT_EXPERTS, Run, kinds_of
from engine.planning.plan import KvType

_MOST_NODES_TRIED = 3  # in every combination


def candidates(demand: Demand, machine: Machine) -> tuple[Placement, ...]:
    """Nothing on devices; the output alone; then, on each set of them: as many layers as fit, as few as have
    to, all layers with the experts of as many or as few, all layers but no experts, all on one."""
    bare = place(demand, machine, ())
    if demand.device_layers != AS_PLANNED or _keeps_experts(demand):
        return _as_asked(demand, machine, bare)
    found = [bare]
    found += _outputs(demand, machine)
    for gpus in _sets(machine.gpus):
        found += _ways(demand, replace(machine, gpus=gpus), bare)
    return tuple(found)


def ways_with_all(demand: Demand, machine: Machine) -> tuple[Placement, ...]:
    """On all devices that there are, slow ones included."""
    return tuple(_ways(demand, machine, place(demand, machine, ())))


def _as_asked(demand: Demand, machine: Machine, bare: Placement) -> tuple[Placement, ...]:
    """With so many layers on devices as a person wants there, or with as many as fit; with the experts of as
    many of them as a person leaves there, or of as many as fit; any of the devices."""
    all_of_them = demand.device_layers == AS_PLANNED
    pieces = demand.shape.layers + 1 if all_of_them else min(demand.device_layers, demand.shape.layers) + 1
    found = []
    for gpus in _sets(machine.gpus) if pieces > 1 else ():
        found += _asked_ways(demand, replace(machine, gpus=gpus), pieces)
    most = max((way.gpu_layers for way in found), default=0)
    return tuple(way for way in found if way.gpu_layers == most) if most else (bare,)


def _asked_ways(demand: Demand, machine: Machine, pieces: int) -> list[Placement]:
    away = demand.experts_in_ram if demand.weights.experts else None
    whole = _runs(demand, machine.gpus, False, False, pieces)
    if away == 0 or not demand.weights.experts or (away is None and sum(whole) == pieces):
        return _placed(demand, machine, whole, None)
    found = _placed(demand, machine, whole, None) if away is None else []
    most = min(pieces - 1, demand.shape.layers - (away or 0))
    division = _division(demand, machine, pieces, most) if most > 0 else None
    if division is not None and any(division.kept):
        return [*found, place(demand, machine, division.counts, division.kept)]
    return [*found, *_placed(demand, machine, _runs(demand, machine.gpus, True, False, pieces), ())]


def _keeps_experts(demand: Demand) -> bool:
    """Whether a person wants experts of a mixture in main memory, wherever their layers are."""
    return bool(demand.experts_in_ram and demand.weights.experts)


def _outputs(demand: Demand, machine: Machine) -> Iterator[Placement]:
    """The output on one device, all layers in main memory: a large matrix that starts few kernels, so that it
    is worth its way where a layer is not. Of devices that are alike, one."""
    tried = set()
    for gpu in machine.gpus:
        kind = (gpu.bandwidth, gpu.network, gpu.round_trip_s)
        if kind in tried or demand.pieces[-1].dense + gpu.overhead > gpu.budget:
            continue
        way = place(demand, replace(machine, gpus=(gpu,)), (1,))
        if way.parts[0].size <= gpu.budget:
            tried.add(kind)
            yield way


def _sets(gpus: tuple[GpuBudget, ...]) -> Iterator[tuple[GpuBudget, ...]]:
    """Of the cards here the fastest, then with it the next, those of one speed together; with each of these
    any of the nodes, since a token has to travel to every one of them."""
    here = [number for number, gpu in enumerate(gpus) if not gpu.network]
    nodes = [number for number, gpu in enumerate(gpus) if gpu.network]
    for cards, others in itertools.product(_fastest_of(gpus, here), _some_of(nodes)):
        if cards or others:
            yield tuple(gpu for number, gpu in enumerate(gpus) if number in (*cards, *others))


def _fastest_of(gpus: tuple[GpuBudget, ...], numbers: list[int]) -> list[tuple[int, ...]]:
    ends = [
        end
        for end in range(len(numbers) + 1)
        if not 0 < end < len(numbers) or gpus[numbers[end]].bandwidth != gpus[numbers[end - 1]].bandwidth
    ]
    return [tuple(numbers[:end]) for end in ends]


def _some_of(numbers: list[int]) -> list[tuple[int, ...]]:
    """All choices of a few; of many, the fastest."""
    counts = range(len(numbers) + 1)
    if len(numbers) > _MOST_NODES_TRIED:
        return [tuple(numbers[:count]) for count in counts]
    return [some for count in counts for some in itertools.combinations(numbers, count)]


def _ways(demand: Demand, machine: Machine, bare: Placement) -> list[Placement]:
    """`bare`: with nothing on devices."""
    found = []
    whole = len(demand.pieces)
    fitting = _runs(demand, machine.gpus, False, False)
    if sum(fitting) > 1:  # the output alone is looked at for itself
        found += _placed(demand, machine, fitting, None)
        found += _least(demand, machine, found[0], bare, sum(fitting))
    if sum(fitting) == whole and sum(count > 0 for count in fitting) > 1:
        together = _runs(demand, machine.gpus, False, True)
        if sum(together) == whole:
            found.append(place(demand, machine, together, pipelined=True))
        found += _alone(demand, machine)
    if demand.weights.experts and demand.experts_in_ram is None and sum(fitting) < whole:
        without = _runs(demand, machine.gpus, True, False)
        if sum(without) > max(1, sum(fitting)):
            none = _placed(demand, machine, without, ())
            found += none
            found += _dividing(demand, machine, none[0]) if sum(without) == whole else []
    return found


def _dividing(demand: Demand, machine: Machine, none: Placement) -> list[Placement]:
    """All layers on devices, with the experts of as many as fit there, and of as few as main memory does not
    hold well. `none`: with those of no layer."""
    pieces = len(demand.pieces)

    def keeping(most: int) -> Placement:
        division = _division(demand, machine, pieces, most)
        return none if division is None else place(demand, machine, division.counts, division.kept)

    full = keeping(pieces - 1)
    if not full.experts_kept:
        return []
    fewest = _fewest(machine, (none, full), (0, full.experts_kept), keeping)
    return [full, keeping(fewest)] if fewest else [full]


def _division(demand: Demand, machine: Machine, pieces: int, most: int) -> Division | None:
    """Of the last so many pieces, with the experts of no more than `most` layers on devices."""
    if _loses_flash_attention(demand, len(demand.pieces) - pieces):
        return None
    taken = demand.pieces[len(demand.pieces) - pieces :]
    parts = Parts([piece.on_gpu(True) for piece in taken], [piece.experts for piece in taken])
    rooms = _rooms(demand, machine.gpus, DIVIDED_LAYERS, False)
    return divided(parts, rooms, [gpu.bandwidth for gpu in machine.gpus], most)


def _placed(
    demand: Demand, machine: Machine, counts: tuple[int, ...], kept: tuple[int, ...] | None
) -> list[Placement]:
    """So many of the last pieces on each device. Where some are behind a network, also turned round: the
    quickest at the end then has the output, whose logits are the largest thing that travels. `kept`: None,
    with all experts, or (), with none."""
    found = [place(demand, machine, counts, kept)]
    used = [gpu for gpu, count in zip(machine.gpus, counts, strict=True) if count]
    if len(used) < 2 or not any(gpu.network for gpu in used):
        return found
    away = kept is not None
    sizes = [piece.on_gpu(away) for piece in demand.pieces][-sum(counts) :]
    rooms = _rooms(demand, machine.gpus, WITHOUT_EXPERTS if away else WHOLE_LAYERS, False)
    turned = runs_from_the_end(sizes, rooms, [gpu.bandwidth for gpu in machine.gpus])
    if turned is not None:
        around = replace(machine, gpus=machine.gpus[::-1])
        found.append(place(demand, around, turned[::-1], kept))
    return found


def _least(demand: Demand, machine: Machine, full: Placement, bare: Placement, most: int) -> list[Placement]:
    """With no more on devices than main memory does not hold well: the best way where they are slower than
    the processor. `full`: with as many pieces as fit, which are `most`."""

    def with_pieces(count: int) -> Placement:
        return place(demand, machine, _runs(demand, machine.gpus, False, False, count))

    count = _fewest(machine, (bare, full), (1, most), with_pieces)
    return _placed(demand, machine, _runs(demand, machine.gpus, False, False, count), None) if count else []


def _fewest(
    machine: Machine,
    ends: tuple[Placement, Placement],
    bounds: tuple[int, int],
    made: Callable[[int], Placement],
) -> int:
    """How many of something have to be on devices for main memory to hold the rest as well as it does with
    the most of it there. `ends`: with nothing there, with the most. 0 where none of it helps, or none or all
    of it has to be there; more than the first of `bounds` are."""
    none, full = ends
    if _held(none, machine) == _held(full, machine):
        return 0
    low, high = bounds
    while high - low > 1:  # more there leaves less in main memory
        middle = (low + high) // 2
        low, high = (low, middle) if _held(made(middle), machine) >= _held(full, machine) else (middle, high)
    return 0 if high == bounds[1] else high


def _held(placement: Placement, machine: Machine) -> tuple[bool, int, bool]:
    """How well main memory holds what is left in it."""
    return placement.runs, -placement.streamed, leaves_air(placement, machine)


def _alone(demand: Demand, machine: Machine) -> list[Placement]:
    """On the fastest GPU that holds everything."""
    for number, gpu in enumerate(machine.gpus):
        (count,) = _runs(demand, (gpu,), False, False)
        if count == len(demand.pieces):
            counts = tuple(count if other == number else 0 for other in range(len(machine.gpus)))
            return [place(demand, machine, counts)]
    return []


def _runs(
    demand: Demand,
    gpus: tuple[GpuBudget, ...],
    experts_on_cpu: bool,
    pipelined: bool,
    most_pieces: int | None = None,
) -> tuple[int, ...]:
    """For each GPU, how many of the last pieces it takes: as many as fit, of no more than `most_pieces`."""
    sizes = [piece.on_gpu(experts_on_cpu) for piece in demand.pieces]
    rooms = _rooms(demand, gpus, WITHOUT_EXPERTS if experts_on_cpu else WHOLE_LAYERS, pipelined)
    speeds = [gpu.bandwidth for gpu in gpus]
    left = len(sizes) if most_pieces is None else most_pieces
    counts = runs_that_fit(sizes[len(sizes) - left :], rooms, speeds)
    while _loses_flash_attention(demand, first := len(sizes) - sum(counts)):
        counts = runs_that_fit(sizes[first + 1 :], rooms, speeds)
    return counts


def _rooms(
    demand: Demand, gpus: tuple[GpuBudget, ...], counts: tuple[tuple[int, int], ...], pipelined: bool
) -> list[int]:
    """Bytes of each for pieces, whichever of them it takes. `counts`: as in memory.Run."""
    kinds = kinds_of(demand.shape)
    most = Run(kinds, True, pipelined, later=True, handed=INCOMING + OUTGOING, counts=counts)
    compute = compute_on(demand, most)
    return [gpu.budget - compute - gpu.overhead for gpu in gpus]


def _loses_flash_attention(demand: Demand, first: int) -> bool:
    """Whether llama.cpp would do without it, and so with ten times the compute buffer, if the devices began
    with that piece: the state of a recurrent layer is read before the layer in front of it attends, which
    is then given to the recurrent layer's device; as it is not where its own layer is, flash attention counts
    as unsupported (llama_context::resolve_fused_ops). A quantised cache insists on it."""
    if demand.kv_type is not KvType.F16 or not 0 < first < len(demand.pieces):
        return False
    kinds = [piece.kind for piece in demand.pieces]
    behind = next((kind for kind in kinds[first:] if kind is not LayerKind.PLAIN), None)
    before = next((kind for kind in reversed(kinds[:first]) if kind is not LayerKind.PLAIN), None)
    return behind is LayerKind.RECURRENT and before not in (None, LayerKind.RECURRENT)
