"""Graphics cards as the Linux kernel lists them: all vendors, with or without a working driver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.hardware.cgroup import read_number, read_text

_VENDORS = {"10de": "NVIDIA", "1002": "AMD", "8086": "Intel"}
_PCI_ID = re.compile(r"^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")
_DISPLAY_CLASS = "0x03"
_PCI_NAMES = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")


@dataclass(frozen=True, slots=True)
class SysfsCard:
    pci_id: str
    vendor: str
    name: str
    driver: str  # kernel module, "" when none is bound
    vram_bytes: int  # dedicated; 0 where the kernel does not tell
    vram_free_bytes: int
    shared_bytes: int
    integrated: bool


def sysfs_cards(root: Path = Path("/")) -> tuple[SysfsCard, ...]:
    """Every NVIDIA, AMD and Intel display device, by PCI id."""
    found: dict[str, SysfsCard] = {}
    for folder in _display_folders(root):
        card = _card(root, folder)
        if card is not None:
            found.setdefault(card.pci_id, card)
    return tuple(found[pci_id] for pci_id in sorted(found))


def _display_folders(root: Path) -> Iterator[Path]:
    for card in sorted((root / "sys/class/drm").glob("card*/device")):
        if "-" not in card.parent.name:  # card0-HDMI-A-1 is a plug
            yield card
    for device in sorted((root / "sys/bus/pci/devices").glob("*")):
        if read_text(device / "class").startswith(_DISPLAY_CLASS):
            yield device


def _card(root: Path, folder: Path) -> SysfsCard | None:
    uevent = dict(line.split("=", 1) for line in read_text(folder / "uevent").splitlines() if "=" in line)
    pci_id = (uevent.get("PCI_SLOT_NAME") or folder.resolve().name).lower()
    code = read_text(folder / "vendor").lower().removeprefix("0x")
    vendor = _VENDORS.get(code)
    if vendor is None or not _PCI_ID.match(pci_id):
        return None  # a virtual display, or the small chip of a server's remote console
    device = read_text(folder / "device").lower().removeprefix("0x")
    driver = uevent.get("DRIVER") or (
        (folder / "driver").resolve().name if (folder / "driver").exists() else ""
    )
    dedicated, used = _number(folder, "mem_info_vram_total"), _number(folder, "mem_info_vram_used")
    borrowed = _number(folder, "mem_info_gtt_total")
    # amdgpu names the maker of dedicated memory chips only; Intel's integrated ones sit at 00:02.0.
    integrated = (
        bool(dedicated) and not read_text(folder / "mem_info_vram_vendor")
        if vendor == "AMD"
        else vendor == "Intel" and pci_id.endswith("00:02.0")
    )
    return SysfsCard(
        pci_id=pci_id,
        vendor=vendor,
        name=_name(root, folder, vendor, code, device),
        driver=driver,
        vram_bytes=0 if integrated else dedicated,
        vram_free_bytes=0 if integrated else max(0, dedicated - used),
        # What the firmware set aside for an integrated GPU is system memory as well.
        shared_bytes=borrowed + (dedicated if integrated else 0),
        integrated=integrated,
    )


def _number(folder: Path, name: str) -> int:
    return max(0, read_number(folder / name) or 0)


def _name(root: Path, folder: Path, vendor: str, code: str, device: str) -> str:
    name = read_text(folder / "product_name") or _listed_name(root, code, device)
    if not name:
        return f"{vendor} {device}".strip()
    return name if vendor.lower() in name.lower() else f"{vendor} {name}"


def _listed_name(root: Path, vendor: str, device: str) -> str:
    """From the list of PCI ids, where the system has one: "Navi 31 [Radeon RX 7900 XTX]"
    is known to people as what stands in the brackets."""
    text = next((text for name in _PCI_NAMES if (text := read_text(root / name))), "")
    within = False
    for line in text.splitlines():
        if line[:1] not in ("\t", "#", ""):
            within = line.startswith(vendor)
        elif within and line.startswith(f"\t{device}  "):
            name = line.split("  ", 1)[1].strip()
            bracketed = re.search(r"\[([^\]]+)\]", name)
            return (bracketed[1] if bracketed else name)[:120]
    return ""
