"""Graphics cards as the Linux kernel lists them: all vendors, with or without a working driver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.hardware.cgroup import read_number, read_text
from engine.hardware.gpu_card import SystemCard
from engine.hardware.pcie import pcie_link

_VENDORS = {"10de": "NVIDIA", "1002": "AMD", "8086": "Intel"}
_PCI_ID = re.compile(r"^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")
_MOST_BYTES = 2**50
_MOST_SET_ASIDE = 4 * 2**30  # by firmware, unless a person asks for more
_DISPLAY_CLASS = "0x03"
_PCI_NAMES = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")


def sysfs_cards(root: Path = Path("/")) -> tuple[SystemCard, ...]:
    """Every NVIDIA, AMD and Intel display device, by PCI id."""
    found: dict[str, SystemCard] = {}
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


def _card(root: Path, folder: Path) -> SystemCard | None:
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
    borrowed, lent = _number(folder, "mem_info_gtt_total"), _number(folder, "mem_info_gtt_used")
    dedicated = dedicated or _local_memory(folder)
    # Intel's integrated ones sit at 00:02.0.
    integrated = (
        _set_aside(folder, dedicated) if vendor == "AMD" else vendor == "Intel" and pci_id.endswith("00:02.0")
    )
    return SystemCard(
        pci_id=pci_id,
        vendor=vendor,
        name=_name(root, folder, vendor, code, device),
        driver=driver,
        vram_bytes=0 if integrated else dedicated,
        vram_free_bytes=0 if integrated else max(0, dedicated - used),
        # What the firmware set aside for an integrated GPU is system memory as well.
        shared_bytes=borrowed + (dedicated if integrated else 0),
        integrated=integrated,
        # Most drivers are part of the kernel and have no version but its own.
        driver_version=read_text(root / "sys/module" / driver / "version")[:60] if _plain(driver) else "",
        pcie=pcie_link(folder),
        shared_free_bytes=max(0, borrowed - lent) if borrowed else None,
    )


def _plain(driver: str) -> bool:
    return driver.replace("_", "").isalnum()


def _local_memory(folder: Path) -> int:
    """Of a card of Intel's under the xe driver, which tells each tile's memory; i915 tells none."""
    tiles = [read_number(path) or 0 for path in folder.glob("tile[0-9]*/physical_vram_size_bytes")]
    whole = sum(size for size in tiles if size > 0)
    return whole if whole <= _MOST_BYTES else 0


def _set_aside(folder: Path, dedicated: int) -> bool:
    """Whether an AMD card's memory is main memory. Of its own chips amdgpu tells the maker; of others
    nothing, or, in older kernels, "unknown", which it may also say of chips that it does not know."""
    maker = read_text(folder / "mem_info_vram_vendor")
    return dedicated > 0 and (not maker or (maker == "unknown" and dedicated <= _MOST_SET_ASIDE))


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
