"""The queue of downloads: a file that outlives every program, and that all programs of a user share.

The order is the order of the file; the topmost that can run, runs. Every change is made under a
lock and replaces the file, so that neither a crash nor two programs at once can damage it.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.download.endpoints import checked_endpoint, is_address, shown
from engine.download.partfile import destination_lock
from engine.download.plan_json import plan_from_json, plan_to_json
from engine.download.repositories import is_repository
from engine.download.values import DownloadPlan
from engine.errors import DataFolderError, DownloadError
from engine.messages import TEMPLATES, Sentence, english
from engine.whole_file import replace_file

_LARGEST_FILE_BYTES = 64 << 20
_MOST_ENTRIES = 1000
_LONGEST_URL = 8192  # signed ones are long
_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.02


class QueueState(StrEnum):
    WAITING = "waiting"  # runs as soon as it is its turn, after a restart too
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One model that is wanted. The plan is None until the hub was asked."""

    endpoint: str
    repository: str  # or the address of a file
    quantization: str  # "" while the hub has not said which is the usual one
    folder: str  # models folder that it goes to
    state: QueueState = QueueState.WAITING
    plan: DownloadPlan | None = None
    done_bytes: int = 0  # as it was last noted; the journal knows better
    failure: Sentence | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is one download: names that differ in case alone are one, as on many disks."""
        return key_of(self.repository, self.quantization)

    @property
    def total_bytes(self) -> int:
        return self.plan.size_bytes if self.plan else 0


Entries = tuple[QueueEntry, ...]


def key_of(repository: str, quantization: str) -> tuple[str, str]:
    return repository.casefold(), quantization.casefold()


def name_of(repository: str, quantization: str) -> str:
    """For people. An address is shown without what may be a secret in it."""
    return shown(repository) if is_address(repository) else f"{repository}:{quantization}".rstrip(":")


class DownloadQueue:
    """Reads the file anew at every call; any thread, any process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> Entries:
        """Empty where there is no file, or none that can be used."""
        return _read(self._path)

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the file is replaced."""
        try:
            status = self._path.stat()
        except OSError:
            return 0, 0
        return status.st_ino, status.st_mtime_ns

    def find(self, key: tuple[str, str]) -> QueueEntry | None:
        return next((entry for entry in self.entries() if entry.key == key), None)

    def change(self, change: Callable[[Entries], Entries]) -> Entries:
        """Replaces the entries by what `change` makes of them. Raises: DataFolderError."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self._path.with_suffix(".lock")):
                before = _read(self._path)
                after = change(before)[:_MOST_ENTRIES]
                if after != before:
                    _write(self._path, after)
        except OSError as error:
            raise DataFolderError.of(
                "data_folder_unwritable", path=str(self._path), reason=error.strerror or str(error)
            ) from error
        return after


# changes
def with_entry(entries: Entries, entry: QueueEntry) -> Entries:
    """In place of the one with the same key, else at the end."""
    if any(each.key == entry.key for each in entries):
        return tuple(entry if each.key == entry.key else each for each in entries)
    return (*entries, entry)


def without(entries: Entries, key: tuple[str, str]) -> Entries:
    return tuple(entry for entry in entries if entry.key != key)


def changed(entries: Entries, key: tuple[str, str], **values: Any) -> Entries:
    """The entry with that key has these values now; nothing happens where there is none."""
    return tuple(replace(entry, **values) if entry.key == key else entry for entry in entries)


def moved(entries: Entries, key: tuple[str, str], position: int) -> Entries:
    """The entry stands at that position, counted from 0; beyond the ends means at the end."""
    entry = next((each for each in entries if each.key == key), None)
    if entry is None:
        return entries
    others = list(without(entries, key))
    others.insert(max(0, position), entry)
    return tuple(others)


def planned(entries: Entries, key: tuple[str, str], plan: DownloadPlan) -> Entries:
    """The hub has answered; an entry that turns out to be another one's twin goes."""
    entry = next((each for each in entries if each.key == key), None)
    if entry is None:
        return entries
    known = replace(entry, plan=plan, quantization=plan.quantization, repository=plan.repository)
    others = without(entries, known.key) if known.key != key else entries
    return tuple(known if each.key == key else each for each in others)


# the file
def _read(path: Path) -> Entries:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            return ()
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    listed = stored.get("downloads") if isinstance(stored, dict) else None
    if not isinstance(listed, list):
        return ()
    known: dict[tuple[str, str], QueueEntry] = {}
    for each in listed[:_MOST_ENTRIES]:
        entry = _entry(each)
        if entry is not None:
            known.setdefault(entry.key, entry)
    return tuple(known.values())


def _write(path: Path, entries: Entries) -> None:
    body = {"downloads": [_stored(entry) for entry in entries]}
    replace_file(path, json.dumps(body, indent=1).encode("ascii"))


def _stored(entry: QueueEntry) -> dict[str, Any]:
    failure = entry.failure
    return {
        "endpoint": entry.endpoint,
        "repository": entry.repository,
        "quantization": entry.quantization,
        "folder": entry.folder,
        "state": entry.state.value,
        "done_bytes": entry.done_bytes,
        "failure": [failure.code, dict(failure.values)] if failure else None,
        "plan": plan_to_json(entry.plan) if entry.plan else None,
    }


def _entry(stored: object) -> QueueEntry | None:
    if not isinstance(stored, dict):
        return None
    texts = [stored.get(key) for key in ("endpoint", "repository", "quantization", "folder")]
    if not all(isinstance(text, str) and len(text) <= _LONGEST_URL and "\0" not in text for text in texts):
        return None
    endpoint, repository, quantization, folder = (str(text) for text in texts)
    done = stored.get("done_bytes")
    if (
        not (is_repository(repository) or _is_usable(repository))
        or not Path(folder).is_absolute()
        or type(done) is not int
    ):
        return None
    try:
        state = QueueState(str(stored.get("state")))
    except ValueError:
        return None
    plan = plan_from_json(stored.get("plan"))
    if plan is not None and (key_of(plan.repository, plan.quantization) != key_of(repository, quantization)):
        plan = None
    failure = _sentence(stored.get("failure"))
    return QueueEntry(endpoint, repository, quantization, folder, state, plan, max(0, done), failure)


def _is_usable(address: str) -> bool:
    try:
        return is_address(address) and bool(checked_endpoint(address))
    except DownloadError:
        return False


def _sentence(stored: object) -> Sentence | None:
    """A sentence that can be shown, else None."""
    if not isinstance(stored, list) or len(stored) != 2:
        return None
    code, values = stored
    if not isinstance(code, str) or code not in TEMPLATES or not isinstance(values, dict):
        return None
    if not all(isinstance(value, str | int | float) for value in values.values()):
        return None
    made = Sentence(code, values)
    try:
        english(made)
    except (KeyError, ValueError, IndexError, AttributeError):
        return None
    return made


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Waits for its turn, as others hold it for milliseconds. Raises: OSError, after 10 s."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(destination_lock(path, path.name))
                break
            except DownloadError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{path.name} stays locked") from error
                time.sleep(_POLL_SECONDS)
        yield
