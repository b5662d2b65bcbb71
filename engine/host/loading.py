"""A model file and a wish -> what there is to plan with -> a fit -> the request to the worker."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from engine.download.projectors import projector_beside
from engine.errors import LoadError
from engine.hardware.page_cache import cached_bytes
from engine.hardware.report import HardwareReport
from engine.host.describing import describe, describe_file
from engine.host.knowing import Knowledge, load_knowledge
from engine.host.scoring import Forecast
from engine.host.smaller import smaller_model
from engine.host.surroundings import Taken, room_of, whole_machine
from engine.host.tuned import Tuned, TunedModel, tuned_for
from engine.messages import Sentence
from engine.paths import Paths
from engine.planning.bound import UNBOUND, Bound
from engine.planning.described_machine import with_threads
from engine.planning.fit import Fit, Ladder, Room, Wanted, free_in
from engine.planning.layout import Placement
from engine.planning.machine import Machine
from engine.planning.plan import KvType
from engine.planning.speed import TYPICAL_DEPTH, token_time
from engine.planning.ways import candidates
from engine.planning.wording import size_text, speed_text
from engine.runtime.state_names import kv_type_of_states
from engine.runtime.values import DeviceLayers, LoadRequest, LoadWish

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that deciding needs, read once."""

    report: HardwareReport  # of this moment
    knowledge: Knowledge
    whole: Machine  # with everything that was learnt of it
    ladder: Ladder
    cached: int | None  # bytes of the file that are in memory already
    offer: Sentence | None  # a smaller file, where this one would not even fit alone
    kept: KvType | None  # of the cache with which its conversations were put aside
    tuned: TunedModel | None = None

    def fit(self, bound: Bound, kept: tuple[Taken, ...], leaving: tuple[Taken, ...] = ()) -> Fit | None:
        """Beside the models that are kept, once those that leave have gone; see Ladder.fit."""
        room = room_of(self.report, self.whole, kept, leaving)
        tuned = self._tuned(bound)
        if tuned is None:
            return self.ladder.fit(room, bound, self.kept)
        fit = self.ladder.fit(room, replace(bound, plain=tuned.plain), self.kept)
        return placed_as(tuned, fit, room) if fit and tuned.placed else fit

    def _tuned(self, bound: Bound) -> Tuned | None:
        """None after a crash: then the load is as plain as can be."""
        return self.tuned.tuned if self.tuned and bound == UNBOUND else None

    def forecast(self, wish: LoadWish, fit: Fit, bound: Bound) -> Forecast:
        tuned = self._tuned(bound)
        machine = with_threads(self.whole, tuned.threads) if tuned and tuned.threads else self.whole
        machine = replace(machine, batch=fit.setting.batch)
        return Forecast.of(wish.model, fit.placement, machine, self.knowledge, self.cached)

    def speed_of(self, fit: Fit) -> str:
        """Tokens a second that are expected of it, for people."""
        return speed_text(1 / token_time(fit.placement, self.whole, TYPICAL_DEPTH).total)

    def needed(self) -> str:
        return size_text(self.ladder.needed)

    def free(self, kept: tuple[Taken, ...]) -> str:
        return size_text(free_in(room_of(self.report, self.whole, kept)))


def prepare(
    wish: LoadWish,
    report: HardwareReport,
    most_ram: int | None,
    paths: Paths,
    others: tuple[Taken, ...],
    as_tuned: bool = True,
) -> Prepared:
    """`others` are the models loaded now, `most_ram` bytes may all of them take together. `as_tuned` False
    leaves out what tuning found.

    Raises: ModelFileError, LoadError.
    """
    knowledge = load_knowledge(paths, report)
    whole = knowledge.of(whole_machine(report, most_ram))
    spec, quantization = describe(wish.model)
    if wish.embedding:
        quantization = replace(quantization, projector=0)
    tuned = tuned_for(paths, wish.model, knowledge.key) if as_tuned and not wish.embedding else None
    ladder = Ladder(
        spec,
        quantization,
        whole,
        Wanted(
            wish.context_length,
            _kv_type(wish.kv_type or _tuned_kv(tuned)),
            wish.n_sequences,
            wish.device_layers,
            wish.experts_in_ram,
        ),
        describe_file(Path(wish.draft)) if wish.draft else None,
    )
    alone = room_of(report, whole, (), others)
    fit = ladder.fit(alone)
    short = fit is None or fit.placement.streamed
    offer = smaller_model(wish.model, paths, whole, alone) if short else None
    cached = cached_bytes(Path(wish.model.path))  # before a part of the file is read
    return Prepared(report, knowledge, whole, ladder, cached, offer, _kept_type(wish, paths), tuned)


def placed_as(tuned: Tuned, fit: Fit, room: Room) -> Fit:
    """The fit with its layers where tuning found them best, if they can lie there now."""
    for way in candidates(fit.placement.demand, room.machine):
        same = (devices_of(way), way.overridden, way.pipelined)
        fits = way.runs and not way.streamed
        if fits and same == (tuned.devices, tuned.experts_away, tuned.pipelined):
            return replace(fit, placement=way)
    return fit


def devices_of(placement: Placement) -> tuple[DeviceLayers, ...]:
    return tuple(DeviceLayers(device, layers) for device, layers in placement.devices)


def _tuned_kv(tuned: TunedModel | None) -> str:
    return tuned.tuned.kv_type if tuned else ""


def _kept_type(wish: LoadWish, paths: Paths) -> KvType | None:
    """Raises: ModelFileError, when a shard is missing."""
    if wish.embedding:
        return None
    try:
        return _kv_type(kv_type_of_states(paths.parked, Path(wish.model.path)))
    except (OSError, LoadError) as error:  # nothing worse than a prompt that is read again
        log.warning("what conversations were put aside with cannot be seen: %s", error)
        return None


def request_of(fit: Fit, wish: LoadWish, threads: int, park_folder: Path, park_bytes: int) -> LoadRequest:
    """The fit in the worker's words."""
    setting, placement = fit.setting, fit.placement
    return LoadRequest(
        path=wish.model.path,
        context_length=setting.context_length,
        threads=threads,
        n_gpu_layers=placement.n_gpu_layers,
        kv_type=setting.kv_type.value,
        experts_away=placement.overridden,
        n_batch=setting.batch,
        n_sequences=setting.sequences,
        use_mmap=placement.mapped,
        repack=setting.repack and placement.repack > 0,
        kv_unified=setting.shared and setting.sequences > 1,
        embedding=wish.embedding,
        park_folder=str(park_folder) if park_bytes else "",
        park_budget_bytes=park_bytes,
        beyond_amx=placement.demand.shape.beyond_amx,
        draft_path=wish.draft,
        devices=devices_of(placement),
        pipelined=placement.pipelined,
        projector="" if wish.embedding else str(projector_beside(Path(wish.model.path)) or ""),
    )


def _kv_type(name: str) -> KvType | None:
    try:
        return KvType(name) if name else None
    except ValueError as error:
        known = ", ".join(kind.value for kind in KvType)
        raise LoadError.of("bad_kv_type", value=name, known=known) from error
