"""The firmware's tables of memory modules: real forms, damage, and no permission."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hardware.memory_modules import channel_of, memory_modules, parse_modules, populated_channels

GIB = 2**30


def device(
    size: int, slot: str, bank: str = "", extended: int = 0, kind: int = 0x22, rate: int = 4800
) -> bytes:
    """A structure of type 17 as SMBIOS 3 writes it; `size` in MiB, `extended` too."""
    head = bytearray(0x28)
    head[0], head[1] = 17, len(head)
    struct.pack_into("<H", head, 0x0C, size)
    head[0x10], head[0x11], head[0x12] = 1, 2 if bank else 0, 0x22
    struct.pack_into("<H", head, 0x15, 5600)
    struct.pack_into("<I", head, 0x1C, extended)
    struct.pack_into("<H", head, 0x20, 4800)
    strings = [slot.encode()] + ([bank.encode()] if bank else [])
    return bytes(head) + b"\0".join(strings) + b"\0\0"


END = bytes([127, 4, 0, 0]) + b"\0\0"


def test_populated_slots_and_channels() -> None:
    table = device(16384, "DIMM_A1") + device(0, "DIMM_A2") + device(0x7FFF, "DIMM_B1", extended=65536) + END
    first, second = parse_modules(table)
    assert (first.slot, first.size_bytes, first.kind, first.megatransfers) == (
        "DIMM_A1",
        16 * GIB,
        "DDR5",
        4800,
    )
    assert second.size_bytes == 64 * GIB
    assert populated_channels((first, second)) == 2


def test_a_place_that_tells_no_channel_makes_the_count_unknown() -> None:
    modules = parse_modules(device(8192, "DIMM 0") + device(8192, "DIMM_A1") + END)
    assert len(modules) == 2 and populated_channels(modules) is None
    assert populated_channels(()) is None


@pytest.mark.parametrize(
    ("locator", "bank", "channel"),
    [
        ("DIMM_A1", "", "0A"),
        ("ChannelB-DIMM0", "BANK 2", "0B"),
        ("DIMM 1", "P0 CHANNEL C", "0C"),
        ("CPU1_DIMM_D2", "", "1D"),
        ("P1-DIMMH1", "", "1H"),
        ("DIMM 0", "BANK 0", ""),
        ("", "", ""),
    ],
)
def test_channels_by_the_names_of_slots(locator: str, bank: str, channel: str) -> None:
    assert channel_of(locator, bank) == channel


def test_a_damaged_table_ends_where_the_damage_is() -> None:
    whole = device(8192, "DIMM_A1")
    assert len(parse_modules(whole + bytes([17, 2, 0, 0]) + whole)) == 1
    assert parse_modules(whole[:20]) == ()


def test_no_permission_and_no_firmware_are_unknown(tmp_path: Path) -> None:
    assert memory_modules(tmp_path) == ()
    (tmp_path / "sys/firmware/dmi/tables/DMI").mkdir(parents=True)  # reading it fails, as without a right to
    assert memory_modules(tmp_path) == ()


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(table: bytes) -> None:
    for module in parse_modules(table + device(8192, "DIMM_A1")):
        assert module.size_bytes > 0 and len(module.slot) <= 64
