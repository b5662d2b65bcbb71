"""Live figures of graphics cards: NVIDIA's by NVML, AMD's by the kernel's sysfs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.hardware.cgroup import read_number
from engine.hardware.gpu_card import SystemCard
from engine.hardware.gpu_sysfs import sysfs_cards
from engine.hardware.nvml import Nvml, NvmlCard, NvmlError, has_library
from engine.telemetry.sample import GpuSample


class GpuReadings(Protocol):
    """A source of live figures."""

    def read(self, pid: int | None) -> tuple[tuple[GpuSample, ...], int]:
        """All cards now, and the bytes that process holds on them together. Raises: OSError."""

    def close(self) -> None:
        """Lets go of the driver."""


@dataclass(slots=True)
class NvidiaReadings:
    session: Nvml
    cards: tuple[NvmlCard, ...]

    def read(self, pid: int | None) -> tuple[tuple[GpuSample, ...], int]:
        try:
            samples = tuple(self._sample(card) for card in self.cards)
            held = sum(self.session.memory_of(card, pid) for card in self.cards) if pid is not None else 0
        except NvmlError as error:
            raise OSError(str(error)) from error
        return samples, held

    def close(self) -> None:
        self.session.close()

    def _sample(self, card: NvmlCard) -> GpuSample:
        now = self.session.read(card)
        return GpuSample(
            card.name, now.used_bytes, now.total_bytes, now.utilisation, now.power_w, now.temperature_c
        )


@dataclass(slots=True)
class AmdReadings:
    """amdgpu tells no memory by process here: the model's share stays 0."""

    cards: tuple[SystemCard, ...]
    root: Path

    def read(self, pid: int | None) -> tuple[tuple[GpuSample, ...], int]:
        return tuple(self._sample(card) for card in self.cards), 0

    def close(self) -> None:
        """Nothing is held open."""

    def _sample(self, card: SystemCard) -> GpuSample:
        folder = self.root / "sys/bus/pci/devices" / card.pci_id
        total = read_number(folder / "mem_info_vram_total")
        if total is None:
            raise OSError(f"amdgpu tells nothing of {card.pci_id}")
        sensors = next(iter((folder / "hwmon").glob("hwmon*")), folder)
        power = read_number(sensors / "power1_average")  # microwatts
        temperature = read_number(sensors / "temp1_input")  # thousandths of a degree
        return GpuSample(
            name=card.name,
            used_bytes=read_number(folder / "mem_info_vram_used") or 0,
            total_bytes=total,
            utilisation=min(1.0, (read_number(folder / "gpu_busy_percent") or 0) / 100),
            power_w=None if power is None else power / 1e6,
            temperature_c=None if temperature is None else temperature / 1000,
        )


def open_readings(root: Path = Path("/")) -> list[GpuReadings]:
    """Every source that has cards on this machine. Raises: OSError, when a driver is broken."""
    found: list[GpuReadings] = []
    amd = tuple(card for card in sysfs_cards(root) if card.vendor == "AMD" and card.driver == "amdgpu")
    if amd:
        found.append(AmdReadings(amd, root))
    if has_library():
        found.append(_open_nvidia())
    return found


def _open_nvidia() -> NvidiaReadings:
    try:
        session = Nvml()
    except NvmlError as error:
        raise OSError(str(error)) from error
    try:
        return NvidiaReadings(session, session.cards())
    except NvmlError as error:
        session.close()
        raise OSError(str(error)) from error
