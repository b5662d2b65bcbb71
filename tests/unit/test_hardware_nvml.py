"""NVIDIA's library answers anything: a stand-in for it fills whatever it is handed with noise."""

from __future__ import annotations

import ctypes
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pynvml
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ProbeError
from engine.hardware.check import quick_report
from engine.hardware.gpu import nvml_cards, probe_gpus
from engine.hardware.nvml import MOST_CARDS
from engine.hardware.report import DeviceFacts
from engine.telemetry.gpu_readings import NvidiaReadings, open_readings

SUCCESS = 0
INSUFFICIENT_SIZE = 7


class NoisyLibrary:
    """Every function of NVML: writes noise into its results and says `code`, or success mostly."""

    def __init__(self) -> None:
        self.noise = random.Random(0)
        self.codes: tuple[int, ...] = (SUCCESS,)
        self.count: int | None = None
        self.until: threading.Event | None = None

    def __getattr__(self, name: str) -> Callable[..., int]:
        def answer(*results: Any) -> int:
            if self.until is not None:
                self.until.wait(60)
            if name.startswith(("nvmlInit", "nvmlShutdown")):
                return SUCCESS
            if "RunningProcesses" in name:  # the bindings take room for as many as they are told
                results[1]._obj.value = self.noise.randrange(2000)
                return self.noise.choice(self.codes)
            for result in results:
                self._fill(getattr(result, "_obj", result))
            if name.startswith("nvmlDeviceGetCount") and self.count is not None:
                results[0]._obj.value = self.count
            return self.noise.choice(self.codes)

        return answer

    def _fill(self, result: Any) -> None:
        if isinstance(result, ctypes._SimpleCData | ctypes.Structure | ctypes.Array):
            size = ctypes.sizeof(result)
            ctypes.memmove(ctypes.addressof(result), self.noise.randbytes(size), size)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[NoisyLibrary]:
    noisy = NoisyLibrary()
    monkeypatch.setattr(pynvml, "nvmlLib", noisy)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    yield noisy


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 2**32),
    st.lists(st.sampled_from([SUCCESS, SUCCESS, 1, 3, INSUFFICIENT_SIZE, 13, 15, 999, 77]), min_size=1),
    st.sampled_from([0, 1, 3, 2**31, 2**32 - 1, None]),
)
def test_noise_ends_in_cards_or_a_sentence(
    library: NoisyLibrary, seed: int, codes: list[int], count: int | None
) -> None:
    library.noise, library.codes, library.count = random.Random(seed), tuple(codes), count
    try:
        cards = nvml_cards()
    except ProbeError as error:
        assert error.message.code == "nvidia_driver_failed"
        return
    assert len(cards) <= MOST_CARDS
    gpus, _ = probe_gpus((), ask_nvml=lambda: cards)
    for gpu in gpus:
        assert 0 <= gpu.vram_free_bytes <= gpu.vram_bytes or gpu.vram_bytes == 0
        assert gpu.name.isprintable() and len(gpu.name) <= 200


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.lists(st.sampled_from([SUCCESS, SUCCESS, 3, 7, 15]), min_size=1))
def test_live_figures_of_noise_are_figures(library: NoisyLibrary, seed: int, codes: list[int]) -> None:
    library.noise, library.codes, library.count = random.Random(seed), tuple(codes), 2
    try:
        found = [one for one in open_readings() if isinstance(one, NvidiaReadings)]
        for readings in found:
            samples, held = readings.read(1)
            assert held >= 0
            assert all(
                0 <= one.used_bytes <= one.total_bytes and 0 <= one.utilisation <= 1 for one in samples
            )
            readings.close()
    except OSError as error:
        assert str(error)


def test_a_driver_that_hangs_hides_nothing_that_others_find(library: NoisyLibrary, tmp_path: Path) -> None:
    library.until = threading.Event()
    card = DeviceFacts("CUDA0", "NVIDIA GeForce RTX 4090", "gpu", 23 * 2**30, 24 * 2**30)
    try:
        report = quick_report([tmp_path], lambda: (card,))
    finally:
        library.until.set()
    found = [gpu for gpu in report.gpus if gpu.name == card.description]
    assert [(gpu.usable, gpu.vram_bytes) for gpu in found] == [(True, 24 * 2**30)]
    assert "check_step_slow" in [remark.code for remark in report.remarks]
