"""Graphics cards on macOS, by system_profiler and Metal. Written from Apple's documentation and not run
here; what system_profiler answers is parsed by `profiled_cards`, which is.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
from typing import Any

from engine.hardware.gpu_card import SystemCard
from engine.hardware.gpu_names import vendor_of

_PROFILER = ("/usr/sbin/system_profiler", "SPDisplaysDataType", "-json")
_SECONDS = 2.5  # less than the check waits for all cards together
_MOST_CARDS = 32
_MOST_BYTES = 2**50
_UNITS = {"MB": 2**20, "GB": 2**30}
_METAL = "/System/Library/Frameworks/Metal.framework/Metal"


def macos_cards() -> tuple[SystemCard, ...]:
    """Only on macOS. Raises: OSError, when system_profiler cannot be run."""
    try:
        asked = subprocess.run(_PROFILER, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"system_profiler gave no answer in {_SECONDS:.0f} s") from error
    return profiled_cards(asked.stdout, _working_set_bytes())


def profiled_cards(answer: bytes, working_set_bytes: int) -> tuple[SystemCard, ...]:
    """`working_set_bytes` is what Metal recommends to use at most of a GPU that shares the memory
    (recommendedMaxWorkingSetSize); 0 where it is not known. Entries that make no sense are left out."""
    try:
        listed = json.loads(answer)
    except (ValueError, RecursionError):
        return ()
    entries = listed.get("SPDisplaysDataType") if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        return ()
    cards = (_card(entry, working_set_bytes) for entry in entries[:_MOST_CARDS])
    return tuple(card for card in cards if card is not None)


def _card(entry: Any, working_set_bytes: int) -> SystemCard | None:
    name = entry.get("sppci_model") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name.strip():
        return None
    vram = size_bytes(entry.get("spdisplays_vram"))
    vendor = vendor_of(name)
    own = vram if vendor != "Apple" and "spdisplays_vram_shared" not in entry else 0
    return SystemCard(
        pci_id="",
        vendor=vendor,
        name=name.strip()[:200],
        driver="metal",
        vram_bytes=own,
        vram_free_bytes=own,
        shared_bytes=0 if own else working_set_bytes or size_bytes(entry.get("spdisplays_vram_shared")),
        integrated=not own,
        found_by="metal",
    )


def size_bytes(text: object) -> int:
    """ "8 GB" in binary units, as Apple means them here; 0 for anything else."""
    words = text.split() if isinstance(text, str) else []
    if len(words) != 2 or words[1] not in _UNITS or not words[0].isascii() or not words[0].isdecimal():
        return 0
    return min(int(words[0][:9]) * _UNITS[words[1]], _MOST_BYTES)


def _working_set_bytes() -> int:
    """Metal's recommendedMaxWorkingSetSize of the default device; 0 where Metal does not answer."""
    try:
        metal = ctypes.CDLL(_METAL)
        runtime = ctypes.CDLL("/usr/lib/libobjc.dylib")
    except OSError:
        return 0
    metal.MTLCreateSystemDefaultDevice.restype = ctypes.c_void_p
    device = metal.MTLCreateSystemDefaultDevice()
    if not device:
        return 0
    runtime.sel_registerName.restype = ctypes.c_void_p
    runtime.sel_registerName.argtypes = [ctypes.c_char_p]
    selector = runtime.sel_registerName(b"recommendedMaxWorkingSetSize")
    send = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p)(("objc_msgSend", runtime))
    size = int(send(device, selector))
    return size if size <= _MOST_BYTES else 0
