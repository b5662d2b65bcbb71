"""What is free on cards at this moment, where drivers say so, say nothing, or never answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pynvml
import pytest

from engine.errors import WorkerError
from engine.hardware.check import quick_report
from engine.hardware.report import DeviceFacts, GpuInfo
from engine.hardware.report_json import save_report
from engine.host import surroundings
from engine.host.surroundings import ListDevices, machine_now, report_path
from engine.paths import Paths
from engine.planning.layout import demand_of
from engine.planning.machine import machine_of
from engine.planning.placement import fastest
from engine.planning.plan import KvType
from tests.unit.planning_machines import GIB, published

NAME = "NVIDIA GeForce RTX 4090"
CARD = GpuInfo(NAME, "NVIDIA", "0000:01:00.0", 24 * GIB, 23 * GIB, 0, "570", 1e12, True, None, ("ggml",))
CARDS = (replace(CARD, device="CUDA0"), replace(CARD, pci_id="0000:02:00.0", device="CUDA1"))


class SilentLibrary:
    """NVML that is there, and answers when it is told to, so perhaps never."""

    def __init__(self) -> None:
        self.asked = 0
        self.reached, self.answers = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Callable[..., int]:
        def answer(*_: Any) -> int:
            if name.startswith("nvmlDeviceGetCount"):
                self.asked += 1
                self.reached.set()
                self.answers.wait()
            return 0 if name.startswith(("nvmlInit", "nvmlShutdown")) else 15  # the GPU is lost

        return answer


@pytest.fixture
def silent(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentLibrary]:
    """It falls silent after the check of the machine."""
    library = SilentLibrary()
    monkeypatch.setattr(pynvml, "nvmlLib", library)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(surroundings, "_DRIVER_PATIENCE_S", 0.3)
    monkeypatch.setattr(surroundings, "_driver", surroundings._Driver())
    yield library
    library.answers.set()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")
    save_report(report_path(made), replace(quick_report([made.models]), gpus=CARDS))
    return made


def free(paths: Paths, list_devices: ListDevices | None) -> list[int]:
    return [gpu.vram_free_bytes for gpu in machine_now(paths, list_devices).gpus]


def listed(*free_bytes: int) -> ListDevices:
    devices = [DeviceFacts(f"CUDA{n}", NAME, "gpu", size, 24 * GIB) for n, size in enumerate(free_bytes)]
    return lambda: tuple(devices)


def hangs() -> tuple[DeviceFacts, ...]:
    """As the probe of a worker ends after its patience."""
    raise WorkerError.of("probe_failed", reason="no answer within 20 seconds")


def test_a_driver_that_never_answers_holds_no_load_up(silent: SilentLibrary, paths: Paths) -> None:
    """The engine is asked in its place; where it does not answer either nothing is free on cards, and the
    processor computes. It is not asked a second time while it is silent."""
    assert free(paths, listed(5 * GIB, 6 * GIB)) == [5 * GIB, 6 * GIB]
    assert free(paths, hangs) == [0, 0]
    assert silent.reached.wait(60) and silent.asked == 1
    spec, quantization = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
    here = replace(machine_of(machine_now(paths, hangs)), ram_budget=32 * GIB)
    way = fastest(demand_of(spec.shape, quantization, 8192, KvType.F16), here)
    assert way.runs and not way.parts


def test_a_card_that_is_gone_has_nothing_free(silent: SilentLibrary, paths: Paths) -> None:
    """Fallen off the bus, or unplugged: the engine lists what is left."""
    silent.answers.set()  # it says that the card is lost
    assert free(paths, listed(5 * GIB)) == [5 * GIB, 0]
    assert free(paths, listed()) == [0, 0]


def test_a_driver_that_answers_again_is_asked_again(
    silent: SilentLibrary, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert free(paths, hangs) == [0, 0]
    silent.answers.set()
    asked = surroundings._driver._asked
    assert asked is not None
    asked.join(60)
    monkeypatch.setattr(surroundings, "_DRIVER_PATIENCE_S", 60)
    assert free(paths, hangs) == [0, 0]
    assert silent.asked == 2
