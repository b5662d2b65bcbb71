"""Graphics cards on Windows, by DXGI. Its calls are written from Microsoft's documentation and not run
here; what it answers is parsed by `described_card`, which is.

Numbers in `_call` are places in the interfaces' tables of methods (dxgi.h, dxgi1_4.h).
"""

from __future__ import annotations

import ctypes
import struct
import uuid
from typing import Any

from engine.hardware.gpu_card import SystemCard, is_software

# DXGI_ADAPTER_DESC1 of 64-bit programs: name in UTF-16, four ids, three sizes, LUID, flags
_DESCRIPTION = struct.Struct("<256s4I3Q8sI4x")
_MEMORY = struct.Struct("<4Q")  # DXGI_QUERY_VIDEO_MEMORY_INFO: budget, in use, two reservations
_SOFTWARE_FLAG = 2  # DXGI_ADAPTER_FLAG_SOFTWARE
_VENDORS = {0x10DE: "NVIDIA", 0x1002: "AMD", 0x1022: "AMD", 0x8086: "Intel", 0x5143: "Qualcomm"}
_FACTORY1 = uuid.UUID("770aae78-f26f-4dba-a829-253c83d1b387")
_ADAPTER3 = uuid.UUID("645967a4-1392-4310-a798-8053ce3e93fd")
_DEVICE = uuid.UUID("54ec77fa-1377-44e6-8c32-88fd5f44c84c")
_MOST_BYTES = 2**50
_MOST_ADAPTERS = 32
# Windows gives an integrated GPU a small window of "dedicated" memory, which is system memory too.
_INTEGRATED_BYTES = 600 * 2**20


def windows_cards() -> tuple[SystemCard, ...]:
    """Only on 64-bit Windows. Raises: OSError, when DXGI cannot be asked."""
    create = ctypes.CDLL("dxgi.dll").CreateDXGIFactory1
    factory = ctypes.c_void_p()
    if create(_FACTORY1.bytes_le, ctypes.byref(factory)) < 0:
        raise OSError("DXGI has no factory")
    cards: list[SystemCard] = []
    try:
        for index in range(_MOST_ADAPTERS):
            adapter = ctypes.c_void_p()
            if _call(factory, 12, ctypes.c_uint(index), ctypes.byref(adapter)) < 0:
                break  # DXGI_ERROR_NOT_FOUND ends the list
            try:
                card = _ask(adapter)
            finally:
                _call(adapter, 2)
            if card is not None:
                cards.append(card)
    finally:
        _call(factory, 2)
    return tuple(cards)


def described_card(description: bytes, memory: bytes, driver: int) -> SystemCard | None:
    """From DXGI_ADAPTER_DESC1, DXGI_QUERY_VIDEO_MEMORY_INFO (may be empty) and the driver's version.

    None for a software adapter, and for an answer that cannot be.
    """
    if len(description) != _DESCRIPTION.size:
        return None
    text, vendor, _, _, _, dedicated, own_system, shared, _, flags = _DESCRIPTION.unpack(description)
    name = text.decode("utf-16-le", "replace").partition("\0")[0].strip()[:200]
    sizes = (dedicated, own_system, shared)
    if flags & _SOFTWARE_FLAG or is_software(name) or max(sizes) > _MOST_BYTES:
        return None
    integrated = dedicated <= _INTEGRATED_BYTES and vendor != 0x10DE
    free = _free_bytes(memory)
    return SystemCard(
        pci_id="",
        vendor=_VENDORS.get(vendor, ""),
        name=name or "GPU",
        driver="wddm" if driver else "",
        vram_bytes=0 if integrated else dedicated,
        vram_free_bytes=0 if integrated else min(dedicated, dedicated if free is None else free),
        shared_bytes=shared + (dedicated if integrated else 0),
        integrated=integrated,
        driver_version=version_words(driver),
        shared_free_bytes=free if integrated else None,
        found_by="dxgi",
    )


def version_words(driver: int) -> str:
    """The four words of a Windows driver's version: "31.0.15.5222"; "" for none."""
    words = [driver >> shift & 0xFFFF for shift in (48, 32, 16, 0)]
    return ".".join(str(word) for word in words) if driver else ""


def _free_bytes(memory: bytes) -> int | None:
    if len(memory) != _MEMORY.size:
        return None
    budget, used, _, _ = _MEMORY.unpack(memory)
    return max(0, int(budget) - int(used)) if budget <= _MOST_BYTES else None


def _ask(adapter: ctypes.c_void_p) -> SystemCard | None:
    description = ctypes.create_string_buffer(_DESCRIPTION.size)
    if _call(adapter, 10, description) < 0:
        return None
    version = ctypes.c_int64()
    supported = _call(adapter, 9, _DEVICE.bytes_le, ctypes.byref(version)) >= 0
    driver = version.value & (2**64 - 1) if supported else 0
    return described_card(description.raw, _memory_of(adapter), driver)


def _memory_of(adapter: ctypes.c_void_p) -> bytes:
    """Of the local segment; empty before Windows 10."""
    third = ctypes.c_void_p()
    if _call(adapter, 0, _ADAPTER3.bytes_le, ctypes.byref(third)) < 0:
        return b""
    try:
        memory = ctypes.create_string_buffer(_MEMORY.size)
        told = _call(third, 14, ctypes.c_uint(0), ctypes.c_int(0), memory)
        return memory.raw if told >= 0 else b""
    finally:
        _call(third, 2)


def _call(this: ctypes.c_void_p, place: int, *given: Any) -> int:
    """A method of a COM object, by its place in the table; an HRESULT, negative for a failure."""
    table = ctypes.cast(this, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
    kinds = [
        type(value) if isinstance(value, ctypes.c_uint | ctypes.c_int) else ctypes.c_void_p for value in given
    ]
    # stdcall and cdecl are one and the same in 64-bit Windows
    method = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *kinds)(table[place] or 0)
    return int(method(this, *given))
