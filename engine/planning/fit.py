"""Fits a model into what is free now: a ladder of settings, of which the first that fits is taken.

The ladder belongs to the model, the wish and the machine as it is built; what is free at the moment
only decides how far down it goes. So more memory never leads lower. One thing is taken from before: the
type of the cache with which conversations were put aside stays for as long as it fits, since another
could not go on from them. The order of its rungs, each
keeping what the ones above have given up:

    wider contexts, while there is plenty        nobody asked for them: their absence is no loss
    a room for each conversation                 then one that all share (slower, several at once)
    a copy of the weights, laid out for the CPU ("repack"), be it in their place: speed only
    the cache of 16 bits, of 8, of 4
    the context halved, down to 2,048 tokens
    every layer on the GPUs, where the machine has room for that; then as many as fit, and all of the above
        once more from the top: a conversation goes on where main memory is large enough. Of a mixture
        experts leave them before the context is halved and the cache has 4 bits
    prompts read 512 tokens at once, 256, 128
    what was asked for in so many words, last of all, in the same order
    weights that are read from the disk again and again, with all of the above in the same order
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.catalog.model import ModelSpec, Quantization
from engine.planning.bound import UNBOUND, Bound
from engine.planning.drafting import draft_bytes
from engine.planning.hope import hope_of
from engine.planning.layout import AS_PLANNED, Demand, Placement, demand_of
from engine.planning.machine import Machine
from engine.planning.memory import UBATCH, copied_weights, full_row, sliding_row
from engine.planning.placement import (
    BASE_CONTEXT,
    QUANTISED_CACHE_CONTEXT,
    UNKNOWN_CONTEXT,
    WIDENED_PART,
    WIDER_CONTEXTS,
    fastest,
)
from engine.planning.plan import KvType
from engine.planning.speed import TYPICAL_DEPTH, token_time
from engine.planning.verdict import LEAST_TPS

USUAL_SEQUENCES = 4  # answers at once when nobody says how many
LEAST_CONTEXT = 2048  # tokens; a question, an answer and a little of what went before
SMALLER_BATCHES = (256, 128)
_CACHE_BLOCK = 32  # elements that a quantised cache keeps together; rows are made of whole blocks


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for in so many words; 0, None and AS_PLANNED leave it to the fit."""

    context_length: int = 0
    kv_type: KvType | None = None
    sequences: int = 0
    device_layers: int = AS_PLANNED
    experts_in_ram: int | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What may be used now. Bytes."""

    machine: Machine  # its budgets are what is free now
    mapped: int | None = None  # a worker may map so much in all (RLIMIT_AS); None: no limit
    private: int | None = None  # so much of it may be its own, not a file's (RLIMIT_DATA)


@dataclass(frozen=True, slots=True)
class Setting:
    """One rung."""

    context_length: int  # tokens, of each conversation or of the room that all share
    kv_type: KvType
    sequences: int
    shared: bool
    repack: bool = True
    whole: bool = True  # as much on GPUs as the machine has room for, when nothing else uses them
    batch: int = UBATCH
    easy: bool = False  # asks for more room than it needs: nobody wished for it
    streams: bool = False  # weights may be read from the disk again and again


@dataclass(frozen=True, slots=True)
class Fit:
    """The rung that fits, and what it takes. Bytes."""

    rung: int  # 0 is the highest
    setting: Setting
    wanted: Setting  # without anything given up
    placement: Placement
    needed: int  # by `wanted`, in main memory and on GPUs together
    free: int  # of both
    kept: KvType | None = None  # of the cache with which conversations were put aside
    draft: int = 0  # bytes of a model that writes ahead, in main memory
    draft_mapped: int = 0  # part of them that is its file

    @property
    def complete(self) -> bool:
        """Nothing is given up that was wanted."""
        return self.setting.easy or self.setting == replace(self.wanted, shared=self.setting.shared)

    @property
    def modest(self) -> bool:
        """Nothing is given up that a chat would notice."""
        now, then = self.setting, self.wanted
        return (
            now.context_length >= min(then.context_length, BASE_CONTEXT)
            and now.whole == then.whole
            and now.kv_type is not KvType.Q4_0
            and now.streams == then.streams
        )

    @property
    def taken(self) -> int:
        """Bytes, in main memory and on GPUs together."""
        return _everything(self.placement) + self.draft

    @property
    def ram(self) -> int:
        return self.placement.ram + self.draft

    @property
    def mapped(self) -> int:
        """Part of main memory that holds the file's own pages."""
        return _mapped(self.placement) + self.draft_mapped


