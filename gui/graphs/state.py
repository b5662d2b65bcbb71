"""What the cards show, folded from events. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass

from engine.events import (
    Event,
    GenerationFinished,
    JobId,
    ModelLoaded,
    PromptProgressed,
    RuntimeStateChanged,
    TelemetrySampled,
    TokenDelta,
)
from engine.runtime.values import ModelFacts, RuntimeState, part_bytes
from engine.telemetry.sample import TelemetrySample
from engine.telemetry.series import Series
from gui.graphs.rate import TokenMeter

_READINGS = 160  # a minute at two a second, and some
_SPEEDS = 480

PARTS = ("weights", "repack", "kv_cache", "compute", "output", "projector")  # that the runtime tells of
OVERHEAD = "overhead"

_GONE = (RuntimeState.STOPPED, RuntimeState.STARTING, RuntimeState.LOADING, RuntimeState.CRASHED)


@dataclass(frozen=True, slots=True)
class PartSize:
    """Bytes that a part of the loaded model takes; None where nobody tells."""

    part: str  # one of PARTS, or OVERHEAD
    planned: int | None
    measured: int | None


class GraphState:
    """Times are handed in: seconds of one clock for all calls."""

    def __init__(self) -> None:
        self.sample: TelemetrySample | None = None
        self.model_ram = Series(_READINGS)
        self.machine_ram = Series(_READINGS)
        self.model_vram = Series(_READINGS)
        self.cpu = Series(_READINGS)
        self.gpu = Series(_READINGS)
        self.speed = Series(_SPEEDS)
        self.generation_tps = 0.0
        self.prompt_tps = 0.0
        self.last_generation_tps = 0.0  # of the last complete answer
        self.first_token_s = 0.0  # how long it was waited for, likewise; 0 where there was none
        self._model = ""  # path of the one that all this is about
        self._facts: ModelFacts | None = None
        self._meter = TokenMeter()
        self._prompt_job: JobId | None = None
        self._prompt_begun = (0.0, 0)  # (time, tokens read by then)

    @property
    def gpu_utilisation(self) -> float:
        """Mean over all cards, 0 to 1."""
        gpus = self.sample.gpus if self.sample else ()
        return sum(gpu.utilisation for gpu in gpus) / len(gpus) if gpus else 0.0

    @property
    def vram_total(self) -> int:
        return sum(gpu.total_bytes for gpu in self.sample.gpus) if self.sample else 0

    @property
    def vram_used(self) -> int:
        return sum(gpu.used_bytes for gpu in self.sample.gpus) if self.sample else 0

    @property
    def context_length(self) -> int:
        """Tokens; 0 without a model."""
        return self._facts.context_length if self._facts is not None else 0

    def parts(self) -> tuple[PartSize, ...]:
        """What the loaded model takes; nothing where that is not known."""
        facts = self._facts
        if facts is None or not facts.memory:
            return ()
        planned = {part: part_bytes(facts.planned, part) for part in (*PARTS, OVERHEAD)}
        measured: dict[str, int | None] = {part: facts.of(part) for part in PARTS}
        measured[OVERHEAD] = self._overhead(facts)
        told = (PartSize(part, planned[part] if facts.planned else None, measured[part]) for part in planned)
        return tuple(one for one in told if one.planned or one.measured)

    def _overhead(self, facts: ModelFacts) -> int | None:
        """The rest of what its process holds. None while that holds less than what is reserved: pages of
        the file that were not read yet, or were given back."""
        if self.sample is None:
            return None
        held = self.sample.model_memory_bytes + self.sample.model_vram_bytes
        rest = held - sum(share.size_bytes for share in facts.memory)
        return rest if rest > 0 else None

    def fold(self, event: Event, now: float) -> bool:
        """Takes in one event; False for those of other rooms, which change nothing here."""
        match event:
            case TelemetrySampled(sample=sample):
                self._take_sample(sample)
                self.tick(now)
            case PromptProgressed():
                self._take_prompt(event, now)
            case TokenDelta(tokens=tokens):
                self._meter.add(now, tokens)
            case GenerationFinished(stats=stats):
                self._meter.clear()
                self._prompt_job = None
                self.prompt_tps = stats.prompt_tps
                self.last_generation_tps = stats.generation_tps
                self.first_token_s = stats.time_to_first_token_s
            case ModelLoaded(job, model, facts) if job or not self._model:  # else of another program
                self._forget_model()
                self._model = model.path
                self._facts = facts
            case RuntimeStateChanged(_, state, _, path) if state in _GONE and path in ("", self._model):
                self._forget_model()
            case _:
                return False
        return True

    def tick(self, now: float) -> bool:
        """Brings the speed up to date; False once nothing is being generated."""
        self.generation_tps = self._meter.rate(now)
        self.speed.append(now, self.generation_tps)
        return self.generation_tps > 0

    def _take_sample(self, sample: TelemetrySample) -> None:
        self.sample = sample
        self.model_ram.append(sample.at, sample.model_memory_bytes)
        self.machine_ram.append(sample.at, sample.memory_used_bytes)
        self.cpu.append(sample.at, sample.cpu)
        if sample.gpus:
            self.model_vram.append(sample.at, sample.model_vram_bytes)
            self.gpu.append(sample.at, self.gpu_utilisation)

    def _take_prompt(self, event: PromptProgressed, now: float) -> None:
        if event.job != self._prompt_job:
            self._prompt_job = event.job
            self._prompt_begun = (now, event.done)
            self.first_token_s = 0.0
            self._meter.clear()
        begun, done = self._prompt_begun
        if event.done > done and now > begun:
            self.prompt_tps = (event.done - done) / (now - begun)

    def _forget_model(self) -> None:
        self._model = ""
        self._meter.clear()
        self._prompt_job = None
        self.prompt_tps = self.last_generation_tps = self.first_token_s = 0.0
        self._facts = None
