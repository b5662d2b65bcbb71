"""The sampler over real processes."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.events import Event, TelemetrySampled, new_job_id
from engine.telemetry.gpu_readings import AmdReadings, GpuReadings, open_readings
from engine.telemetry.sample import GpuSample, TelemetrySample
from engine.telemetry.sampler import Sampler

MIB = 2**20


class Heard:
    """Collects samples and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: queue.Queue[Event] = queue.Queue()

    def next(self) -> TelemetrySample:
        event = self.events.get(timeout=60)
        assert isinstance(event, TelemetrySampled)
        return event.sample

    def until(self, right: Callable[[TelemetrySample], bool]) -> None:
        """Some were on their way: the right one comes after them."""
        deadline = time.monotonic() + 60
        while not right(self.next()):
            assert time.monotonic() < deadline


def no_gpus() -> list[GpuReadings]:
    return []


def test_reads_the_machine_and_a_worker_until_it_dies() -> None:
    heard, job = Heard(), new_job_id()
    sampler = Sampler(heard.events.put, job, 0.05, no_gpus)
    program = "import sys; held = b'x' * (80 * 2**20); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        sampler.start()
        try:
            first = heard.next()
            assert first.model_memory_bytes == 0
            assert 0 < first.memory_used_bytes < first.memory_total_bytes
            assert 0 <= first.cpu <= 1
            sampler.watch(worker.pid)
            heard.until(lambda sample: sample.model_memory_bytes > 80 * MIB)
            worker.kill()
            worker.wait(60)
            heard.until(lambda sample: sample.model_memory_bytes == 0)
            sampler.watch(worker.pid)  # long gone
            assert heard.next().model_memory_bytes == 0
        finally:
            sampler.stop()


def test_no_event_and_no_thread_after_stop() -> None:
    heard = Heard()
    sampler = Sampler(heard.events.put, new_job_id(), 0.02, no_gpus)
    sampler.start()
    heard.next()
    sampler.stop()
    count = heard.events.qsize()
    for thread in threading.enumerate():
        if thread.name == "telemetry":
            thread.join(60)
            assert not thread.is_alive()
    assert heard.events.qsize() == count
    Sampler(heard.events.put, new_job_id()).stop()  # never started


class Flaky:
    def __init__(self) -> None:
        self.reads = 0
        self.closed = 0

    def read(self, pid: int | None) -> tuple[tuple[GpuSample, ...], int]:
        self.reads += 1
        if self.reads > 1:
            raise OSError("fell off the bus")
        return (GpuSample("card", 1, 2, 0.5, None, None),), 7

    def close(self) -> None:
        self.closed += 1


def test_a_probe_that_failed_is_left_alone() -> None:
    heard, flaky = Heard(), Flaky()
    opened: list[int] = []

    def open_flaky() -> list[GpuReadings]:
        opened.append(1)
        return [flaky]

    sampler = Sampler(heard.events.put, new_job_id(), 0.02, open_flaky)
    sampler.start()
    try:
        first = heard.next()
        assert first.model_vram_bytes == 7 and first.gpus[0].utilisation == 0.5
        for _ in range(5):
            assert heard.next().gpus == ()
    finally:
        sampler.stop()
    assert (flaky.reads, flaky.closed, len(opened)) == (2, 1, 1)


def test_amd_figures_come_from_sysfs(tmp_path: Path) -> None:
    card = tmp_path / "sys/bus/pci/devices/0000:03:00.0"
    (card / "hwmon/hwmon4").mkdir(parents=True)
    files = {
        "class": "0x030000",
        "vendor": "0x1002",
        "device": "0x744c",
        "uevent": "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0",
        "mem_info_vram_total": "1000",
        "mem_info_vram_used": "400",
        "gpu_busy_percent": "85",
        "hwmon/hwmon4/power1_average": "212000000",
        "hwmon/hwmon4/temp1_input": "63000",
    }
    for name, text in files.items():
        (card / name).write_text(text + "\n")
    source = next(one for one in open_readings(tmp_path) if isinstance(one, AmdReadings))
    assert source.read(None) == ((GpuSample("AMD 744c", 400, 1000, 0.85, 212.0, 63.0),), 0)
    (card / "mem_info_vram_total").unlink()
    with pytest.raises(OSError):
        source.read(None)