class Ladder:
    """Of one model on one machine, for one wish."""

    def __init__(
        self,
        spec: ModelSpec,
        quantization: Quantization,
        whole: Machine,
        wanted: Wanted,
        draft: tuple[ModelSpec, Quantization] | None = None,
    ) -> None:
        """`whole` is the machine when nothing else runs on it. `draft`: a model that writes ahead."""
        self._draft = draft
        self._shape = spec.shape
        self._quantization = quantization
        self._whole = whole
        self._wanted = wanted
        self._hope = hope_of(spec)
        self._trained = spec.shape.trained_context or UNKNOWN_CONTEXT
        base = Setting(
            wanted.context_length or min(self._trained, BASE_CONTEXT),
            wanted.kv_type or KvType.F16,
            wanted.sequences or USUAL_SEQUENCES,
            shared=wanted.sequences != 1,
        )
        self._ideal = fastest(self._demand(base), self._beside(whole, base), self._hope)
        self.base = replace(
            base,
            whole=self._ideal.gpu_layers >= spec.shape.layers,
            repack=not self._lost_repack(self._ideal, whole),
        )
        self.rungs = tuple(self._rungs())

    def fit(self, room: Room, bound: Bound = UNBOUND, kept: KvType | None = None) -> Fit | None:
        """The first rung that fits and keeps to `bound`; None when none does. `kept`: of the cache with
        which conversations were put aside, if any were."""
        room = replace(room, machine=bound.on(room.machine))
        first = self._first(self.rungs, room, bound, self.base)
        if first is None or kept is None:
            return first
        if self._holds_to(kept, first):
            rungs = [
                replace(setting, kv_type=kept) if self._costs_nothing(setting) else None
                for setting in self.rungs
            ]
            first = self._first(rungs, room, bound, replace(self.base, kv_type=kept)) or first
        return replace(first, kept=kept)

    def _first(
        self, rungs: Sequence[Setting | None], room: Room, bound: Bound, wanted: Setting
    ) -> Fit | None:
        wanted = replace(wanted, repack=wanted.repack and not bound.plain)
        for rung, setting in enumerate(rungs):
            if setting is None:
                continue
            if bound.plain:
                setting = replace(setting, repack=False)
            draft, mapped = self._draft_bytes(setting)
            left = replace(room, machine=self._beside(room.machine, setting))
            placement = fastest(self._demand(setting), left.machine, self._hope)
            small = bound.most is None or _everything(placement) + draft <= bound.most
            if (
                small
                and self._fits(setting, placement, left)
                and _within_limits(placement, room, draft, mapped)
            ):
                free = free_in(room)
                return Fit(
                    rung, setting, wanted, placement, self.needed, free, draft=draft, draft_mapped=mapped
                )
        return None

    def _holds_to(self, kept: KvType, first: Fit) -> bool:
        """Whether another type than that of `first` would be better. What a chat would notice is given up
        as soon as it can be."""
        wished = self._wanted.kv_type is not None
        return kept not in (first.setting.kv_type, KvType.Q4_0) and not wished and self._quantises()

    def _costs_nothing(self, setting: Setting) -> bool:
        """It gives up at most the type of the cache and speed."""
        base = self.base
        same = (setting.context_length, setting.whole, setting.batch) == (
            base.context_length,
            base.whole,
            base.batch,
        )
        return setting.easy or (same and not setting.streams)

    @property
    def needed(self) -> int:
        """Bytes of what is wanted, in main memory and on GPUs together."""
        roomy = replace(self._whole, ram_budget=1 << 60)
        draft, _ = self._draft_bytes(self.base)
        return _everything(fastest(self._demand(self.base), roomy, self._hope)) + draft

    # the rungs
    def _rungs(self) -> Iterator[Setting]:
        yield from self._wider()
        base = self.base
        if base.shared:
            if not self._split:
                yield replace(base, shared=False, easy=True)
            if self._wanted.sequences:
                yield replace(base, shared=False)
        below = self._down_from(base)
        if base.whole:  # what was given up for the sake of the GPUs comes back
            if self._ideal.demand.weights.experts:  # they leave the GPUs before a chat would notice anything
                kinds = (base.kv_type, KvType.Q8_0)
                below = [one for one in below if self._costs_nothing(one) and one.kv_type in kinds]
            below += self._down_from(replace(base, whole=False))
        for step in self._last_steps():
            below += step(below[-1])
        yield from below
        for setting in below:
            yield replace(setting, streams=True)

    def _wider(self) -> Iterator[Setting]:
        base = self.base
        if self._wanted.context_length or self._split:
            return
        for context in sorted(WIDER_CONTEXTS, reverse=True):
            if base.context_length < context <= self._trained:
                easy = replace(base, context_length=context, easy=True)
                yield from (replace(easy, shared=False), easy) if base.shared else (easy,)
                if context == QUANTISED_CACHE_CONTEXT and self._wanted.kv_type is None and self._quantises():
                    yield replace(easy, kv_type=KvType.Q8_0)

    @property
    def _split(self) -> bool:
        """Layers on both sides even when nothing else runs: any luxury would cost some of them."""
        return 0 < self._ideal.gpu_layers < self._shape.layers

    def _down_from(self, setting: Setting) -> list[Setting]:
        below, wished = [setting], self._wanted
        below += self._without_repack(setting)
        if wished.kv_type is None:
            below += self._smaller_cache(below[-1])
        if not wished.context_length:
            below += self._shorter_context(below[-1])
        return below

    def _last_steps(self) -> Iterator[Callable[[Setting], Iterator[Setting]]]:
        yield self._smaller_batches
        if self._wanted.kv_type is not None:
            yield self._smaller_cache
        if self._wanted.context_length:
            yield self._shorter_context

    def _without_repack(self, above: Setting) -> Iterator[Setting]:
        """Where there is any: with all layers on GPUs there may be none."""
        copied = self._ideal.repack > 0 if above.whole else self._copies(self._whole)
        if above.repack and copied:
            yield replace(above, repack=False)

    def _smaller_cache(self, above: Setting) -> Iterator[Setting]:
        kinds = list(KvType)
        if self._quantises():
            for kind in kinds[kinds.index(above.kv_type) + 1 :]:
                yield replace(above, kv_type=kind)

    def _shorter_context(self, above: Setting) -> Iterator[Setting]:
        context = above.context_length
        while context > LEAST_CONTEXT:
            context = max(LEAST_CONTEXT, context // 2)
            yield replace(above, context_length=context)

    def _smaller_batches(self, above: Setting) -> Iterator[Setting]:
        for batch in SMALLER_BATCHES:
            yield replace(above, batch=batch)

    def _quantises(self) -> bool:
        """Whether there is a cache, of rows that a quantised one can hold."""
        shape = self._shape
        rows = (shape.key_length, shape.value_length, shape.sliding_key_length, shape.sliding_value_length)
        return full_row(shape) + sliding_row(shape) > 0 and all(row % _CACHE_BLOCK == 0 for row in rows)

    def _copies(self, machine: Machine) -> bool:
        """Whether that processor copies any of the weights."""
        return any(copied_weights(self._quantization, self._ideal.demand.weights, machine))

    # whether one fits
    def _demand(self, setting: Setting) -> Demand:
        cache = setting.context_length, setting.kv_type, setting.sequences, setting.shared
        wanted = self._wanted.device_layers, self._wanted.experts_in_ram
        return demand_of(self._shape, self._quantization, *cache, setting.batch, setting.repack, *wanted)

    def _draft_bytes(self, setting: Setting) -> tuple[int, int]:
        """(of the model that writes ahead, part of them that is its file)"""
        if self._draft is None:
            return 0, 0
        rooms = setting.context_length, setting.sequences
        shared, repack = setting.shared, setting.repack
        return draft_bytes(*self._draft, self._whole, *rooms, shared=shared, repack=repack)

    def _beside(self, machine: Machine, setting: Setting) -> Machine:
        """What a model that writes ahead leaves of it."""
        return replace(machine, ram_budget=max(0, machine.ram_budget - self._draft_bytes(setting)[0]))

    def _fits(self, setting: Setting, placement: Placement, room: Room) -> bool:
        return (
            placement.runs
            and self._reads_enough(setting, placement, room.machine)
            and not self._lost_repack(placement, room.machine)
            and (not setting.whole or self._as_ideal(placement))
            and (not setting.easy or self._leaves_plenty(setting, placement, room.machine))
        )

    def _reads_enough(self, setting: Setting, placement: Placement, machine: Machine) -> bool:
        if not placement.streamed:
            return True
        return setting.streams and 1 / token_time(placement, machine, TYPICAL_DEPTH).total >= LEAST_TPS

    def _lost_repack(self, placement: Placement, machine: Machine) -> bool:
        """Whether a copy of the weights was asked for and left out for want of room."""
        copied = placement.ram_dense + placement.ram_experts
        wanted = placement.demand.repack and copied and self._copies(machine)
        return bool(wanted) and not placement.repack

    def _as_ideal(self, placement: Placement) -> bool:
        experts = bool(self._ideal.experts_away) or not placement.experts_away
        return placement.gpu_layers >= self._ideal.gpu_layers and experts

    def _leaves_plenty(self, setting: Setting, placement: Placement, machine: Machine) -> bool:
        """Most of main memory stays for whatever else a person does, and experts on GPUs stay there. Rooms of
        their own must fit twice over besides."""
        if placement.gpu_experts < self._ideal.gpu_experts:
            return False
        least = fastest(self._demand(self.base), replace(machine, gpus=()), self._hope)
        if placement.ram > max(machine.ram_budget * WIDENED_PART, least.ram * 1.05):
            return False
        if setting.shared or setting.sequences == 1:
            return True
        on_gpus = sum(part.kv_cache for part in placement.parts)
        in_ram = placement.demand.kv_cache - on_gpus
        vram = sum(size for _, size in placement.gpu_shares)
        room_on_gpus = not on_gpus or vram + on_gpus <= sum(gpu.budget for gpu in machine.gpus)
        return placement.ram + in_ram <= machine.ram_budget and room_on_gpus


def _everything(placement: Placement) -> int:
    return placement.ram + sum(size for _, size in placement.vram)


def _mapped(placement: Placement) -> int:
    """Bytes of main memory that are the file's own pages."""
    if not placement.mapped:
        return 0
    tables = placement.demand.weights.tables
    return placement.ram_dense + placement.ram_experts + tables - placement.streamed


def free_in(room: Room) -> int:
    """Bytes that may be used now, in main memory and on GPUs together."""
    limits = [limit for limit in (room.mapped, room.private) if limit is not None]
    return min([room.machine.ram_budget, *limits]) + room.machine.vram_budget


def _within_limits(placement: Placement, room: Room, draft: int, draft_mapped: int) -> bool:
    everything = placement.ram + placement.streamed + draft
    own = placement.ram - _mapped(placement) + draft - draft_mapped
    return (room.mapped is None or everything <= room.mapped) and (
        room.private is None or own <= room.private
    )
