"""The check of a machine: every probe in order, with live progress; a failing one never stops it."""

from __future__ import annotations

import logging
import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import psutil

from engine.cancellation import CancelToken
from engine.errors import Cancelled, DesksideError, ProbeError
from engine.hardware.bandwidth import measure_memory
from engine.hardware.cpu import probe_cpu
from engine.hardware.disk import probe_disk
from engine.hardware.gpu import nvml_cards, probe_gpus
from engine.hardware.memory import probe_memory
from engine.hardware.report import (
    CheckProgress,
    CheckStep,
    CpuInfo,
    DeviceFacts,
    DiskInfo,
    GpuInfo,
    HardwareReport,
    MemoryInfo,
)
from engine.hardware.ssd import MOST_BYTES, measure_disk
from engine.hardware.volumes import further_folders, volumes
from engine.hardware.vulkan import VulkanCard
from engine.messages import Sentence, sentence

log = logging.getLogger(__name__)

Found = TypeVar("Found")
ListDevices = Callable[[], tuple[DeviceFacts, ...]]
ListVulkan = Callable[[], tuple[VulkanCard, ...]]
Progress = Callable[[CheckProgress], None]

# The whole check ends within 20 s; each step gets a part of it, a probe that hangs no more.
_WHOLE_S = 20.0
_QUICK_S = 2.0
_CARDS_S = 3.0
_DEVICES_S = 5.0
_VULKAN_S = 3.0
_MEASURE_S = 3.0
_MEASURE_LIMIT_S = 10.0
_DISK_LIMIT_S = 9.0
# Disks beside the one that models are kept on get a shorter look.
_FURTHER_S = 1.0
# Firmware and integrated graphics keep so much of the memory to themselves, and no more.
_RESERVED_SHARE = 0.15
_FURTHER_BYTES = 256 * 2**20
# Looked at that often, and a cancelled step is waited for that long: together below 250 ms.
_LOOK_S = 0.03
_FAREWELL_S = 0.15


def check(
    folders: Sequence[Path],
    list_devices: ListDevices,
    progress: Progress,
    token: CancelToken,
    model_files: Sequence[Path] = (),
    list_vulkan: ListVulkan | None = None,
) -> HardwareReport:
    """Looks at this machine and measures it, in at most 20 s.

    `folders` hold models: their disks are measured first, once each, then every other disk of this
    machine that could. `list_devices` gives ggml's list, `list_vulkan` that of Vulkan's loader; both
    may raise a DesksideError. `progress` may be called from another thread.
    What fails becomes a remark of the report.
    Raises: Cancelled, within 250 ms of `token.cancel()`.
    """
    run = _Check(progress, token)
    cpu = run.cpu()
    memory = run.memory()
    gpus = run.gpus(list_devices, list_vulkan)
    memory = run.memory_bandwidth(cpu, memory)
    disks = run.disks(folders, model_files)
    measured = [memory.bandwidth, *(disk.read for disk in disks)]
    busy = any(one is not None and one.busy for one in measured)
    if busy:
        run.remarks.append(sentence("machine_busy"))
    return _report(cpu, memory, gpus, disks, busy, run.remarks)


def quick_report(folders: Sequence[Path], list_devices: ListDevices | None = None) -> HardwareReport:
    """The same without measuring anything, in well under a second where no probe hangs.

    Without `list_devices` no GPU counts as usable.
    """
    run = _Check(lambda news: None, CancelToken())
    cpu = run.cpu()
    memory = run.memory()
    gpus = run.gpus(list_devices, None)
    return _report(cpu, memory, gpus, run.disks(folders, (), measured=False), False, run.remarks)


def _report(
    cpu: CpuInfo,
    memory: MemoryInfo,
    gpus: tuple[GpuInfo, ...],
    disks: tuple[DiskInfo, ...],
    busy: bool,
    remarks: Sequence[Sentence],
) -> HardwareReport:
    return HardwareReport(
        created_at=datetime.now(UTC).astimezone(),
        system=f"{platform.system()} {platform.release()}".strip(),
        cpu=cpu,
        memory=memory,
        gpus=gpus,
        disks=disks,
        busy=busy,
        remarks=tuple(remarks),
    )


