"""A machine with more in it: memory, channels, a card, a disk. What was learnt of it stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.figures import Range
from engine.hardware.described import DescribedGpu, Description
from engine.planning.described_machine import described_machine
from engine.planning.machine import Machine


def with_memory(machine: Machine, added: int) -> Machine:
    """`added`: bytes of main memory, all of it free."""
    return _everywhere(
        machine,
        lambda one: replace(one, ram_total=one.ram_total + added, ram_budget=one.ram_budget + added),
    )


def with_bandwidth(machine: Machine, factor: float) -> Machine:
    """Main memory that reads `factor` times as fast."""
    return _everywhere(machine, lambda one: replace(one, ram_bandwidth=_times(one.ram_bandwidth, factor)))


def with_disk(machine: Machine, bytes_per_second: float) -> Machine:
    """A disk that reads so fast; a faster one that is there already stays."""
    rate = max(bytes_per_second, machine.disk_bandwidth.expected)
    disk = Range(rate * 0.8, rate, rate * 1.1)
    return _everywhere(machine, lambda one: replace(one, disk_bandwidth=disk, disk_measured=True))


def with_cards(machine: Machine, name: str, count: int = 1) -> Machine:
    """More cards of the catalogue beside those that are there."""
    bought = described_machine(Description(gpus=(DescribedGpu(name, count),))).gpus

    def change(one: Machine) -> Machine:
        return replace(one, gpus=tuple(sorted((*one.gpus, *bought), key=lambda gpu: -gpu.bandwidth)))

    return _everywhere(machine, change)


def _everywhere(machine: Machine, change: Callable[[Machine], Machine]) -> Machine:
    """In the machine, and in the slowest and fastest ones that a description fits."""
    unknowns = tuple(
        replace(unknown, slow=change(unknown.slow), fast=change(unknown.fast)) for unknown in machine.unknowns
    )
    return change(replace(machine, unknowns=unknowns))


def _times(rate: Range, factor: float) -> Range:
    return Range(rate.low * factor, rate.expected * factor, rate.high * factor)
