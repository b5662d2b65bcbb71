"""What the cards show, folded from events. Knows no widget."""

from __future__ import annotations

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
from engine.runtime.values import RuntimeState
from engine.telemetry.sample import TelemetrySample
from engine.telemetry.series import Series
from gui.graphs.rate import TokenMeter

_READINGS = 160  # a minute at two a second, and some
_SPEEDS = 480

_GONE = (RuntimeState.STOPPED, RuntimeState.STARTING, RuntimeState.LOADING, RuntimeState.CRASHED)


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
        self.context_used = 0  # tokens
        self.context_length = 0  # tokens; 0 without a model
        self._model = ""  # path of the one that all this is about
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

    def fold(self, event: Event, now: float) -> None:
        """Takes in one event; those of other rooms are left alone."""
        match event:
            case TelemetrySampled(sample=sample):
                self._take_sample(sample)
                self.tick(now)
            case PromptProgressed():
                self._take_prompt(event, now)
            case TokenDelta(tokens=tokens):
                self._meter.add(now, tokens)
                self.context_used += tokens
            case GenerationFinished(stats=stats):
                self._meter.clear()
                self._prompt_job = None
                self.prompt_tps = stats.prompt_tps
                self.last_generation_tps = stats.generation_tps
                self.context_used = stats.prompt_tokens + stats.generated_tokens
            case ModelLoaded(job, model, facts) if job or not self._model:  # else of another program
                self._forget_model()
                self._model = model.path
                self.context_length = facts.context_length
            case RuntimeStateChanged(_, state, _, path) if state in _GONE and path in ("", self._model):
                self._forget_model()

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
            self._meter.clear()
        begun, done = self._prompt_begun
        if event.done > done and now > begun:
            self.prompt_tps = (event.done - done) / (now - begun)
        self.context_used = event.done

    def _forget_model(self) -> None:
        self._model = ""
        self._meter.clear()
        self._prompt_job = None
        self.prompt_tps = self.last_generation_tps = 0.0
        self.context_used = self.context_length = 0
