"""What cannot be put into a machine, told by what is in it: chips that are part of their board."""

from __future__ import annotations

import re
from typing import Final

from engine.hardware.cpu_names import published_cpu
from engine.hardware.gpu_names import words_of
from engine.hardware.report import HardwareReport

# Low-power memory comes as chips, which are soldered; the modules of it (LPCAMM2) are rare.
_SOLDERED: Final = "LPDDR"
_APPLE_CHIP: Final = re.compile(r"\bapple m\d", re.IGNORECASE)
_MAC: Final = re.compile(r"\bmac(?:book|os)?\b|\bdarwin\b", re.IGNORECASE)
# Processors of notebooks and of computers as flat as they are: "i7-1260P", "i5-1135G7", "Core Ultra 7 258V",
# "Ryzen 7 7840HS", "Ryzen AI 9 HX 370". Servers have names that end like that, too.
_NOTEBOOK_CPU: Final = re.compile(
    r"\b(?:core|i[3579]|ultra|pentium|celeron)\b.*[ -]\d{3,5}(?:[uyhpvm]|h[kqxs]|m[qx]|[qx]m|g[1-7])\b"
    r"|\bryzen\b.*\b\d{4}(?:[uhc]|h[sxk])\b"
    r"|\bryzen ai \d",
    re.IGNORECASE,
)
_EITHER: Final = re.compile(r"\bryzen ai \d", re.IGNORECASE)  # come with soldered memory, or with modules
_SERVER: Final = re.compile(r"\b(?:xeon|epyc|threadripper)\b", re.IGNORECASE)
_NOTEBOOK_GPU: Final = frozenset({"laptop", "mobile"})


def memory_is_built_in(report: HardwareReport) -> bool:
    """Whether main memory is soldered: neither modules nor cards go into such machines."""
    kinds = [module.kind for module in report.memory.modules if module.kind]
    if kinds:
        return all(kind.startswith(_SOLDERED) for kind in kinds)
    known = published_cpu(report.cpu.model)
    if known is not None:
        return known.memory.startswith(_SOLDERED) and not _EITHER.search(report.cpu.model)
    arm = report.cpu.architecture.lower() in ("arm64", "aarch64")
    return bool(_APPLE_CHIP.search(report.cpu.model)) or (arm and bool(_MAC.search(report.system)))


def has_no_slot(report: HardwareReport) -> bool:
    """Whether it is built like a notebook: a processor that is soldered, and no slot for a card."""
    name = report.cpu.model
    if _NOTEBOOK_CPU.search(name) and not _SERVER.search(name):
        return True
    names = (words_of(gpu.name) for gpu in report.gpus)
    return any(words & _NOTEBOOK_GPU or {"max", "q"} <= words for words in names)
