"""The PCIe link of a device, as the kernel of Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path

from engine.hardware.cgroup import read_number, read_text
from engine.hardware.report import PcieLink

# GT/s of each generation, PCI Express Base Specification
_GENERATIONS = {"2.5": 1, "5": 2, "5.0": 2, "8": 3, "8.0": 3, "16.0": 4, "16": 4, "32.0": 5, "32": 5}
_GENERATIONS |= {"64.0": 6, "64": 6}
_SPEED = re.compile(r"([0-9.]{1,5}) ?GT/s")
_MOST_WIDTH = 32


def pcie_link(folder: Path) -> PcieLink | None:
    """Of the device in that folder of sysfs; None where it does not sit on PCIe or does not tell."""
    current = generation_of(read_text(folder / "current_link_speed"))
    most = generation_of(read_text(folder / "max_link_speed"))
    width, most_width = _width(folder / "current_link_width"), _width(folder / "max_link_width")
    if not current or not width:
        return None
    return PcieLink(current, width, max(current, most), max(width, most_width))


def generation_of(speed: str) -> int:
    """ "16.0 GT/s PCIe" is 4; 0 for "Unknown" and the like."""
    found = _SPEED.match(speed)
    return _GENERATIONS.get(found[1], 0) if found else 0


def _width(path: Path) -> int:
    width = read_number(path) or 0
    return width if 0 < width <= _MOST_WIDTH else 0
