"""One reading of the machine. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GpuSample:
    name: str
    used_bytes: int
    total_bytes: int
    utilisation: float  # 0 to 1
    power_w: float | None
    temperature_c: float | None


@dataclass(frozen=True, slots=True)
class TelemetrySample:
    at: float  # time.monotonic() seconds
    memory_used_bytes: int  # of the machine
    memory_total_bytes: int
    cpu: float  # 0 to 1 over all cores
    model_memory_bytes: int  # resident memory of the worker, 0 without one
    model_vram_bytes: int
    gpus: tuple[GpuSample, ...]
