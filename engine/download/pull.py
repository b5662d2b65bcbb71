"""Pulling a plan: files in order, each resumed, fetched, verified and published.

A file gets its final `.gguf` name by an atomic rename, and only when its checksum is the hub's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.disk_errors import disk_error
from engine.download.endpoints import checked_endpoint, environment_token, shown
from engine.download.fetcher import Fetcher
from engine.download.journal import Journal
from engine.download.meter import WINDOW_SECONDS, SpeedMeter
from engine.download.mirrors import with_mirrors
from engine.download.names import model_name_of, name_problem
from engine.download.origin import Source, reserves, sources_of
from engine.download.partfile import PartPaths, allocated_bytes, destination_lock, preallocate
from engine.download.records import VerifiedFile, read_record, record_path, write_record
from engine.download.segments import recheck_unfinished, sha256_of
from engine.download.sizes import size_text
from engine.download.steps import Failure, Trouble
from engine.download.transfer import Transfer
from engine.download.trials import Trials
from engine.download.tuning import Tuning
from engine.download.values import DownloadPlan, DownloadProgress, RemoteFile, TransferState
from engine.errors import Cancelled, DataFolderError, DiskFull, DownloadError

_REPORT_SECONDS = 0.2
_SPARE_FRACTION = 0.02  # of what is still to come, left free on the disk
_SMALL_SEGMENT_BYTES = 1 << 20
_SEGMENTS_OF_SMALL_FILES = 64  # enough to keep all connections busy to the end


def pull(
    plan: DownloadPlan,
    progress: Callable[[DownloadProgress], None],
    token: CancelToken,
    hub_token: str | None = None,
    tuning: Tuning | None = None,
) -> InstalledModel:
    """Fetches what is missing of a plan; blocks, so run it on a job's thread.

    `progress` is called about five times a second, from this thread. Cancelling `token` pauses:
    the part file stays and the next pull goes on from it. Network losses are waited out.

    Raises: Cancelled; DiskFull (what arrived is kept); DownloadError; DataFolderError.
    """
    item = _Item(plan, progress)
    tuning = tuning or Tuning()
    if plan.commit:  # a file that is in no repository is never asked for with a token
        hub_token = hub_token or environment_token(checked_endpoint(plan.endpoint))
    try:
        for file in plan.files:
            destination(plan, file).final.parent.mkdir(parents=True, exist_ok=True)
        with destination_lock(destination(plan, plan.files[0]).lock, plan.files[0].path):
            _pull_all(plan, item, token, hub_token, tuning)
    except (Cancelled, DiskFull):
        item.report(TransferState.PAUSED)
        raise
    except DownloadError:
        item.report(TransferState.FAILED)
        raise
    except OSError as error:
        item.report(TransferState.FAILED)
        raise disk_error(plan.folder, error) from error
    item.report(TransferState.COMPLETE)
    return installed_model(plan)


def missing_bytes(plan: DownloadPlan) -> int:
    """What a plan still takes of its disk, beyond what its part files have reserved. Raises: OSError."""
    missing = 0
    for file in plan.files:
        paths = destination(plan, file)
        if read_record(paths.final) is None:
            missing += max(0, file.size_bytes - allocated_bytes(paths.part))
    return missing


def installed_model(plan: DownloadPlan) -> InstalledModel:
    """The model that a plan becomes once it is pulled."""
    first = plan.files[0]
    final = destination(plan, first).final
    record = read_record(final)
    return InstalledModel(
        path=str(final),
        name=model_name_of(first.path),
        quantization=plan.quantization,
        size_bytes=sum(file.size_bytes for file in plan.weights),
        source="hub",
        repository="" if plan.at_address else plan.repository,
        sha256=first.sha256 or (record.sha256 if record else ""),
        verified=all(file.sha256 for file in plan.files),
    )


class _Item:
    """Progress of all files of a plan as one item."""

    def __init__(self, plan: DownloadPlan, progress: Callable[[DownloadProgress], None]) -> None:
        self._total = plan.size_bytes
        self._progress = progress
        self._meter = SpeedMeter()
        self._last: tuple[float, TransferState, str] | None = None
        self._done = 0
        self._source = ""
        self._grown_at = time.monotonic()
        self.file = plan.files[0].path
        self.before = 0  # bytes of the files that are finished

    def step(self, state: TransferState, done_of_file: int, waiting_for: str, source: str = "") -> None:
        """Called often; tells every change of state, else five times a second."""
        now = time.monotonic()
        if self.before + done_of_file != self._done or state is not TransferState.FETCHING:
            self._grown_at = now
        if now - self._grown_at > WINDOW_SECONDS:
            waiting_for = waiting_for or Trouble.NETWORK  # a stall, before it ends the connection
        if self._last and self._last[1:] == (state, waiting_for) and now - self._last[0] < _REPORT_SECONDS:
            return
        self._last = (now, state, waiting_for)
        self._source = source
        self._done = self.before + done_of_file
        self._meter.note(now, self._done)
        self._tell(state, self._meter.bytes_per_second(), waiting_for)

    def report(self, state: TransferState) -> None:
        """How it ended, or that it waits."""
        if state is TransferState.COMPLETE:
            self._done = self._total
        self._tell(state, 0.0, "")

    def _tell(self, state: TransferState, speed: float, waiting_for: str) -> None:
        moving = state is TransferState.FETCHING and speed > 0
        left = (self._total - self._done) / speed if moving else None
        shown_speed = speed if state is TransferState.FETCHING else 0.0
        self._progress(
            DownloadProgress(
                state, self._done, self._total, shown_speed, left, self.file, waiting_for, self._source
            )
        )


def _pull_all(
    plan: DownloadPlan, item: _Item, token: CancelToken, hub_token: str | None, tuning: Tuning
) -> None:
    missing = []
    for file in plan.files:
        if _is_finished(plan, file, item, token):
            item.before += file.size_bytes
        else:
            missing.append(file)
    _check_room(plan, missing, tuning)
    if missing:
        mirrors = () if plan.at_address else tuning.mirrors
        named = with_mirrors(replace(plan, files=tuple(missing)), mirrors)
        missing = list(named.files)
    trials = Trials(tuning.stall_seconds)
    for file in missing:
        token.raise_if_cancelled()
        item.file = file.path
        sources = trials.ordered(sources_of(plan, file, hub_token), token)
        # Another quantization of the model may be fetched beside this one, and wants the same projector.
        with _own_lock(plan, file):
            _pull_file(plan, file, sources, item, token, tuning)
        item.before += file.size_bytes


def _pull_file(
    plan: DownloadPlan,
    file: RemoteFile,
    sources: tuple[Source, ...],
    item: _Item,
    token: CancelToken,
    tuning: Tuning,
) -> None:
    paths = destination(plan, file)
    paths.quarantine.unlink(missing_ok=True)
    if not paths.part.exists():
        paths.journal.unlink(missing_ok=True)
    journal = Journal(
        paths.journal, file.size_bytes, _segment_bytes(file.size_bytes, tuning), _identity(file), plan.commit
    )
    try:
        preallocate(paths.part, file.size_bytes)
        recheck_unfinished(paths.part, journal)
        transfer = Transfer(
            file.size_bytes,
            file.sha256,
            journal.segment_size,
            list(journal.done),
            sources=len(sources),
            reserve=reserves(sources),
            validator="" if file.sha256 else file.validator,
        )
        fetcher = Fetcher(sources, paths, journal, transfer, tuning)
        fetcher.run(token, item.step)
    finally:
        journal.close()
    if transfer.failure is not None:
        _raise_failure(transfer.failure, plan, file, paths, fetcher.disk_reason)
    _publish(plan, file, paths, transfer.sha256)


def _is_finished(plan: DownloadPlan, file: RemoteFile, item: _Item, token: CancelToken) -> bool:
    """Whether the final file is there and is the one of the plan. It is read only if no record tells.

    Raises: Cancelled; DownloadError, when a file of someone else has that name.
    """
    final = destination(plan, file).final
    if not final.exists():
        return False
    record = read_record(final)
    if record is not None:
        return record.sha256 == file.sha256 or (not file.sha256 and record.size_bytes == file.size_bytes)
    item.file = file.path

    def step(done: int) -> None:
        token.raise_if_cancelled()
        item.step(TransferState.VERIFYING, done, "")

    if final.stat().st_size != file.size_bytes or sha256_of(final, step) != file.sha256:
        if record_path(final).exists():
            return False  # ours, changed since: fetched again and replaced
        raise DownloadError.of("destination_taken", path=str(final))
    write_record(final, _record(plan, file, final, file.sha256))
    return True


def _identity(file: RemoteFile) -> str:
    """What makes a part file one of this very file: its checksum, else all that its server tells of it."""
    told = f"{file.elsewhere}\n{file.validator}" if not file.sha256 else ""
    return file.sha256 or hashlib.sha256(told.encode()).hexdigest()


def _check_room(plan: DownloadPlan, missing: list[RemoteFile], tuning: Tuning) -> None:
    """Raises: DiskFull before anything is fetched; OSError."""
    needed = 0
    for file in missing:
        needed += max(0, file.size_bytes - allocated_bytes(destination(plan, file).part))
    needed += max(int(needed * _SPARE_FRACTION), tuning.floor_bytes if needed else 0)
    free = tuning.free_bytes(Path(plan.folder))
    if needed > free:
        raise DiskFull.of(
            "disk_too_small", folder=plan.folder, needed=size_text(needed), free=size_text(free)
        )


def _publish(plan: DownloadPlan, file: RemoteFile, paths: PartPaths, sha256: str) -> None:
    """Raises: OSError."""
    with paths.part.open("r+b") as part:
        os.fsync(part.fileno())
    paths.part.replace(paths.final)
    write_record(paths.final, _record(plan, file, paths.final, sha256))
    paths.journal.unlink(missing_ok=True)
    if os.name == "posix":  # the new name itself must survive a power loss
        folder = os.open(paths.final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _record(plan: DownloadPlan, file: RemoteFile, final: Path, sha256: str) -> VerifiedFile:
    return VerifiedFile(
        repository="" if plan.at_address else plan.repository,
        commit=plan.commit,
        quantization=plan.quantization,
        path=file.path,
        size_bytes=file.size_bytes,
        sha256=sha256,
        mtime_ns=final.stat().st_mtime_ns,
        shards=_belonging(plan, file),
        verified_at=time.time(),
        told=bool(file.sha256),
    )


def destination(plan: DownloadPlan, file: RemoteFile) -> PartPaths:
    problem = name_problem(file.path)
    if problem:
        raise DownloadError.of("file_name_refused", name=shown(file.path), reason=problem)
    return PartPaths(Path(plan.folder) / file.path)


def _segment_bytes(size: int, tuning: Tuning) -> int:
    small = -(-size // _SEGMENTS_OF_SMALL_FILES)
    return min(tuning.segment_bytes, max(_SMALL_SEGMENT_BYTES, small))


def _own_lock(plan: DownloadPlan, file: RemoteFile) -> contextlib.AbstractContextManager[None]:
    """Of a file that is not only this plan's. Raises: DownloadError when it is taken; OSError."""
    if file.path in {own.path for own in plan.weights}:  # places of `file` may have been added since
        return contextlib.nullcontext()
    return destination_lock(destination(plan, file).lock, file.path)


def _belonging(plan: DownloadPlan, file: RemoteFile) -> tuple[str, ...]:
    """The files that are one model together. A projector is of several quantizations, and stands alone."""
    weights = tuple(shard.path for shard in plan.weights)
    return weights if file.path in weights else (file.path,)


def _raise_failure(
    failure: Failure, plan: DownloadPlan, file: RemoteFile, paths: PartPaths, disk_reason: str
) -> None:
    if failure is Failure.DISK_FULL:
        raise DiskFull.of("disk_filled_up", path=str(paths.part))
    if failure is Failure.DISK_FLOOR:
        raise DiskFull.of("disk_at_floor", path=str(paths.part))
    if failure is Failure.DISK:
        raise DataFolderError.of("data_folder_unwritable", path=str(paths.part), reason=disk_reason)
    kept = ""
    if failure is Failure.MISMATCH:
        paths.part.replace(paths.quarantine)
        paths.journal.unlink(missing_ok=True)
        kept = str(paths.quarantine)
    raise DownloadError.of(
        f"download_{failure}",
        name=file.path,
        repository=shown(plan.repository),
        endpoint=shown(plan.endpoint),
        kept=kept,
    )
