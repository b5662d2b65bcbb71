"""What changed between two checks, and what is only noise."""

from __future__ import annotations

from dataclasses import replace

from engine.hardware.comparison import Part, compare
from engine.hardware.report import BandwidthMeasurement, DiskInfo, HardwareReport
from tests.unit.planning_machines import GIB, gpu, machine

DISK = DiskInfo("/m", "/", "/dev/a", "ext4", 900 * GIB, 400 * GIB, BandwidthMeasurement(3e9, 8, False), None)


def report() -> HardwareReport:
    found = machine(32 * GIB, 8, 40e9, disk=2e9)
    memory = replace(found.memory, bandwidth=BandwidthMeasurement(40e9, 4, False))
    return replace(found, memory=memory, gpus=(), disks=(DISK,))


def codes(old: HardwareReport, new: HardwareReport) -> list[str]:
    return [change.message.code for change in compare(old, new)]


def with_rate(rate: float, busy: bool = False) -> HardwareReport:
    found = report()
    return replace(found, memory=replace(found.memory, bandwidth=BandwidthMeasurement(rate, 4, busy)))


def test_equal_machines_have_no_changes() -> None:
    assert compare(report(), report()) == ()


def test_a_rate_counts_when_it_moved_by_more_than_noise_on_a_quiet_machine() -> None:
    assert codes(report(), with_rate(30e9)) == ["change_memory_rate"]
    assert codes(report(), with_rate(37e9)) == []
    assert codes(report(), with_rate(10e9, busy=True)) == []


def test_parts_that_changed() -> None:
    old = report()
    cpu = replace(old.cpu, model="Another")
    memory = replace(old.memory, total_bytes=old.memory.total_bytes * 2)
    changes = compare(old, replace(old, cpu=cpu, memory=memory))
    assert [change.part for change in changes] == [Part.CPU, Part.MEMORY]
    fewer = replace(old.cpu, usable_cores=1.0)
    assert codes(old, replace(old, cpu=fewer)) == ["change_cores"]


def test_disks_come_go_and_fill() -> None:
    old, other = report(), replace(DISK, mount_point="/data", device="/dev/b")
    assert codes(old, replace(old, disks=(DISK, other))) == ["change_disk_new"]
    assert codes(replace(old, disks=(DISK, other)), old) == ["change_disk_gone"]
    assert codes(old, replace(old, disks=(replace(DISK, free_bytes=100 * GIB),))) == ["change_disk_space"]
    assert codes(old, replace(old, disks=(replace(DISK, free_bytes=395 * GIB),))) == []
    slow = replace(DISK, read=BandwidthMeasurement(1e9, 8, False))
    assert codes(old, replace(old, disks=(slow,))) == ["change_disk_rate"]


def test_graphics_cards() -> None:
    old, card = report(), replace(gpu("RTX 4090", 24 * GIB, 1010e9), driver_version="1")
    with_card = replace(old, gpus=(card,))
    assert codes(old, with_card) == ["change_gpu_new"]
    assert codes(with_card, old) == ["change_gpu_gone"]
    newer = replace(card, driver_version="2", usable=not card.usable)
    assert codes(with_card, replace(old, gpus=(newer,)))[1:] == ["change_gpu_driver"]
    assert codes(replace(old, gpus=(card, card)), with_card) == ["change_gpu_gone"]
