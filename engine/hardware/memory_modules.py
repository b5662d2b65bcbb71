"""Which memory slots are populated, from the firmware's own tables (SMBIOS, DMTF DSP0134, type 17).

Only root may read them on most systems; then nothing is known and nothing is guessed. What stands in
them is believed in nothing but what its lengths allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.hardware.report import MemoryModule

_MIB = 2**20
_TABLES = "sys/firmware/dmi/tables/DMI"
_MOST_BYTES = 2**20
_MOST_MODULES = 256
_MEMORY_DEVICE = 17
_END = 127
_UNKNOWN = 0xFFFF
# DSP0134 7.18.2, the kinds of today's machines
_KINDS = {
    0x18: "DDR3",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1C: "LPDDR2",
    0x1D: "LPDDR3",
    0x1E: "LPDDR4",
    0x20: "HBM",
    0x21: "HBM2",
    0x22: "DDR5",
    0x23: "LPDDR5",
    0x24: "HBM3",
}
_SOCKET = re.compile(r"(?:\bp|cpu|proc(?:essor)?|node|socket)[ _-]?(\d{1,2})", re.IGNORECASE)
_CHANNEL = re.compile(r"(?:channel|\bch)[ _-]?([a-p]|\d{1,2})(?![a-z])", re.IGNORECASE)
_SLOT = re.compile(r"dimm[ _-]?([a-p])[ _-]?\d?\b", re.IGNORECASE)


def memory_modules(root: Path = Path("/")) -> tuple[MemoryModule, ...]:
    """Populated slots; none where the tables are missing or may not be read."""
    try:
        with (root / _TABLES).open("rb") as file:
            table = file.read(_MOST_BYTES)
    except OSError:
        return ()  # not root, or no such firmware: unknown
    return parse_modules(table)


def parse_modules(table: bytes) -> tuple[MemoryModule, ...]:
    """What can be read of a table; a damaged one ends where the damage is."""
    found: list[MemoryModule] = []
    for kind, head, strings in _structures(table):
        module = _module(head, strings) if kind == _MEMORY_DEVICE else None
        if module is not None and len(found) < _MOST_MODULES:
            found.append(module)
    return tuple(found)


def populated_channels(modules: tuple[MemoryModule, ...]) -> int | None:
    """None where one module's place does not tell its channel: half a count would mislead."""
    if not modules or not all(module.channel for module in modules):
        return None
    return len({module.channel for module in modules})


def channel_of(locator: str, bank: str) -> str:
    """ "1B" for socket 1 and channel B, from the names that boards print beside their slots."""
    socket = _SOCKET.search(locator) or _SOCKET.search(bank)
    channel = _CHANNEL.search(locator) or _CHANNEL.search(bank) or _SLOT.search(locator)
    return f"{socket[1] if socket else 0}{channel[1].upper()}" if channel else ""


def _structures(table: bytes) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """(type, formatted part, strings) of each structure, DSP0134 6.1."""
    at = 0
    while at + 4 <= len(table):
        kind, length = table[at], table[at + 1]
        end = table.find(b"\0\0", at + length)
        if length < 4 or end < 0:
            return
        yield kind, table[at : at + length], table[at + length : end].split(b"\0")
        if kind == _END:
            return
        at = end + 2


def _module(head: bytes, strings: list[bytes]) -> MemoryModule | None:
    size = _size_bytes(head)
    if size is None:
        return None
    slot = _string(head, 0x10, strings)
    bank = _string(head, 0x11, strings)
    rate = _word(head, 0x20) or _word(head, 0x15)
    return MemoryModule(
        slot=slot,
        size_bytes=size,
        kind=_KINDS.get(head[0x12] if len(head) > 0x12 else 0, ""),
        megatransfers=rate if rate and rate != _UNKNOWN else None,
        channel=channel_of(slot, bank),
    )


def _size_bytes(head: bytes) -> int | None:
    """None for an empty slot, and for a size that the firmware does not know."""
    size = _word(head, 0x0C)
    if not size or size == _UNKNOWN:
        return None
    if size == 0x7FFF:  # too large for the word: MiB in a field of their own
        extended = int.from_bytes(head[0x1C:0x20], "little") & 0x7FFFFFFF
        return extended * _MIB or None
    unit = 2**10 if size & 0x8000 else _MIB
    return (size & 0x7FFF) * unit or None


def _word(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 2], "little") if at + 2 <= len(head) else 0


def _string(head: bytes, at: int, strings: list[bytes]) -> str:
    """Strings are counted from 1; 0 is none."""
    number = head[at] if at < len(head) else 0
    if not 1 <= number <= len(strings):
        return ""
    return strings[number - 1][:64].decode("ascii", "replace").strip()
