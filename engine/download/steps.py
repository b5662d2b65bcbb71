"""What a transfer asks of its lanes and is told by them: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """Why a transfer cannot go on."""

    CHANGED = "changed"  # the hub holds another file under this name now
    GATED = "gated"
    REFUSED = "refused"  # 401, 403, or every fresh link is turned down
    MISSING = "missing"
    NONSENSE = "nonsense"  # something between here and the hub answers in its place
    REDIRECTED = "redirected"  # sent on, again and again, to where nobody may follow
    MISMATCH = "mismatch"  # wrong checksum, whatever is fetched again
    CERTIFICATE = "certificate"
    DISK_FULL = "disk_full"
    DISK_FLOOR = "disk_floor"  # no room would be left for others
    FILE_TOO_LARGE = "file_too_large"  # for the file system
    DISK = "disk"


class Trouble(StrEnum):
    """Why a lane waits; these values are `DownloadProgress.waiting_for`."""

    NETWORK = "network"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Resolve:
    """Ask a source where the bytes are, then `resolved` or `resolve_refused` or `dropped`."""

    source: int = 0


@dataclass(frozen=True, slots=True)
class Fetch:
    """Request bytes `start` to `stop` (excluded), then `answered`."""

    start: int
    stop: int
    if_range: str | None
    source: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again after so many seconds, or when anything changed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stop:
    """The lane is not needed any more."""


Action = Resolve | Fetch | Wait | Stop


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the hub says of the file now; None where it does not say."""

    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a chunk that is to be written: chunk[skip : skip + length] at `offset`."""

    segment: int
    skip: int
    offset: int
    length: int
