"""Real measurements on this machine, small; and that nothing is left behind however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.errors import Cancelled, LoadError, ProbeError
from engine.hardware.bandwidth import measure_memory
from engine.hardware.check import check, quick_report
from engine.hardware.cpu import probe_cpu
from engine.hardware.disk import probe_disk
from engine.hardware.report import CheckProgress, CheckStep, DeviceFacts
from engine.hardware.report_json import report_from_json, report_to_json
from engine.hardware.ssd import measure_disk
from engine.hardware.vulkan import VulkanCard, vulkan_cards

MIB = 2**20

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measured on Linux only")


def ignore(fraction: float, rate: float) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Skips where the temporary folder is no disk: there is nothing to measure then."""
    if probe_disk(tmp_path).filesystem in ("tmpfs", "overlay"):
        pytest.skip("the temporary folder is not on a disk")
    return tmp_path


def test_memory_bandwidth() -> None:
    seen: list[tuple[float, float]] = []
    measured = measure_memory(
        replace(probe_cpu(), l3_bytes=16 * MIB),
        2048 * MIB,
        lambda *news: seen.append(news),
        CancelToken(),
        seconds=0.4,
    )
    assert measured.bytes_per_second == max(rate for _, rate in measured.sweep)
    assert 2e8 < measured.bytes_per_second < 5e12
    assert measured.threads in dict(measured.sweep)
    assert seen and all(0 <= fraction <= 1 and rate > 0 for fraction, rate in seen)
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)


def test_disk_with_a_temporary_file(folder: Path) -> None:
    seen: list[tuple[float, float]] = []
    measured = measure_disk(
        probe_disk(folder), (), lambda *news: seen.append(news), CancelToken(), 0.5, most_bytes=64 * MIB
    )
    assert 1e6 < measured.bytes_per_second < 60e9
    assert seen and seen[-1][0] == 1.0
    assert list(folder.iterdir()) == []


def test_disk_with_a_model_writes_nothing(folder: Path) -> None:
    model = folder / "model.gguf"
    model.write_bytes(os.urandom(40 * MIB))
    with model.open("rb") as file:
        os.fsync(file.fileno())
    before = model.stat()
    full = replace(probe_disk(folder), free_bytes=0)  # a temporary file would be refused
    assert measure_disk(full, [model], ignore, CancelToken(), 0.3).bytes_per_second > 1e6
    assert model.stat().st_mtime_ns == before.st_mtime_ns
    assert list(folder.iterdir()) == [model]


def test_a_sparse_model_is_not_read(folder: Path) -> None:
    model = folder / "model.gguf"
    with model.open("wb") as file:
        file.truncate(512 * MIB)
    full = replace(probe_disk(folder), free_bytes=0)
    with pytest.raises(ProbeError) as refused:
        measure_disk(full, [model], ignore, CancelToken(), 0.3)
    assert refused.value.message.code == "disk_too_full"


