"""A machine with more in it: memory, channels, a card, a disk, another processor. What was learnt of it
stays, but for what was learnt of a processor that goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.figures import Range
from engine.hardware.cpu_names import published_cpu
from engine.hardware.described import DescribedCpu, DescribedGpu, DescribedMemory, Description
from engine.planning.calibration import UNCORRECTED, Corrections
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


def keeps_memory(processor: str, now: str) -> bool:
    """Whether it reads the modules that are there, as far as makers say: memory of one kind, in as many
    channels. Its socket may be another one all the same."""
    new, old = published_cpu(processor), published_cpu(now)
    return new is not None and old is not None and (new.memory, new.channels) == (old.memory, old.channels)


def with_processor(machine: Machine, processor: str, now: str) -> Machine:
    """Another processor of the catalogue in place of `now`, with the modules that are there if it reads them,
    else with those that its maker names."""
    stays = keeps_memory(processor, now)
    new = _described(processor, machine, now if stays else "")
    rate = _times(machine.ram_bandwidth, _read_share(new, machine, now)) if stays else new.ram_bandwidth

    def change(one: Machine) -> Machine:
        return replace(
            one,
            ram_bandwidth=rate,
            bandwidth_measured=machine.bandwidth_measured if stays else new.bandwidth_measured,
            threads=new.threads,
            x86=new.x86,
            wide_vectors=new.wide_vectors,
            avx512=new.avx512,
            amx=new.amx,
            l2_bytes=new.l2_bytes,
            sockets=new.sockets,
            core_rate=new.core_rate,
            calibration=None,
            corrections=_of_cards(one.corrections),
            own=tuple((build, _of_cards(taught)) for build, taught in one.own),
        )

    return _everywhere(machine, change)


def _described(processor: str, machine: Machine, modules_of: str) -> Machine:
    """`modules_of`: the processor whose modules it reads; "" for its own."""
    old = published_cpu(modules_of)
    memory = DescribedMemory(
        size_bytes=machine.ram_total,
        transfers_per_second=old.transfers_per_second if old else None,
        channels=old.channels * machine.sockets if old else None,
    )
    cpu = DescribedCpu(model=processor, sockets=machine.sockets if old else 1)
    return described_machine(Description(cpu=cpu, memory=memory))


def _read_share(new: Machine, machine: Machine, now: str) -> float:
    """Of what the old processor reads of the same modules: the links within processors differ."""
    return new.ram_bandwidth.expected / _described(now, machine, now).ram_bandwidth.expected


def _of_cards(taught: Corrections) -> Corrections:
    """What runs taught of cards, without what they taught of the processor."""
    if not taught.observed:
        return UNCORRECTED
    return replace(taught, ram=1.0, fixed=1.0, cache=1.0, prompt=1.0, prompts_observed=0)


def _everywhere(machine: Machine, change: Callable[[Machine], Machine]) -> Machine:
    """In the machine, and in the slowest and fastest ones that a description fits."""
    unknowns = tuple(
        replace(unknown, slow=change(unknown.slow), fast=change(unknown.fast)) for unknown in machine.unknowns
    )
    return change(replace(machine, unknowns=unknowns))


def _times(rate: Range, factor: float) -> Range:
    return Range(rate.low * factor, rate.expected * factor, rate.high * factor)
