"""A graphics card as the operating system describes it, whichever system that is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.hardware.report import PcieLink

_SOFTWARE = re.compile(
    r"llvmpipe|lavapipe|softpipe|swrast|swiftshader|microsoft basic render|software", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SystemCard:
    pci_id: str  # "" where the system does not tell
    vendor: str
    name: str
    driver: str  # kernel module or "" when none is bound
    vram_bytes: int  # dedicated; 0 where the system does not tell
    vram_free_bytes: int
    shared_bytes: int
    integrated: bool
    driver_version: str = ""
    pcie: PcieLink | None = None
    shared_free_bytes: int | None = None
    found_by: str = "sysfs"


def is_software(name: str) -> bool:
    """Whether that "graphics card" is a program that draws on the processor."""
    return bool(_SOFTWARE.search(name))
