"""Parts of downloads that no queue knows of: of an older program, or of a queue that was lost."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.download.names import quantization_of
from engine.download.queue import QueueEntry, QueueState
from engine.download.repositories import is_repository

_SUFFIX = ".gguf.part"
_MOST_LOOKED_AT = 100_000


def unfinished_downloads(models: Path, known: Iterable[QueueEntry]) -> tuple[QueueEntry, ...]:
    """An entry, paused, for every model in that folder with parts of which `known` has nothing."""
    seen = {entry.key for entry in known}
    found = []
    for repository, path in _parts(models):
        quantization = quantization_of(path.removesuffix(".part"))
        entry = QueueEntry("", repository, quantization, str(models), QueueState.PAUSED)
        if entry.key not in seen:
            seen.add(entry.key)
            found.append(entry)
    return tuple(found)


def _parts(models: Path) -> Iterator[tuple[str, str]]:
    """(repository, path inside it) of every part file."""
    looked_at = 0
    for folder, _, names in os.walk(models):
        looked_at += len(names) + 1
        if looked_at > _MOST_LOOKED_AT:
            return
        parts = Path(folder).relative_to(models).parts
        repository = "/".join(parts[:2])
        if len(parts) < 2 or not is_repository(repository):
            continue
        for name in sorted(names):
            if name.endswith(_SUFFIX):
                yield repository, "/".join((*parts[2:], name))
