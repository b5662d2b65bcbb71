"""What was expected of a load and its answers, beside what they then did: figures for the history."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import psutil

from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.hardware.busy import MachineTimes, machine_times, was_busy
from engine.host.knowing import Knowledge, key_text
from engine.planning.forecast import AnswerShape, forecast_answer, forecast_load
from engine.planning.layout import Placement
from engine.planning.machine import Machine
from engine.planning.placement import memory_of
from engine.planning.sharpen import build_of
from engine.planning.speed_inputs import TokenTime
from engine.runtime.values import MemoryShare, ModelFacts
from engine.telemetry.history import Quantity, ScoreRecord

log = logging.getLogger(__name__)

# Shorter ones are mostly noise: nothing is said of them, and nothing is learnt.
LEAST_GENERATED = 24  # tokens
LEAST_READ = 64  # tokens, for the speed of prompts

_PARTS = ("weights", "repack", "kv_cache", "compute", "output", "projector", "overhead")


@dataclass(frozen=True, slots=True)
class Moment:
    """The machine's and a worker's processor time, when an answer begins."""

    machine: MachineTimes
    worker_s: float

    @staticmethod
    def of_no_worker() -> Moment:
        """Before there is one."""
        return Moment(machine_times(), 0.0)

    @staticmethod
    def now(pid: int) -> Moment | None:
        """None where the worker has gone."""
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            return None
        return Moment(machine_times(), times.user + times.system)


def undisturbed(before: Moment | None, after: Moment | None) -> bool:
    """Whether other programs left the machine alone meanwhile; False where nobody can tell."""
    if before is None or after is None:
        return False
    own = after.machine.own_s + after.worker_s - before.worker_s
    return not was_busy(before.machine, replace(after.machine, own_s=own))


@dataclass(frozen=True, slots=True)
class Forecast:
    """All that is needed to say beforehand what a loaded model will do."""

    model: InstalledModel
    placement: Placement
    machine: Machine  # as it is used
    machine_key: str
    basis: str
    cached: int | None  # bytes of the file in memory before the load; None where nobody tells

    @staticmethod
    def of(
        model: InstalledModel,
        placement: Placement,
        machine: Machine,
        known: Knowledge,
        cached: int | None = None,
    ) -> Forecast:
        return Forecast(model, placement, machine, key_text(known.key), known.basis, cached)

    def shares(self) -> tuple[MemoryShare, ...]:
        """What the load is expected to take, by device and part."""
        return tuple(
            MemoryShare(one.device, part, size)
            for one in memory_of(self.placement).devices
            for part in _PARTS
            if (size := getattr(one, part))
        )

    def score_load(self, facts: ModelFacts, began: Moment, now: float) -> tuple[ScoreRecord, ...]:
        """Right after it, with the moment when it was asked for. `now` since the epoch."""
        expected = forecast_load(self.placement, self.machine, self.cached or 0)
        reserved = sum(share.size_bytes for share in facts.memory)
        found = [(Quantity.RESERVED, float(expected.reserved), float(reserved))]
        try:
            resident = psutil.Process(facts.pid).memory_info().rss
            found.append((Quantity.RESIDENT, float(expected.resident), float(resident)))
        except psutil.Error as error:
            log.warning("what the worker takes cannot be read: %s", error)
        records = [self._record(now, *each) for each in found if each[2] > 0]
        ended = Moment.now(facts.pid)
        if self.cached is not None and ended is not None:
            spent = ended.machine.at - began.machine.at
            took = self._record(now, Quantity.LOAD, expected.load_s, spent)
            records.append(replace(took, quiet=int(undisturbed(began, ended))))
        return tuple(records)

    def score_answer(self, stats: AnswerStats, quiet: bool, now: float) -> tuple[ScoreRecord, ...]:
        """After its end. `quiet`: other programs left the machine alone."""
        streams = max(1, round(stats.batch_width))
        shape = AnswerShape(
            stats.prompt_tokens - stats.evaluated_tokens,
            stats.evaluated_tokens,
            stats.generated_tokens,
            streams,
        )
        expected = forecast_answer(self.placement, self.machine, shape)
        found = []
        # Drafts that held make an answer quicker than the model writes.
        plainly = not stats.drafted_tokens and stats.generation_tps > 0
        if plainly and stats.generated_tokens >= LEAST_GENERATED:
            plain = 1 / expected.plain.total
            record = self._record(
                now, Quantity.GENERATION, expected.generation_tps, stats.generation_tps, plain
            )
            found.append(_with_parts(replace(record, depth=shape.depth), expected.plain))
        if stats.evaluated_tokens >= LEAST_READ and stats.prompt_s > 0:
            read = self._record(
                now,
                Quantity.PROMPT,
                expected.prompt_tps,
                stats.evaluated_tokens / stats.prompt_s,
                expected.plain_prompt_tps,
            )
            found.append(replace(read, depth=shape.before))
        if stats.evaluated_tokens and stats.prompt_s > 0:
            first = self._record(now, Quantity.FIRST_TOKEN, expected.first_token_s, stats.prompt_s)
            found.append(replace(first, depth=shape.before))
        return tuple(replace(record, streams=stats.batch_width, quiet=int(quiet)) for record in found)

    def _record(
        self, now: float, quantity: Quantity, predicted: float, measured: float, plain: float = 0.0
    ) -> ScoreRecord:
        demand, shape = self.placement.demand, self.placement.demand.shape
        return ScoreRecord(
            at=now,
            machine=self.machine_key,
            basis=self.basis,
            model=self.model.name,
            quantization=self.model.quantization,
            build=build_of(shape, demand.quantization),
            quantity=quantity.value,
            depth=0,
            streams=1.0,
            predicted=predicted,
            measured=measured,
            plain=plain or predicted,
            quiet=1,
        )


def _with_parts(record: ScoreRecord, time: TokenTime) -> ScoreRecord:
    return replace(
        record,
        vram_s=time.vram,
        ram_s=time.ram,
        compute_s=time.compute,
        ssd_s=time.ssd,
        pcie_s=time.pcie,
        cache_s=time.cache,
    )
