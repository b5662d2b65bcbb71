"""A model that the engine holds, is bringing, or has been asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from engine.events import JobId
from engine.host.counters import Counters
from engine.host.protocol import NOBODY
from engine.host.restarts import Crashes
from engine.host.scoring import Forecast, Moment
from engine.host.session import Session
from engine.host.surroundings import Taken
from engine.host.tuned import Watch
from engine.messages import Sentence
from engine.planning.bound import UNBOUND, Bound
from engine.planning.fit import Fit
from engine.planning.layout import AS_PLANNED
from engine.runtime.client import RuntimeClient
from engine.runtime.values import (
    EmbeddingRequest,
    GenerationRequest,
    LoadRequest,
    LoadWish,
    ModelFacts,
    RuntimeState,
)

Key = tuple[str, bool]  # path, embedding


class Phase(Enum):
    IN_LINE = auto()  # wanted; another is being brought
    PLANNING = auto()  # its file and the machine are being read
    WAITING = auto()  # for answers of others to end
    LOADING = auto()
    CANCELLING = auto()  # its load, because nobody waits for it any more
    READY = auto()
    LEAVING = auto()
    BROKEN = auto()  # crashed too often; stays out until its user loads it again


@dataclass(slots=True, eq=False)
class Job:
    """What a client asked of a model. `request` None asks for the model only."""

    id: JobId  # of this host
    session: Session
    client_job: JobId
    wish: LoadWish
    request: GenerationRequest | EmbeddingRequest | None
    began: Moment | None = None  # of its answer


@dataclass(slots=True, eq=False)
class Resident:
    """Belongs to the pool's thread."""

    wish: LoadWish
    phase: Phase = Phase.IN_LINE
    state: RuntimeState = RuntimeState.STOPPED
    client: RuntimeClient | None = None
    load_job: JobId = NOBODY
    log_number: int = 0  # of its worker's log, while there is a client
    request: LoadRequest | None = None  # of the last load
    fit: Fit | None = None
    forecast: Forecast | None = None  # of what is loaded, or being loaded
    load_began: Moment | None = None
    watch: Watch | None = None  # of what is loaded as it was tuned
    facts: ModelFacts | None = None
    bound: Bound = UNBOUND  # on its settings, after a crash
    retry: bool = False  # its user asks for more than what it was given last time
    returning: bool = False  # is brought back after a crash, asked for or not
    last_reason: Sentence | None = None  # of its last crash, or load that memory was short for
    last_used: float = 0.0  # monotonic
    waiting: list[Job] = field(default_factory=list)  # until it is loaded
    answers: dict[JobId, Job] = field(default_factory=dict)  # at work, or in the worker's queue
    counters: Counters = field(default_factory=Counters)
    crashes: Crashes = field(default_factory=Crashes)
    blamed: list[str] = field(default_factory=list)  # runtime packs that were put aside for its crashes
    when_gone: list[Callable[[], None]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.wish.model.name

    @property
    def path(self) -> str:
        return self.wish.model.path

    @property
    def loaded(self) -> bool:
        return self.phase is Phase.READY

    @property
    def taken(self) -> Taken:
        fit = self.fit
        return Taken(fit.ram, fit.mapped, fit.placement.vram) if fit else Taken(0, 0)

    def satisfies(self, wish: LoadWish) -> bool:
        """Whether what is loaded is what that wish would load. A wish that could not be fulfilled
        before is not tried again at every question."""
        request, before = self.request, self.wish
        return (
            request is not None
            and wish.context_length <= max(request.context_length, before.context_length)
            and wish.n_sequences <= max(request.n_sequences, before.n_sequences)
            and wish.kv_type in ("", request.kv_type, before.kv_type)
            and wish.draft in ("", before.draft)
            and wish.device_layers in (AS_PLANNED, before.device_layers)
            and wish.experts_in_ram in (None, before.experts_in_ram)
        )

    @property
    def lowered(self) -> bool:
        """It is loaded with less than was wished for, or than its machine had room for before a crash."""
        return self.fit is not None and (not self.fit.complete or self.bound != UNBOUND)

    def merged_wish(self) -> LoadWish:
        """The most that anybody who waits has asked for, and what was asked for before."""
        wish = self.wish
        for job in self.waiting:
            wish = replace(
                job.wish,
                context_length=max(wish.context_length, job.wish.context_length),
                n_sequences=max(wish.n_sequences, job.wish.n_sequences),
                kv_type=job.wish.kv_type or wish.kv_type,
                draft=job.wish.draft or wish.draft,
                device_layers=wish.device_layers
                if job.wish.device_layers == AS_PLANNED
                else job.wish.device_layers,
                experts_in_ram=wish.experts_in_ram
                if job.wish.experts_in_ram is None
                else job.wish.experts_in_ram,
            )
        return wish


def key_of(wish: LoadWish) -> Key:
    return wish.model.path, wish.embedding
