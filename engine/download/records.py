"""What was verified: a small JSON record beside every finished file, written when it is published.

One record a file, replaced atomically, so that no two processes ever edit the same one.
Records are read as hostile: anything odd in one makes it count as absent.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from engine.download.names import name_problem
from engine.whole_file import replace_file

SUFFIX = ".json"  # of NAME.gguf.json
_LARGEST_RECORD_BYTES = 1 << 20
_MOST_SHARDS = 10_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A published file. `mtime_ns` and `size_bytes` tell whether it is still the one that was verified."""

    repository: str
    commit: str
    quantization: str
    path: str  # inside the repository, and below the repository's folder
    size_bytes: int
    sha256: str
    mtime_ns: int
    shards: tuple[str, ...]  # paths of all files of the model, this one among them
    verified_at: float = 0.0  # when its checksum last matched, in seconds since 1970; 0: an older record
    told: bool = True  # False: nobody told its checksum; `sha256` is that of what arrived


def record_path(final: Path) -> Path:
    return final.with_name(final.name + SUFFIX)


def write_record(final: Path, record: VerifiedFile) -> None:
    """Raises: OSError."""
    replace_file(record_path(final), json.dumps(asdict(record), indent=1).encode("ascii"))


def read_record(final: Path) -> VerifiedFile | None:
    """The record of a file, or None when there is none, it is damaged, or the file is another now."""
    record = stored_record(final)
    try:
        status = final.stat()
    except OSError:
        return None
    if record is None or (status.st_size, status.st_mtime_ns) != (record.size_bytes, record.mtime_ns):
        return None
    return record


def stored_record(final: Path) -> VerifiedFile | None:
    """The record as it was written, whatever became of the file since."""
    path = record_path(final)
    try:
        if path.stat().st_size > _LARGEST_RECORD_BYTES:
            return None
        record = _parsed(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError):
        return None
    return record if record is not None and final.as_posix().endswith("/" + record.path) else None


def doubt_record(final: Path) -> None:
    """The file turned out not to be what was verified: it does not count as that any more.

    Raises: OSError.
    """
    record = stored_record(final)
    if record is not None:
        write_record(final, replace(record, mtime_ns=-1, verified_at=0.0))


def repository_root(final: Path, record: VerifiedFile) -> Path:
    """The folder that the paths of a record are relative to."""
    return final.parents[record.path.count("/")]


def _parsed(stored: object) -> VerifiedFile | None:
    if not isinstance(stored, dict):
        return None
    texts = [stored.get(key) for key in ("repository", "commit", "quantization", "path", "sha256")]
    numbers = [stored.get(key) for key in ("size_bytes", "mtime_ns")]
    shards = stored.get("shards")
    if not all(type(number) is int for number in numbers) or not isinstance(shards, list):
        return None
    if not all(isinstance(text, str) for text in [*texts, *shards]) or not 0 < len(shards) <= _MOST_SHARDS:
        return None
    if stored["path"] not in shards or any(name_problem(shard) for shard in shards):
        return None
    if not _SHA256.fullmatch(stored["sha256"]):
        return None
    verified_at = stored.get("verified_at", 0.0)
    if type(verified_at) not in (int, float) or not 0 <= verified_at < 1e12:
        verified_at = 0.0
    plain = (*VerifiedFile.__slots__[:7],)
    known = {key: stored[key] for key in plain}
    told = stored.get("told", True) is not False
    return VerifiedFile(**known, shards=tuple(shards), verified_at=float(verified_at), told=told)
