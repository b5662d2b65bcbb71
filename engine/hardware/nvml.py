"""NVIDIA's management library, opened once and read card by card. No other module imports pynvml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pynvml

from engine.hardware.report import PcieLink

NvmlError: type[Exception] = pynvml.NVMLError
MOST_CARDS = 64
_LONGEST_NAME = 200
# What the bindings make of texts that are none and of counts that cannot be.
_NONSENSE = (ValueError, OverflowError, IndexError, MemoryError)


@dataclass(frozen=True, slots=True)
class NvmlCard:
    """What does not change while the program runs. A field the driver does not tell is 0 or ""."""

    handle: Any  # pynvml keeps its type to itself
    name: str
    pci_id: str
    total_bytes: int
    free_bytes: int
    driver: str
    pcie: PcieLink | None = None


@dataclass(frozen=True, slots=True)
class NvmlReading:
    used_bytes: int
    total_bytes: int
    utilisation: float  # 0 to 1
    power_w: float | None
    temperature_c: float | None


def has_library() -> bool:
    """False where NVIDIA's driver is not installed at all."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        return False
    except NvmlError:
        return True  # it is there and says why it does not work: `cards` raises the same
    pynvml.nvmlShutdown()
    return True


class Nvml:
    """An open session with the library.

    Raises: NvmlError, on opening, when there is no library, no driver, or they do not match.
    """

    def __init__(self) -> None:
        pynvml.nvmlInit()

    def close(self) -> None:
        pynvml.nvmlShutdown()

    def cards(self) -> tuple[NvmlCard, ...]:
        """Raises: NvmlError, when the cards cannot even be counted."""
        driver = _text(_told(pynvml.nvmlSystemGetDriverVersion) or "")
        count = min(pynvml.nvmlDeviceGetCount(), MOST_CARDS)
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]
        return tuple(_card(handle, driver) for handle in handles)

    def read(self, card: NvmlCard) -> NvmlReading:
        """The card now. Raises: NvmlError, when even its memory is not told."""
        memory = pynvml.nvmlDeviceGetMemoryInfo(card.handle)
        utilisation = _told(lambda: pynvml.nvmlDeviceGetUtilizationRates(card.handle).gpu)
        power = _told(lambda: pynvml.nvmlDeviceGetPowerUsage(card.handle))
        temperature = _told(lambda: pynvml.nvmlDeviceGetTemperature(card.handle, pynvml.NVML_TEMPERATURE_GPU))
        return NvmlReading(
            used_bytes=min(int(memory.used), int(memory.total)),
            total_bytes=int(memory.total),
            utilisation=min(1.0, (utilisation or 0) / 100),
            power_w=None if power is None else power / 1000,
            temperature_c=None if temperature is None else float(temperature),
        )

    def memory_of(self, card: NvmlCard, pid: int) -> int:
        """Bytes that a process holds on the card; 0 where the driver does not tell (in a container
        it sees other process ids, on Windows it keeps the figure to itself)."""
        processes = _told(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(card.handle)) or []
        return sum(int(one.usedGpuMemory or 0) for one in processes if one.pid == pid)


def short_pci_id(bus_id: str) -> str:
    """NVML writes the domain with eight digits, the kernel with at least four: "0000:01:00.0"."""
    domain, _, rest = bus_id.strip().lower().partition(":")
    return f"{domain.lstrip('0').rjust(4, '0')}:{rest}" if rest else domain


def _card(handle: Any, driver: str) -> NvmlCard:
    memory = _told(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))  # none on unified memory
    bus = _told(lambda: pynvml.nvmlDeviceGetPciInfo(handle).busId)
    return NvmlCard(
        handle=handle,
        name=_text(_told(lambda: pynvml.nvmlDeviceGetName(handle)) or "NVIDIA"),
        pci_id=short_pci_id(_text(bus)) if bus else "",
        total_bytes=int(memory.total) if memory else 0,
        free_bytes=min(int(memory.free), int(memory.total)) if memory else 0,
        driver=driver,
        pcie=_link(handle),
    )


def _link(handle: Any) -> PcieLink | None:
    """None for a card that is not told to sit on PCIe, such as a part of a chip."""
    asked = (
        pynvml.nvmlDeviceGetCurrPcieLinkGeneration,
        pynvml.nvmlDeviceGetCurrPcieLinkWidth,
        pynvml.nvmlDeviceGetMaxPcieLinkGeneration,
        pynvml.nvmlDeviceGetMaxPcieLinkWidth,
    )
    told = [_told(lambda ask=ask: ask(handle)) for ask in asked]
    generation, width, most_generation, most_width = (int(one or 0) for one in told)
    if generation < 1 or width < 1:
        return None
    return PcieLink(generation, width, max(generation, most_generation), max(width, most_width))


def _told(ask: Any) -> Any:
    """What the driver answers; None for what this card does not support, may not tell or tells badly."""
    try:
        return ask()
    except (NvmlError, *_NONSENSE):
        return None


def _text(value: str | bytes) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST_NAME]
