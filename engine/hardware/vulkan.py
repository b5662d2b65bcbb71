"""Graphics cards by Vulkan's loader, asked in a process of its own: a driver may crash or hang in it.

The structures are those of vulkan_core.h (Vulkan 1.1, VK_EXT_pci_bus_info, VK_EXT_memory_budget).
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_uint8, c_uint32, c_uint64, c_void_p
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import ProbeError
from engine.lifeline import end_with_lifeline, lifeline

VULKAN_WORD = "_vulkan"

_SECONDS = 4.0
_MOST_DEVICES = 32
_MOST_BYTES = 2**50
_MOST_ANSWER = 2**17
_LIBRARIES = {"win32": "vulkan-1.dll", "darwin": "libvulkan.1.dylib"}
_KINDS = {0: "other", 1: "igpu", 2: "gpu", 3: "virtual", 4: "cpu"}  # VkPhysicalDeviceType
_VENDORS = {0x10DE: "NVIDIA", 0x1002: "AMD", 0x8086: "Intel", 0x106B: "Apple"}
_DEVICE_LOCAL = 1  # VK_MEMORY_HEAP_DEVICE_LOCAL_BIT
_VERSION_1_1 = (1 << 22) | (1 << 12)
_NOBODY = 0xFFFFFFFF  # stays where the driver has no such extension


@dataclass(frozen=True, slots=True)
class VulkanCard:
    name: str
    vendor: str
    kind: str  # "gpu", "igpu", "virtual", "cpu" (software such as llvmpipe) or "other"
    pci_id: str  # "" where the driver does not tell
    local_bytes: int  # heaps that are the device's own; on an integrated GPU they are system memory
    shared_bytes: int
    free_bytes: int | None  # of `local_bytes`
    driver: str

    @property
    def is_gpu(self) -> bool:
        return self.kind in ("gpu", "igpu")


def vulkan_cards(command: Sequence[str], seconds: float = _SECONDS) -> tuple[VulkanCard, ...]:
    """What the program `command` (which ends in `main` below) answers; none without a loader.

    Raises: ProbeError, when it crashed, hung or answered nonsense.
    """
    try:
        with lifeline() as stdin:
            asked = subprocess.run(
                list(command), stdin=stdin, capture_output=True, timeout=seconds, check=False
            )
    except subprocess.TimeoutExpired as error:
        raise ProbeError.of("vulkan_failed", reason=f"no answer in {seconds:.0f} s") from error
    except OSError as error:
        raise ProbeError.of("vulkan_failed", reason=error.strerror or str(error)) from error
    if asked.returncode != 0:
        raise ProbeError.of("vulkan_failed", reason=f"its process ended with {asked.returncode}")
    return parse_cards(asked.stdout)


def parse_cards(answer: bytes) -> tuple[VulkanCard, ...]:
    """Believed in nothing but types and bounds. Raises: ProbeError."""
    # Drivers print what they like: the answer is the last line.
    line = answer[-_MOST_ANSWER:].strip().rpartition(b"\n")[2]
    try:
        listed = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProbeError.of("vulkan_failed", reason="its answer is not JSON") from error
    if not isinstance(listed, list) or len(listed) > _MOST_DEVICES:
        raise ProbeError.of("vulkan_failed", reason="its answer is not a list of devices")
    return tuple(_card_of(entry) for entry in listed)


def _card_of(entry: Any) -> VulkanCard:
    names = {field.name for field in fields(VulkanCard)}
    if not isinstance(entry, dict) or entry.keys() != names:
        raise ProbeError.of("vulkan_failed", reason="its answer has other fields")
    for name, value in entry.items():
        if name == "free_bytes" and value is None:
            continue
        numeric = name.endswith("_bytes")
        good = type(value) is int and 0 <= value <= _MOST_BYTES if numeric else isinstance(value, str)
        if not good or (not numeric and len(value) > 300):
            raise ProbeError.of("vulkan_failed", reason=f"{name} cannot be believed")
    return VulkanCard(**entry)


# What follows runs in the child.


class _InstanceInfo(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("flags", c_uint32),
        ("application", c_void_p),
        ("layers", c_uint32),
        ("layer_names", c_void_p),
        ("extensions", c_uint32),
        ("extension_names", POINTER(c_char_p)),
    )


class _ApplicationInfo(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("name", c_char_p),
        ("version", c_uint32),
        ("engine", c_char_p),
        ("engine_version", c_uint32),
        ("api_version", c_uint32),
    )


class _PciBusInfo(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("domain", c_uint32),
        ("bus", c_uint32),
        ("device", c_uint32),
        ("function", c_uint32),
    )


class _DriverInfo(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("id", c_uint32),
        ("name", c_char * 256),
        ("info", c_char * 256),
        ("conformance", c_uint8 * 4),
    )


class _Properties(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("api_version", c_uint32),
        ("driver_version", c_uint32),
        ("vendor", c_uint32),
        ("device", c_uint32),
        ("type", c_uint32),
        ("name", c_char * 256),
        ("rest", c_uint64 * 128),  # limits and the like: 552 bytes, with room to spare
    )


class _Heap(Structure):
    _fields_ = (("size", c_uint64), ("flags", c_uint32))


class _Memory(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("types", c_uint32),
        ("type_list", c_uint32 * 64),
        ("heaps", c_uint32),
        ("heap_list", _Heap * 16),
    )


class _Budget(Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("budget", c_uint64 * 16),
        ("usage", c_uint64 * 16),
    )


def main() -> int:
    """The child: one line of JSON. Exit status 1 when the loader is there and does not work."""
    end_with_lifeline()
    try:
        library = ctypes.CDLL(_LIBRARIES.get(sys.platform, "libvulkan.so.1"))
    except OSError:
        print("[]")  # no loader: no Vulkan, which is no failure
        return 0
    instance = _instance(library)
    if not instance:
        # VK_ERROR_INCOMPATIBLE_DRIVER, or none at all: as many devices as no driver
        print("[]")
        return 0
    count = c_uint32(_MOST_DEVICES)
    handles = (c_void_p * _MOST_DEVICES)()
    if library.vkEnumeratePhysicalDevices(instance, byref(count), handles) < 0:
        return 1
    cards = [_ask(library, c_void_p(handle)) for handle in handles[: count.value] if handle]
    print(json.dumps([asdict(card) for card in cards]))
    return 0


def _instance(library: ctypes.CDLL) -> c_void_p | None:
    application = _ApplicationInfo(0, None, b"deskside", 1, None, 0, _VERSION_1_1)
    info = _InstanceInfo(1, None, 0, ctypes.cast(byref(application), c_void_p), 0, None, 0, None)
    instance = c_void_p()
    created = library.vkCreateInstance(byref(info), None, byref(instance))
    return instance if created == 0 else None


def _ask(library: ctypes.CDLL, device: c_void_p) -> VulkanCard:
    bus = _PciBusInfo(1000212000, None, _NOBODY, _NOBODY, _NOBODY, _NOBODY)
    driver = _DriverInfo(1000196000, ctypes.cast(byref(bus), c_void_p))
    properties = _Properties(1000059001, ctypes.cast(byref(driver), c_void_p))
    library.vkGetPhysicalDeviceProperties2(device, byref(properties))
    budget = _Budget(1000237000)
    memory = _Memory(1000059006, ctypes.cast(byref(budget), c_void_p))
    library.vkGetPhysicalDeviceMemoryProperties2(device, byref(memory))
    heaps = list(memory.heap_list)[: min(memory.heaps, 16)]
    local = [index for index, heap in enumerate(heaps) if heap.flags & _DEVICE_LOCAL]
    left = [max(0, budget.budget[index] - budget.usage[index]) for index in local]
    return VulkanCard(
        name=properties.name.decode("utf-8", "replace"),
        vendor=_VENDORS.get(properties.vendor, ""),
        kind=_KINDS.get(properties.type, "other"),
        pci_id=_pci_id(bus),
        local_bytes=sum(heaps[index].size for index in local),
        shared_bytes=sum(heap.size for index, heap in enumerate(heaps) if index not in local),
        free_bytes=sum(left) if any(left) else None,
        driver=f"{driver.name.decode('utf-8', 'replace')} {driver.info.decode('utf-8', 'replace')}".strip(),
    )


def _pci_id(bus: _PciBusInfo) -> str:
    if _NOBODY in (bus.domain, bus.bus, bus.device, bus.function):
        return ""
    return f"{bus.domain:04x}:{bus.bus:02x}:{bus.device:02x}.{bus.function:x}"
