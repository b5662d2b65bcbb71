"""Described machines for the tests of planning."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import resources
from engine.catalog.catalog import find, load_catalog
from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.report import (
    BandwidthMeasurement,
    CpuInfo,
    DiskInfo,
    GpuInfo,
    HardwareReport,
    MemoryInfo,
)

GIB = 1 << 30


@cache
def catalog() -> tuple[ModelSpec, ...]:
    return load_catalog(resources.path("catalog", "models.json"))


def published(name: str, quantization: str) -> tuple[ModelSpec, Quantization]:
    spec = find(catalog(), name)
    return spec, next(each for each in spec.quantizations if each.name == quantization)


def gpu(
    name: str, vram: int, bandwidth: float | None, usable: bool = True, free: int | None = None
) -> GpuInfo:
    return GpuInfo(
        name, "NVIDIA", "", vram, vram if free is None else free, 0, "", bandwidth, usable, None, ("ggml",)
    )


def machine(
    ram: int,
    cores: int,
    bandwidth: float | None = None,
    gpus: tuple[GpuInfo, ...] = (),
    disk: float | None = None,
    *,
    available: int | None = None,
    limit: int | None = None,
    disk_free: int = 4000 * GIB,
    instructions: tuple[str, ...] = ("avx2", "avx512f"),
) -> HardwareReport:
    """A report; what is not said is roomy and quiet."""

    def measured(rate: float | None) -> BandwidthMeasurement | None:
        return BandwidthMeasurement(rate, cores, False) if rate else None

    return HardwareReport(
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        system="Linux",
        cpu=CpuInfo("CPU", "x86_64", cores, cores, cores, float(cores), instructions, None),
        memory=MemoryInfo(
            ram, int(ram * 0.95) if available is None else available, limit, 0, False, measured(bandwidth)
        ),
        gpus=gpus,
        disks=(DiskInfo("/m", "/", "d", "ext4", 8000 * GIB, disk_free, measured(disk), None),),
        busy=False,
        remarks=(),
    )


RYZEN_64 = machine(64 * GIB, 16, 62e9, disk=5e9)
RTX_4090_128 = machine(128 * GIB, 24, 80e9, (gpu("RTX 4090", 24 * GIB, 1010e9),), 5e9)
EIGHT_A100 = machine(1024 * GIB, 64, 300e9, tuple(gpu("A100", 80 * GIB, 1940e9) for _ in range(8)), 5e9)
SMALL = machine(24 * GIB, 2, 20e9, disk=0.8e9)
