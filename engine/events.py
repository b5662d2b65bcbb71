"""The vocabulary of what can happen. Frozen; every event names the job it belongs to.

Types of the rooms above are named for the type checker only, so that this module stays
at the bottom of the house.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from engine.catalog.model import InstalledModel
    from engine.chat.attachments import AttachedFile
    from engine.chat.conversation import (
        AnswerStats,
        ChatMessage,
        Conversation,
        ConversationSummary,
        Folder,
        TrashedConversation,
    )
    from engine.chat.found import ChatsFound
    from engine.chat.shelf import Shelf
    from engine.download.library_values import LibraryEntry, Look, TrashedModel
    from engine.download.reaching import Reached
    from engine.download.values import DownloadPlan, DownloadProgress, QueuedDownload
    from engine.hardware.comparison import Change
    from engine.hardware.report import CheckProgress, HardwareReport
    from engine.jobs.foreseeing import LoadOutlook
    from engine.jobs.history import MachineHistory
    from engine.jobs.node_board import NodeSeen
    from engine.jobs.runtimes import RuntimeOnShelf
    from engine.jobs.scoring import Score
    from engine.jobs.searching import SearchResult
    from engine.jobs.updates import Fetched, Outlook
    from engine.messages import Sentence
    from engine.planning.budget import BudgetAdvice, Comparison
    from engine.planning.plan import Recommendation, RunPlan
    from engine.planning.prices import PriceList
    from engine.planning.what_if import WhatIf
    from engine.runtime.values import (
        EngineStatus,
        ModelFacts,
        RuntimeState,
        StopReason,
        TokenLogprob,
        ToolCall,
    )
    from engine.telemetry.sample import TelemetrySample

JobId = NewType("JobId", int)

_job_ids = itertools.count(1)


def new_job_id() -> JobId:
    """A fresh id, never used before in this process. Thread-safe: `next` on a count is atomic."""
    return JobId(next(_job_ids))


@dataclass(frozen=True, slots=True)
class Event:
    job: JobId


Emit = Callable[[Event], None]  # may be called from any thread


@dataclass(frozen=True, slots=True)
class JobFinished(Event):
    """The job ended as it should; no further event of it follows."""


@dataclass(frozen=True, slots=True)
class JobCancelled(Event):
    """The job ended because it was cancelled; no further event of it follows."""


@dataclass(frozen=True, slots=True)
class JobFailed(Event):
    """The job ended badly; no further event of it follows."""

    message: Sentence


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something a person should know though the job goes on."""

    message: Sentence


@dataclass(frozen=True, slots=True)
class WindowAsked(Event):
    """The program was started once more: its window is wanted, with that file unless it is ""."""

    file: str


@dataclass(frozen=True, slots=True)
class RuntimesListed(Event):
    """Parts of the engine that can be chosen, the best first; the last is what the program brings."""

    runtimes: tuple[RuntimeOnShelf, ...]
    published: str = ""  # where this version says that others are offered; "" for nowhere


@dataclass(frozen=True, slots=True)
class RuntimeProgressed(Event):
    """A pack is being fetched."""

    progress: DownloadProgress


@dataclass(frozen=True, slots=True)
class ReportMade(Event):
    """For somebody who helps. It was not sent anywhere."""

    path: str
    wrong: int  # findings that are not as they should be


# new versions of the program
@dataclass(frozen=True, slots=True)
class UpdateSeen(Event):
    """What is known of new versions, and why a request for them failed."""

    outlook: Outlook
    failure: Sentence | None = None


@dataclass(frozen=True, slots=True)
class UpdateProgressed(Event):
    progress: DownloadProgress


@dataclass(frozen=True, slots=True)
class UpdateFetched(Event):
    """An installer is here and verified. It was not started."""

    fetched: Fetched


# check and advice
@dataclass(frozen=True, slots=True)
class HardwareProgressed(Event):
    progress: CheckProgress


