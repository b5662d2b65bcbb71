"""What clients and the engine's host say to each other; see engine/runtime/wire.py for the form.

A client greets first. The host welcomes it, tells which models it holds, and from then on answers
commands with events (engine/events.py) that carry the client's own job ids. Events about models
that a client did not ask for carry JobId(0).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, cast, get_args

from engine import __version__, events
from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.events import JobId
from engine.messages import Sentence
from engine.runtime.values import (
    EmbeddingRequest,
    EngineStatus,
    GenerationRequest,
    LoadWish,
    ModelFacts,
    RuntimeState,
    StopReason,
    TokenLogprob,
    ToolCall,
)
from engine.runtime.wire import Codec

NOBODY: Final = JobId(0)  # of events that no job asked for


# Understood by every version, so that two of them can part in peace: never change these three.
@dataclass(frozen=True, slots=True)
class Greet:
    """The first message of every client."""

    version: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer, whatever the client's version. `clients` counts the one that is welcomed."""

    version: str
    protocol: str
    pid: int
    clients: int


@dataclass(frozen=True, slots=True)
class Retire:
    """Asks the host to end, because a client of another version needs the place. It does if that
    client is its only one."""


# to the host
@dataclass(frozen=True, slots=True)
class LoadModel:
    job: JobId
    wish: LoadWish


@dataclass(frozen=True, slots=True)
class Answer:
    job: JobId
    request: GenerationRequest
    wish: LoadWish


@dataclass(frozen=True, slots=True)
class EmbedTexts:
    job: JobId
    request: EmbeddingRequest
    wish: LoadWish


@dataclass(frozen=True, slots=True)
class UnloadModel:
    job: JobId
    path: str  # "" means all


@dataclass(frozen=True, slots=True)
class ForgetChat:
    job: JobId
    conversation: str


@dataclass(frozen=True, slots=True)
class Look:
    job: JobId


@dataclass(frozen=True, slots=True)
class CancelJob:
    job: JobId


Command = LoadModel | Answer | EmbedTexts | UnloadModel | ForgetChat | Look
ToHost = Greet | Retire | Command | CancelJob
Told = (
    events.JobFinished
    | events.JobCancelled
    | events.JobFailed
    | events.Noticed
    | events.RuntimeStateChanged
    | events.LoadProgressed
    | events.ModelLoaded
    | events.PromptProgressed
    | events.TokenDelta
    | events.GenerationFinished
    | events.ToolCalled
    | events.Embedded
    | events.EngineSeen
)
FromHost = Welcome | Told

# events.py names these for type checkers only
_NAMES: Final = {
    kind.__name__: kind
    for kind in (
        AnswerStats,
        EngineStatus,
        InstalledModel,
        ModelFacts,
        RuntimeState,
        Sentence,
        StopReason,
        TokenLogprob,
        ToolCall,
    )
}
_TO_HOST: Final = Codec(get_args(ToHost))
_FROM_HOST: Final = Codec(get_args(FromHost), _NAMES)

VERSION: Final = __version__
# Of the vocabulary: host and client must mean the same by every field.
PROTOCOL: Final = hashlib.sha256(f"{_TO_HOST.shape()}\n{_FROM_HOST.shape()}".encode()).hexdigest()[:16]


def encode_to_host(message: ToHost) -> bytes:
    """Raises: WireError, when a field does not hold what it declares."""
    return _TO_HOST.encode(message)


def encode_from_host(message: FromHost) -> bytes:
    """Raises: WireError, when a field does not hold what it declares."""
    return _FROM_HOST.encode(message)


def decode_to_host(body: bytes) -> ToHost:
    """Raises: WireError."""
    return cast(ToHost, _TO_HOST.decode(body))


def decode_from_host(body: bytes) -> FromHost:
    """Raises: WireError."""
    return cast(FromHost, _FROM_HOST.decode(body))
