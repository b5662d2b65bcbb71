"""What a download is and where it stands. Values only; sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TransferState(StrEnum):
    QUEUED = "queued"
    FETCHING = "fetching"
    PAUSED = "paused"
    VERIFYING = "verifying"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file on a hub at a pinned commit."""

    path: str  # inside the repository, checked to be a plain relative path
    size_bytes: int
    sha256: str  # 64 lower-case hex digits


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """Everything a transfer needs; made once from the hub's answer. Shards are one item."""

    endpoint: str
    repository: str
    commit: str
    quantization: str
    files: tuple[RemoteFile, ...]  # in shard order
    folder: str  # destination

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    state: TransferState
    done_bytes: int
    total_bytes: int
    speed_bytes_per_second: float  # over the last 3 s; 0 in a stall
    seconds_left: float | None
    file: str  # the one at work
    waiting_for: str = ""  # "", "network", "server" (busy): why nothing moves