@dataclass(frozen=True, slots=True)
class HardwareReported(Event):
    report: HardwareReport
    changes: tuple[Change, ...] = ()  # since the last check


@dataclass(frozen=True, slots=True)
class Recommended(Event):
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class BudgetProgressed(Event):
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class BudgetAdvised(Event):
    advice: BudgetAdvice
    prices: PriceList  # that it rests on


@dataclass(frozen=True, slots=True)
class WhatIfAdvised(Event):
    found: WhatIf
    memory: int  # bytes that the machine has now
    channels: int | None  # that hold modules; None: not known


@dataclass(frozen=True, slots=True)
class CalibrationProgressed(Event):
    fraction: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Calibrated(Event):
    """Predictions are better from now on, unless it was disturbed by other programs."""

    kept: bool


@dataclass(frozen=True, slots=True)
class Scored(Event):
    score: Score


# weights
@dataclass(frozen=True, slots=True)
class ModelsFound(Event):
    """The hub's answer to a search, most downloaded first."""

    results: tuple[SearchResult, ...]


@dataclass(frozen=True, slots=True)
class ModelPlanned(Event):
    """A model on the hub whose header was read."""

    repository: str
    plan: RunPlan


@dataclass(frozen=True, slots=True)
class LoadForeseen(Event):
    """What a model would take and give if it were loaded in a way that a person thinks of."""

    outlook: LoadOutlook


@dataclass(frozen=True, slots=True)
class ConnectionTested(Event):
    """One of the sources that downloads come from; one event each."""

    reached: Reached


@dataclass(frozen=True, slots=True)
class DownloadPlanned(Event):
    plan: DownloadPlan


@dataclass(frozen=True, slots=True)
class DownloadProgressed(Event):
    progress: DownloadProgress


@dataclass(frozen=True, slots=True)
class DownloadVerified(Event):
    model: InstalledModel


@dataclass(frozen=True, slots=True)
class DownloadsListed(Event):
    """The queue of downloads, topmost first; under job 0 whenever it changes."""

    downloads: tuple[QueuedDownload, ...]


@dataclass(frozen=True, slots=True)
class ModelsListed(Event):
    models: tuple[InstalledModel, ...]


@dataclass(frozen=True, slots=True)
class LibraryListed(Event):
    """Everything that is kept on this machine, also what cannot be used now; and the trash."""

    entries: tuple[LibraryEntry, ...]
    trash: tuple[TrashedModel, ...]


@dataclass(frozen=True, slots=True)
class ModelsSeen(Event):
    """What other programs, or a folder, hold."""

    look: Look


@dataclass(frozen=True, slots=True)
class ModelRead(Event):
    """A model is being verified or moved."""

    path: str  # of its first file, before a move
    done_bytes: int
    total_bytes: int
    copying: bool = False  # else its checksum is compared


@dataclass(frozen=True, slots=True)
class ModelVerified(Event):
    path: str


@dataclass(frozen=True, slots=True)
class ModelMoved(Event):
    old_path: str
    new_path: str


@dataclass(frozen=True, slots=True)
class ModelRemoved(Event):
    """A download went to the trash; or, with None, a model of others was taken off the list."""

    path: str
    name: str
    trashed: TrashedModel | None


@dataclass(frozen=True, slots=True)
class TrashEmptied(Event):
    freed_bytes: int


# the runtime
@dataclass(frozen=True, slots=True)
class RuntimeStateChanged(Event):
    state: RuntimeState
    reason: Sentence | None = None  # set when crashed
    model: str = ""  # path of the model whose state it is


@dataclass(frozen=True, slots=True)
class LoadProgressed(Event):
    fraction: float  # 0 to 1; with mmap it jumps


@dataclass(frozen=True, slots=True)
class ModelLoaded(Event):
    model: InstalledModel
    facts: ModelFacts


