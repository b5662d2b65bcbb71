"""Graphics cards: what ggml, NVML, Vulkan and the system say, merged into one list.

ggml decides what is usable, since it does the computing; the others tell what else is in the
machine, so that "no GPU" can be explained.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ProbeError
from engine.hardware.gpu_card import SystemCard, is_software
from engine.hardware.gpu_macos import macos_cards
from engine.hardware.gpu_names import (
    published_bandwidth,
    same_name,
    shares_memory,
    similar_memory,
    vendor_of,
)
from engine.hardware.gpu_sysfs import sysfs_cards
from engine.hardware.gpu_windows import windows_cards
from engine.hardware.nvml import Nvml, NvmlCard, NvmlError, has_library
from engine.hardware.report import DeviceFacts, GpuInfo
from engine.hardware.vulkan import VulkanCard
from engine.messages import Sentence, sentence

_GPU_KINDS = ("gpu", "igpu")
_DRIVER_PAGES = {
    "NVIDIA": "nvidia.com/drivers",
    "AMD": "amd.com/drivers",
    "Intel": "intel.com/drivers",
}


@dataclass(frozen=True, slots=True)
class _Card:
    """A card while the probes are merged; `backends` are those of ggml that list it."""

    info: GpuInfo
    backends: tuple[str, ...] = ()


def nvml_cards() -> tuple[NvmlCard, ...]:
    """NVIDIA's cards by its own library; none without the library.

    Raises: ProbeError, when the driver is there and does not work.
    """
    if not has_library():
        return ()
    try:
        session = Nvml()
        try:
            return session.cards()
        finally:
            session.close()
    except NvmlError as error:
        raise ProbeError.of("nvidia_driver_failed", reason=str(error)) from error


def probe_gpus(
    devices: Sequence[DeviceFacts] | None,
    ask_nvml: Callable[[], tuple[NvmlCard, ...]] = nvml_cards,
    root: Path = Path("/"),
    vulkan: Sequence[VulkanCard] = (),
) -> tuple[tuple[GpuInfo, ...], tuple[Sentence, ...]]:
    """All cards, those that can be computed on first, and remarks on what does not agree.

    `devices` is ggml's list, None when the engine could not be asked. `root` is the file
    system to read on Linux.
    """
    remarks: list[Sentence] = []
    cards = [_Card(_from_system(card)) for card in _system_cards(root, remarks)]
    try:
        found = ask_nvml()
    except ProbeError as error:
        remarks.append(error.message)
        found = ()
    for nvidia in found:
        _add_nvml(cards, nvidia)
    for card in vulkan:
        if card.is_gpu and not is_software(card.name):
            _add_vulkan(cards, card, remarks)
    for device in devices or ():
        if device.kind in _GPU_KINDS and not is_software(device.description):
            _add_ggml(cards, device, remarks)
    some_usable = any(card.info.usable for card in cards)
    gpus = [_finished(card.info, devices is not None, some_usable) for card in cards]
    gpus.sort(key=lambda gpu: (not gpu.usable, -gpu.vram_bytes, gpu.pci_id))
    return tuple(gpus), tuple(remarks)


def _system_cards(root: Path, remarks: list[Sentence]) -> tuple[SystemCard, ...]:
    try:
        if sys.platform == "win32":
            return windows_cards()
        if sys.platform == "darwin":
            return macos_cards()
        return sysfs_cards(root)
    except OSError as error:
        remarks.append(sentence("gpu_system_silent", reason=error.strerror or str(error)))
        return ()


def _from_system(card: SystemCard) -> GpuInfo:
    return GpuInfo(
        name=card.name,
        vendor=card.vendor,
        pci_id=card.pci_id,
        vram_bytes=card.vram_bytes,
        vram_free_bytes=card.vram_free_bytes,
        shared_bytes=card.shared_bytes,
        driver=card.driver,
        bandwidth_bytes_per_second=None,
        usable=False,
        reason=None,
        found_by=(card.found_by,),
        driver_version=card.driver_version,
        pcie=card.pcie,
        shared_free_bytes=card.shared_free_bytes,
    )


def _add_nvml(cards: list[_Card], card: NvmlCard) -> None:
    """NVML knows its own cards better than the kernel: it overwrites the line with the same id."""
    info = GpuInfo(
        name=card.name,
        vendor="NVIDIA",
        pci_id=card.pci_id,
        vram_bytes=card.total_bytes,
        vram_free_bytes=card.free_bytes,
        shared_bytes=0,
        driver=card.driver,
        bandwidth_bytes_per_second=None,
        usable=False,
        reason=None,
        found_by=("nvml",),
        driver_version=card.driver,
        pcie=card.pcie,
    )
    for index, known in enumerate(cards):
        if _same_card(known.info, card.pci_id, card.name, "nvml"):
            joined = replace(info, found_by=("nvml", *known.info.found_by), pcie=info.pcie or known.info.pcie)
            cards[index] = _Card(joined)
            return
    cards.append(_Card(info))


def _same_card(info: GpuInfo, pci_id: str, name: str, probe: str) -> bool:
    """By PCI id where both know it, else by name; a probe lists each card once."""
    if info.pci_id and pci_id:
        return info.pci_id == pci_id
    return probe not in info.found_by and same_name(info.name, name)


def _add_vulkan(cards: list[_Card], card: VulkanCard, remarks: list[Sentence]) -> None:
    """Vulkan fills in what the others left open; its own figure is shown where it differs."""
    own = card.local_bytes if card.kind == "gpu" else 0
    for index, known in enumerate(cards):
        info = known.info
        if not _same_card(info, card.pci_id, card.name, "vulkan"):
            continue
        if own and info.vram_bytes and not similar_memory(info.vram_bytes, own):
            remarks.append(_disagreement(info, "vulkan", own))
        free = own if card.free_bytes is None else min(own, card.free_bytes)
        joined = replace(
            info,
            # A card that the kernel lists by its numbers gets its trade name.
            name=card.name if info.found_by == ("sysfs",) and card.name else info.name,
            pci_id=info.pci_id or card.pci_id,
            vram_bytes=info.vram_bytes or own,
            vram_free_bytes=info.vram_free_bytes if info.vram_bytes else free,
            shared_bytes=info.shared_bytes or (0 if own else card.local_bytes),
            driver_version=info.driver_version or card.driver[:60],
            found_by=(*info.found_by, "vulkan"),
        )
        cards[index] = _Card(joined, known.backends)
        return
    cards.append(_Card(_from_vulkan(card, own)))


def _from_vulkan(card: VulkanCard, own: int) -> GpuInfo:
    return GpuInfo(
        name=card.name,
        vendor=card.vendor,
        pci_id=card.pci_id,
        vram_bytes=own,
        vram_free_bytes=own if card.free_bytes is None else min(own, card.free_bytes),
        shared_bytes=0 if own else card.local_bytes,
        driver=card.driver[:60],
        bandwidth_bytes_per_second=None,
        usable=False,
        reason=None,
        found_by=("vulkan",),
        driver_version=card.driver[:60],
    )


def _add_ggml(cards: list[_Card], device: DeviceFacts, remarks: list[Sentence]) -> None:
    """ggml tells no PCI id: its device is matched by name, or by vendor and memory. Two backends
    (CUDA and Vulkan) may list one card; one backend lists each card once."""
    backend = re.sub(r"\d+$", "", device.name)
    for matches in (_same_model, _same_vendor_and_memory):
        for index, card in enumerate(cards):
            if backend not in card.backends and matches(card.info, device):
                _note_disagreement(card.info, device, remarks)
                cards[index] = _Card(_joined(card.info, device), (*card.backends, backend))
                return
    cards.append(_Card(_joined(_unknown_card(device), device), (backend,)))


def _same_model(info: GpuInfo, device: DeviceFacts) -> bool:
    return same_name(info.name, device.description)


def _same_vendor_and_memory(info: GpuInfo, device: DeviceFacts) -> bool:
    """For cards that the kernel lists without their trade name."""
    if "ggml" in info.found_by or "nvml" in info.found_by or info.vendor != vendor_of(device.description):
        return False
    if device.kind == "igpu":
        return info.vram_bytes == 0
    return info.vram_bytes == 0 or similar_memory(info.vram_bytes, device.memory_total_bytes)


def _unknown_card(device: DeviceFacts) -> GpuInfo:
    return GpuInfo(
        name=device.description or device.name,
        vendor=vendor_of(device.description),
        pci_id="",
        vram_bytes=0,
        vram_free_bytes=0,
        shared_bytes=0,
        driver="",
        bandwidth_bytes_per_second=None,
        usable=False,
        reason=None,
        found_by=(),
    )


def _joined(info: GpuInfo, device: DeviceFacts) -> GpuInfo:
    """`info` with what ggml adds. Memory that belongs to the system never counts as VRAM."""
    unified = device.kind == "igpu" or info.vendor == "Apple" or shares_memory(device.description)
    vram = info.vram_bytes or device.memory_total_bytes
    named_by_kernel = info.found_by == ("sysfs",) and device.description
    return replace(
        info,
        name=device.description if named_by_kernel else info.name,
        vram_bytes=0 if unified else vram,
        vram_free_bytes=0 if unified else min(vram, device.memory_free_bytes or info.vram_free_bytes),
        shared_bytes=max(info.shared_bytes, device.memory_total_bytes) if unified else info.shared_bytes,
        usable=True,
        found_by=tuple(dict.fromkeys(("ggml", *info.found_by))),
        device=info.device or device.name,  # the first back end's, where two list one card
    )


def _note_disagreement(info: GpuInfo, device: DeviceFacts, remarks: list[Sentence]) -> None:
    if device.kind == "igpu" or not info.vram_bytes or not device.memory_total_bytes:
        return
    if not similar_memory(info.vram_bytes, device.memory_total_bytes):
        remarks.append(_disagreement(info, "ggml", device.memory_total_bytes))


def _disagreement(info: GpuInfo, other: str, told_bytes: int) -> Sentence:
    return sentence(
        "gpu_memory_disagrees",
        name=info.name,
        probe=info.found_by[0],
        told=f"{info.vram_bytes / 2**30:.1f} GiB",
        other=other,
        otherwise=f"{told_bytes / 2**30:.1f} GiB",
    )


def _finished(info: GpuInfo, engine_asked: bool, some_usable: bool) -> GpuInfo:
    """With its bandwidth, and with the reason when it cannot be used."""
    memory = info.vram_bytes or info.shared_bytes
    return replace(
        info,
        bandwidth_bytes_per_second=published_bandwidth(info.name, memory),
        reason=None if info.usable else _why_unusable(info, engine_asked, some_usable),
    )


def _why_unusable(info: GpuInfo, engine_asked: bool, some_usable: bool) -> Sentence:
    without_driver = not info.driver or (info.vendor == "NVIDIA" and "nvml" not in info.found_by)
    if without_driver:
        page = _DRIVER_PAGES.get(info.vendor, info.vendor)
        return sentence("gpu_without_driver", name=info.name, page=page)
    if not engine_asked:
        return sentence("gpu_engine_silent", name=info.name)
    code = "gpu_not_listed" if some_usable else "gpu_engine_cpu_only"
    return sentence(code, name=info.name, vendor=info.vendor)