@dataclass(slots=True)
class _Check:
    """One run: collects remarks and keeps the deadline."""

    progress: Progress
    token: CancelToken
    remarks: list[Sentence] = field(default_factory=list)
    deadline: float = field(default_factory=lambda: time.monotonic() + _WHOLE_S)

    def cpu(self) -> CpuInfo:
        self.progress(CheckProgress(CheckStep.CPU, 0.0))
        cpu = self._attempt(CheckStep.CPU, lambda _: probe_cpu(), _QUICK_S) or _unknown_cpu()
        self.remarks += cpu_remarks(cpu, psutil.cpu_count(logical=False))
        self.progress(CheckProgress(CheckStep.CPU, 1.0, partial=cpu))
        return cpu

    def memory(self) -> MemoryInfo:
        self.progress(CheckProgress(CheckStep.MEMORY, 0.0))
        memory = self._attempt(CheckStep.MEMORY, lambda _: probe_memory(), _QUICK_S)
        memory = memory or MemoryInfo(0, 0, None, 0, False, None)
        self.remarks += memory_remarks(memory)
        self.progress(CheckProgress(CheckStep.MEMORY, 1.0, partial=memory))
        return memory

    def gpus(self, list_devices: ListDevices | None, list_vulkan: ListVulkan | None) -> tuple[GpuInfo, ...]:
        self.progress(CheckProgress(CheckStep.GPU, 0.0))
        devices = None
        if list_devices is not None:
            devices = self._attempt(CheckStep.GPU, lambda _: list_devices(), _DEVICES_S)
        self.progress(CheckProgress(CheckStep.GPU, 0.5))
        vulkan: tuple[VulkanCard, ...] = ()
        if list_vulkan is not None:
            vulkan = self._attempt(CheckStep.GPU, lambda _: list_vulkan(), _VULKAN_S) or ()
        self.progress(CheckProgress(CheckStep.GPU, 0.7))
        nvidia = self._attempt(CheckStep.GPU, lambda _: nvml_cards(), _CARDS_S) or ()
        self.progress(CheckProgress(CheckStep.GPU, 0.9))
        merge = partial(probe_gpus, devices, lambda: nvidia, vulkan=vulkan)
        found = self._attempt(CheckStep.GPU, lambda _: merge(), _CARDS_S)
        gpus, remarks = found or ((), ())
        self.remarks += remarks
        self.progress(CheckProgress(CheckStep.GPU, 1.0, partial=gpus))
        return gpus

    def memory_bandwidth(self, cpu: CpuInfo, memory: MemoryInfo) -> MemoryInfo:
        step = CheckStep.MEMORY_BANDWIDTH
        self.progress(CheckProgress(step, 0.0))

        def measure(token: CancelToken) -> MemoryInfo:
            def seen(fraction: float, rate: float) -> None:
                self._measuring(CheckProgress(step, min(fraction, 0.99), rate), token)

            measured = measure_memory(cpu, memory.available_bytes, seen, token, _MEASURE_S)
            return replace(memory, bandwidth=measured)

        measured = self._attempt(step, measure, _MEASURE_LIMIT_S) or memory
        rate = measured.bandwidth.bytes_per_second if measured.bandwidth else None
        self.progress(CheckProgress(step, 1.0, rate, measured))
        return measured

    def disks(
        self, folders: Sequence[Path], model_files: Sequence[Path], measured: bool = True
    ) -> tuple[DiskInfo, ...]:
        """One DiskInfo for each folder; folders on one disk share its measurement. When measured, each
        further disk follows."""
        self.progress(CheckProgress(CheckStep.DISK, 0.0))
        given = len(folders)
        if measured:
            # A dead disk in the list of mounts costs this list, never the disk of the models.
            more = self._attempt(CheckStep.DISK, lambda _: further_folders(folders, volumes()), _QUICK_S)
            folders = (*folders, *(more or ()))
        known: dict[tuple[str, str], DiskInfo] = {}
        disks: list[DiskInfo] = []
        for index, folder in enumerate(folders):
            disk = self._attempt(CheckStep.DISK, partial(_probe_disk, folder), _QUICK_S)
            if disk is None:
                continue
            key = (disk.mount_point, disk.device)
            if key in known:
                disk = replace(disk, read=known[key].read, reason=known[key].reason)
            elif measured:
                disk = self._with_speed(disk, model_files, index, len(folders), further=index >= given)
            known.setdefault(key, disk)
            disks.append(disk)
            rate = disk.read.bytes_per_second if disk.read else None
            self.progress(CheckProgress(CheckStep.DISK, (index + 1) / len(folders), rate, disk))
        if len(disks) < len(folders) or not folders:  # the last one told no news of its own
            self.progress(CheckProgress(CheckStep.DISK, 1.0))
        return tuple(disks)

    def _with_speed(
        self, disk: DiskInfo, files: Sequence[Path], index: int, count: int, further: bool
    ) -> DiskInfo:
        seconds, most = (_FURTHER_S, _FURTHER_BYTES) if further else (_MEASURE_S, MOST_BYTES)
        # Writing a test file may take as long as reading it.
        if self.deadline - time.monotonic() < seconds + 1:
            return replace(disk, reason=sentence("disk_out_of_time", path=disk.path))

        def measure(token: CancelToken) -> DiskInfo:
            def seen(fraction: float, rate: float) -> None:
                whole = (index + min(fraction, 0.99)) / count
                self._measuring(CheckProgress(CheckStep.DISK, whole, rate), token)

            return replace(disk, read=measure_disk(disk, files, seen, token, seconds, most))

        try:
            return self._bounded(CheckStep.DISK, measure, _DISK_LIMIT_S)
        except DesksideError as error:
            return replace(disk, reason=error.message)

    def _measuring(self, news: CheckProgress, token: CancelToken) -> None:
        """From the thread of a step: silent once the step was given up."""
        if not token.cancelled:
            self.progress(news)

    def _attempt(self, step: CheckStep, work: Callable[[CancelToken], Found], seconds: float) -> Found | None:
        """What the work finds; None and a remark when it fails or hangs. Raises: Cancelled."""
        try:
            return self._bounded(step, work, seconds)
        except DesksideError as error:
            self.remarks.append(error.message)
            return None

    def _bounded(self, step: CheckStep, work: Callable[[CancelToken], Found], seconds: float) -> Found:
        """Runs the work in a thread of its own, since a driver or a dead network drive may hang.

        Raises: Cancelled; DesksideError, the work's own or one for what it did not foresee.
        """
        seconds = max(0.1, min(seconds, self.deadline - time.monotonic()))
        task = _Task(work)
        task.start()
        deadline = time.monotonic() + seconds
        while not task.done.wait(_LOOK_S):
            if self.token.cancelled or time.monotonic() > deadline:
                task.token.cancel()
                task.done.wait(_FAREWELL_S)
                break
        self.token.raise_if_cancelled()
        if task.error is None and task.found:
            return task.found[0]
        if isinstance(task.error, DesksideError):
            raise task.error
        if task.error is None or isinstance(task.error, Cancelled):
            raise ProbeError.of("check_step_slow", step=step.value, seconds=round(seconds))
        log.error("the %s step failed", step.value, exc_info=task.error)
        reason = f"{type(task.error).__name__}: {task.error}"
        raise ProbeError.of("check_step_failed", step=step.value, reason=reason[:300]) from task.error


