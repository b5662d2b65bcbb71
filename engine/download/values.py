"""What a download is and where it stands. Values only; sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.download.endpoints import is_address
from engine.download.projectors import is_projector
from engine.messages import Sentence


class TransferState(StrEnum):
    QUEUED = "queued"
    FETCHING = "fetching"
    PAUSED = "paused"
    VERIFYING = "verifying"
    COMPLETE = "complete"
    FAILED = "failed"


class Way(StrEnum):
    """How a source of bytes is spoken to."""

    HUB = "hub"  # the hub, or a mirror that describes files as it does
    PLAIN = "plain"  # any address that knows ranges
    FOLDER = "folder"  # a file of this machine or of a mounted disk
    XET = "xet"  # the hub's storage of chunks


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is: an address, or a path for `FOLDER`."""

    way: Way
    url: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file on a hub at a pinned commit."""

    path: str  # inside the repository, checked to be a plain relative path
    size_bytes: int
    sha256: str  # 64 lower-case hex digits; "" where nobody tells it (plain addresses only)
    elsewhere: tuple[Place, ...] = ()  # other sources of the same content
    validator: str = ""  # ETag or date of a file without a checksum: what makes it the same file


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """Everything a transfer needs; made once from the hub's answer. Shards are one item."""

    endpoint: str  # whose word the sizes and checksums are
    repository: str  # or the address that was asked for
    commit: str  # "" for a file that is in no repository
    quantization: str
    files: tuple[RemoteFile, ...]  # in shard order; behind them the projector, if the model has one
    folder: str  # destination

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def weights(self) -> tuple[RemoteFile, ...]:
        """The shards of the model itself."""
        return tuple(file for file in self.files if not is_projector(file.path)) or self.files

    @property
    def at_address(self) -> bool:
        """Whether it is in no repository, but at a plain address."""
        return is_address(self.repository)


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    state: TransferState
    done_bytes: int
    total_bytes: int
    speed_bytes_per_second: float  # over the last 3 s; 0 in a stall
    seconds_left: float | None
    file: str  # the one at work
    waiting_for: str = ""  # "", "network", "server" (busy): why nothing moves; "turn", "room" while QUEUED
    source: str = ""  # the address that the bytes come from now


@dataclass(frozen=True, slots=True)
class QueuedDownload:
    """A model in the queue, as it is shown. Its progress comes in events of its `job`."""

    repository: str
    quantization: str
    folder: str  # models folder that it goes to
    state: TransferState
    done_bytes: int
    total_bytes: int  # 0 until the hub was asked
    job: int = 0  # of this program; 0 where none works for it here
    failure: Sentence | None = None
    hold: Sentence | None = None  # why it has to wait, beside its turn