@dataclass(frozen=True, slots=True)
class PromptProgressed(Event):
    """Prompt tokens read so far."""

    done: int
    total: int
    reused: int


@dataclass(frozen=True, slots=True)
class TokenDelta(Event):
    """A piece of an answer: whole characters, one or more tokens."""

    text: str
    reasoning: bool
    tokens: int
    logprobs: tuple[TokenLogprob, ...] = ()  # when asked for


@dataclass(frozen=True, slots=True)
class GenerationFinished(Event):
    stats: AnswerStats
    reason: StopReason


@dataclass(frozen=True, slots=True)
class ToolCalled(Event):
    """The model asks for a tool to be called; its answer ends with StopReason.TOOL_CALLS."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Embedded(Event):
    """A vector for each text, in order, each of length 1 (L2 norm)."""

    vectors: tuple[tuple[float, ...], ...]
    tokens: int  # read in all


@dataclass(frozen=True, slots=True)
class EngineSeen(Event):
    """The answer to a look at the engine."""

    status: EngineStatus


# serving other programs
@dataclass(frozen=True, slots=True)
class ServerChanged(Event):
    """The API of this program was switched on or off, or has ended by itself."""

    address: str  # "http://127.0.0.1:8437/v1"; "" while off
    key: str = ""  # that clients have to show; "" while none is needed
    own_key: bool = False  # the key was made here, so that a new one can be
    elsewhere: tuple[str, ...] = ()  # addresses for other computers
    reason: Sentence | None = None  # why it ended by itself


# other machines
@dataclass(frozen=True, slots=True)
class NodesListed(Event):
    """Machines that were added, in their order; told again as each of them answers or does not."""

    nodes: tuple[NodeSeen, ...]


@dataclass(frozen=True, slots=True)
class LendingChanged(Event):
    """This machine is lent to others, or no more; a guest has come or gone."""

    key: str = ""  # that opens it; "" while it is not lent
    addresses: tuple[str, ...] = ()  # "HOST:PORT" of this machine, for those who add it
    devices: tuple[tuple[str, int], ...] = ()  # name, bytes that a model may take
    guest: str = ""  # who computes here now
    refused: str = ""  # who came last without the key
    reason: Sentence | None = None  # why it ended by itself


@dataclass(frozen=True, slots=True)
class RemoteTried(Event):
    """A remote endpoint answered with the models it has."""

    models: tuple[str, ...]


# conversations
@dataclass(frozen=True, slots=True)
class ConversationsListed(Event):
    conversations: tuple[ConversationSummary, ...]
    folders: tuple[Folder, ...] = ()
    trash: tuple[TrashedConversation, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatsSearched(Event):
    found: ChatsFound


@dataclass(frozen=True, slots=True)
class ChatsExported(Event):
    path: str
    count: int


@dataclass(frozen=True, slots=True)
class ChatsImported(Event):
    taken: int
    known: int  # that were there already
    refused: int  # entries of the file that are no conversations


@dataclass(frozen=True, slots=True)
class ConversationOpened(Event):
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A user message was stored, or an answer began (state STREAMING)."""

    conversation_id: int
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class MessageChanged(Event):
    """An answer ended: complete, stopped, cut or interrupted."""

    conversation_id: int
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class DraftsListed(Event):
    """What was typed and not sent, by conversation; None: for one that has not begun."""

    drafts: Mapping[int | None, str]


@dataclass(frozen=True, slots=True)
class FileRead(Event):
    """A file that can be sent with a message."""

    path: str
    file: AttachedFile


@dataclass(frozen=True, slots=True)
class ShelfRead(Event):
    """Prompts and presets, as they are kept now."""

    shelf: Shelf


# the machine, live
@dataclass(frozen=True, slots=True)
class HistoryRead(Event):
    """What was measured on the last days."""

    history: MachineHistory


@dataclass(frozen=True, slots=True)
class TelemetrySampled(Event):
    sample: TelemetrySample