def test_memory_that_looks_like_a_disk_is_refused() -> None:
    if not Path("/dev/shm").is_dir() or probe_disk(Path("/dev/shm")).filesystem != "tmpfs":
        pytest.skip("no tmpfs here")
    with pytest.raises(ProbeError) as refused:
        measure_disk(probe_disk(Path("/dev/shm")), (), ignore, CancelToken(), 0.3)
    assert refused.value.message.code == "disk_in_memory"
    # Even if it went by another name, what came from memory is found out.
    disguised = replace(probe_disk(Path("/dev/shm")), filesystem="ext4")
    with pytest.raises(ProbeError) as refused:
        measure_disk(disguised, (), ignore, CancelToken(), 0.3, most_bytes=64 * MIB)
    assert refused.value.message.code in ("disk_cached", "disk_no_direct_read")


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    disk = replace(probe_disk(tmp_path / "none"), filesystem="ext4")
    with pytest.raises(ProbeError) as refused:
        measure_disk(disk, (), ignore, CancelToken(), 0.3)
    assert refused.value.message.code == "disk_folder_missing"


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.6])
def test_cancelling_leaves_no_file(folder: Path, delay: float) -> None:
    token = CancelToken()
    timer = threading.Timer(delay, token.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        measure_disk(probe_disk(folder), (), ignore, token, 10.0, most_bytes=256 * MIB)
    timer.join()
    assert list(folder.iterdir()) == []


def test_sigkill_leaves_no_file(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from engine.cancellation import CancelToken\n"
        "from engine.hardware.disk import probe_disk\n"
        "from engine.hardware.ssd import measure_disk\n"
        "told = lambda fraction, rate: print('reading', flush=True)\n"
        "measure_disk(probe_disk(Path(sys.argv[1])), (), told, CancelToken(), 60.0, 64 * 2**20)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert list(folder.iterdir()) == []


def no_devices() -> tuple[DeviceFacts, ...]:
    return ()


def test_whole_check_in_order_with_a_failing_probe(tmp_path: Path) -> None:
    def broken() -> tuple[DeviceFacts, ...]:
        raise LoadError.of("nvidia_driver_failed", reason="no answer")

    news: list[CheckProgress] = []
    begun = time.monotonic()

    def crashed() -> tuple[VulkanCard, ...]:
        return vulkan_cards([sys.executable, "-c", "import os; os.abort()"])

    report = check([tmp_path, tmp_path / "more"], broken, news.append, CancelToken(), (), crashed)
    assert time.monotonic() - begun < 120
    order = list(dict.fromkeys(one.step for one in news))
    assert order == list(CheckStep)
    for step in CheckStep:
        fractions = [one.fraction for one in news if one.step is step]
        assert fractions[0] == 0.0 and fractions[-1] == 1.0 and fractions == sorted(fractions)
    last = {one.step: one.partial for one in news if one.partial is not None}
    assert last[CheckStep.CPU] == report.cpu
    assert last[CheckStep.MEMORY_BANDWIDTH] == report.memory
    assert last[CheckStep.DISK] == report.disks[-1]
    codes = {remark.code for remark in report.remarks}
    # Each step has a few seconds, which are too few where others have all processors; and that is said.
    in_time = "check_step_slow" not in codes
    assert not in_time or report.memory.bandwidth is not None
    assert len(report.disks) >= 2 and report.disks[0].read == report.disks[1].read
    assert "nvidia_driver_failed" in codes
    assert not in_time or "vulkan_failed" in codes
    assert list(tmp_path.iterdir()) == []
    assert report_from_json(report_to_json(report)) == report


def test_a_probe_that_raises_anything_is_a_remark(tmp_path: Path) -> None:
    def broken() -> tuple[DeviceFacts, ...]:
        raise RuntimeError("no such driver")

    report = quick_report([tmp_path], broken)
    (remark,) = [one for one in report.remarks if one.code == "check_step_failed"]
    assert "no such driver" in str(remark.values["reason"])
    assert report.cpu.logical_cores >= 1 and report.disks[0].total_bytes > 0


def test_a_probe_that_hangs_costs_its_own_part_only(tmp_path: Path) -> None:
    hangs = threading.Event()
    try:
        report = quick_report([tmp_path], _hanging(hangs))
    finally:
        hangs.set()
    slow = [one.values["step"] for one in report.remarks if one.code == "check_step_slow"]
    assert "gpu" in slow
    assert report.cpu.logical_cores >= 1 and report.disks[0].total_bytes > 0


@pytest.mark.parametrize("step", list(CheckStep))
def test_check_is_cancelled_in_every_step(tmp_path: Path, step: CheckStep) -> None:
    token = CancelToken()
    hangs = threading.Event()

    def cancel_there(news: CheckProgress) -> None:
        if news.step is step:
            token.cancel()

    try:
        with pytest.raises(Cancelled):
            check([tmp_path], _hanging(hangs) if step is CheckStep.GPU else no_devices, cancel_there, token)
    finally:
        hangs.set()
    assert list(tmp_path.iterdir()) == []


def _hanging(until: threading.Event) -> Callable[[], tuple[DeviceFacts, ...]]:
    def hang() -> tuple[DeviceFacts, ...]:
        until.wait(30)
        return ()

    return hang
