"""The processor on macOS and Windows. Written from the systems' documentation, not run here."""

from __future__ import annotations

import logging
import platform
import subprocess
import sys

import psutil

from engine.hardware.report import CpuInfo

log = logging.getLogger(__name__)

_SYSCTL_SETS = {
    "hw.optional.avx1_0": "avx",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.fma": "fma",
    "hw.optional.f16c": "f16c",
    "hw.optional.avx512f": "avx512f",
    "hw.optional.neon": "neon",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_FP16": "fp16",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_SME": "sme",
}
# winnt.h, PF_*: arguments of IsProcessorFeaturePresent
_WINDOWS_SETS = {38: "sse4_2", 39: "avx", 40: "avx2", 41: "avx512f", 19: "neon", 43: "dotprod"}


def probe_cpu() -> CpuInfo:
    """The processor, by sysctl (macOS) or the registry (Windows). Raises: OSError."""
    logical = psutil.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or logical
    name, sets, performance, l3 = _macos() if sys.platform == "darwin" else _windows()
    return CpuInfo(
        model=name or platform.processor() or platform.machine(),
        architecture=platform.machine(),
        physical_cores=physical,
        logical_cores=logical,
        performance_cores=min(performance or physical, physical),
        usable_cores=float(logical),
        instruction_sets=sets,
        l3_bytes=l3 or None,
    )


def _macos() -> tuple[str, tuple[str, ...], int, int]:
    sets = tuple(shown for key, shown in _SYSCTL_SETS.items() if _sysctl(key) == "1")
    performance, l3 = _sysctl("hw.perflevel0.physicalcpu"), _sysctl("hw.l3cachesize")
    return (
        _sysctl("machdep.cpu.brand_string"),
        sets,
        int(performance) if performance.isdecimal() else 0,
        int(l3) if l3.isdecimal() else 0,
    )


def _sysctl(key: str) -> str:
    """One value of the kernel, "" where it has no such key."""
    asked = subprocess.run(
        ["/usr/sbin/sysctl", "-n", key], capture_output=True, text=True, timeout=2, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _windows() -> tuple[str, tuple[str, ...], int, int]:
    if sys.platform == "win32":
        import ctypes

        present = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return _registered(), tuple(shown for number, shown in _WINDOWS_SETS.items() if present(number)), 0, 0
    return "", (), 0, 0


def _registered() -> str:
    """The processor's name in the registry; "" where it has none there, as in some virtual machines."""
    if sys.platform == "win32":
        import winreg

        processor = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, processor) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
        except OSError as error:
            log.info("the registry does not name the processor: %s", error)
    return ""
