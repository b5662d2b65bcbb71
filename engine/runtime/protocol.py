"""What the program and a worker say to each other. Values only; see wire.py for their form."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.conversation import AnswerStats
from engine.events import JobId, TokenDelta
from engine.hardware.report import DeviceFacts
from engine.messages import Sentence
from engine.runtime.values import (
    EmbeddingRequest,
    GenerationRequest,
    LoadRequest,
    ModelFacts,
    PlannedMemory,
    StopReason,
    Timing,
    ToolCall,
)


# to the worker
@dataclass(frozen=True, slots=True)
class Load:
    """The first message of every worker, and its only load."""

    job: JobId
    request: LoadRequest


@dataclass(frozen=True, slots=True)
class Generate:
    job: JobId
    request: GenerationRequest


@dataclass(frozen=True, slots=True)
class Embed:
    """Answered by `Vectors` or `Failed`."""

    job: JobId
    request: EmbeddingRequest


@dataclass(frozen=True, slots=True)
class Forget:
    """Deletes the state files of a conversation, and what its slots hold. Not answered."""

    conversation: str


@dataclass(frozen=True, slots=True)
class Park:
    """Keeps every idle conversation on disk, before an orderly end. Answered by `Parked`."""


@dataclass(frozen=True, slots=True)
class LimitParking:
    """A new disk budget for state files; what is above it is deleted. Not answered."""

    budget_bytes: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Of the load or of one answer. Answered by `Cancelled` or `Finished`, unless already over."""

    job: JobId


# from the worker
@dataclass(frozen=True, slots=True)
class Hello:
    """The worker runs and begins to load."""

    pid: int


@dataclass(frozen=True, slots=True)
class LoadProgress:
    job: JobId
    fraction: float


@dataclass(frozen=True, slots=True)
class Loaded:
    job: JobId
    facts: ModelFacts


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """Tokens of the prompt read so far, those found in the KV cache included."""

    job: JobId
    done: int
    total: int
    reused: int


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a tool is complete; `Finished` follows with StopReason.TOOL_CALLS."""

    job: JobId
    call: ToolCall


@dataclass(frozen=True, slots=True)
class Vectors:
    """The texts of an `Embed`, embedded; each of length 1."""

    job: JobId
    vectors: tuple[tuple[float, ...], ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Parked:
    """The idle conversations are on disk."""


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer ended; the reason says how, cancelling included."""

    job: JobId
    stats: AnswerStats
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A load was cancelled, or an answer before it began."""

    job: JobId


@dataclass(frozen=True, slots=True)
class CancelSeen:
    """The worker lives and will obey; computing may still take a moment to stop."""

    job: JobId


@dataclass(frozen=True, slots=True)
class Failed:
    job: JobId
    message: Sentence


@dataclass(frozen=True, slots=True)
class Notice:
    job: JobId
    message: Sentence


@dataclass(frozen=True, slots=True)
class Devices:
    """The answer of a probe."""

    devices: tuple[DeviceFacts, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A probe's answer to a `Load`: what it would take."""

    job: JobId
    memory: PlannedMemory


@dataclass(frozen=True, slots=True)
class Timed:
    """A probe's answer to a `Load`: how fast it computes."""

    job: JobId
    timings: tuple[Timing, ...]


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    """A probe could not load the engine."""

    message: Sentence


@dataclass(frozen=True, slots=True)
class ServeDevices:
    """Lends this machine's devices to whoever connects to that port of loopback, one after the other. What
    they are is told first (`Devices`); it ends with its process."""

    port: int
    threads: int


ToWorker = Load | Generate | Embed | Forget | Park | LimitParking | Cancel | ServeDevices
FromWorker = (
    Hello
    | LoadProgress
    | Loaded
    | PromptProgress
    | TokenDelta
    | Called
    | Vectors
    | Parked
    | Finished
    | Cancelled
    | CancelSeen
    | Failed
    | Notice
    | Devices
    | Planned
    | Timed
    | ProbeFailed
)