class _Task(Generic[Found]):
    """A piece of work with a token of its own, given up on without being waited for."""

    def __init__(self, work: Callable[[CancelToken], Found]) -> None:
        self._work = work
        self.token = CancelToken()
        self.done = threading.Event()
        self.found: list[Found] = []
        self.error: BaseException | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="check", daemon=True).start()

    def _run(self) -> None:
        try:
            self.found.append(self._work(self.token))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self.error = error
        finally:
            self.done.set()


def cpu_remarks(cpu: CpuInfo, described_cores: int | None) -> list[Sentence]:
    """Limits on this process, and a second opinion on the number of physical cores."""
    remarks = []
    if cpu.usable_cores < cpu.logical_cores:
        usable = f"{cpu.usable_cores:.3g}"
        remarks.append(sentence("cores_limited", usable=usable, logical=cpu.logical_cores))
    if described_cores is not None and described_cores != cpu.physical_cores:
        remarks.append(sentence("cores_disagree", topology=cpu.physical_cores, described=described_cores))
    return remarks


def memory_remarks(memory: MemoryInfo) -> list[Sentence]:
    """Limits that make the memory smaller than what is built in."""
    total = f"{memory.total_bytes / 2**30:.1f} GiB"
    remarks = []
    if memory.limit_bytes is not None:
        limit = f"{memory.limit_bytes / 2**30:.1f} GiB"
        remarks.append(sentence("memory_limited", limit=limit, total=total))
    if memory.wsl:
        remarks.append(sentence("memory_wsl", total=total))
    built_in = sum(module.size_bytes for module in memory.modules)
    if built_in and not memory.wsl and abs(built_in - memory.total_bytes) > _RESERVED_SHARE * built_in:
        modules = f"{built_in / 2**30:.1f} GiB"
        remarks.append(sentence("memory_disagrees", total=total, modules=modules))
    return remarks


def _probe_disk(folder: Path, _: CancelToken) -> DiskInfo:
    return probe_disk(folder)


def _unknown_cpu() -> CpuInfo:
    """When the probe failed: a number of processors is known all the same."""
    logical = os.cpu_count() or 1
    machine = platform.machine()
    return CpuInfo(machine, machine, logical, logical, logical, float(logical), (), None)
