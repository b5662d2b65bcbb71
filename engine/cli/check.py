"""`deskside check`: what this machine is, measured."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.cli.context import Context
from engine.cli.output import Output
from engine.download.sizes import size_text
from engine.errors import UsageError
from engine.hardware.overrides import KNOWN_KEYS, parse_overrides
from engine.hardware.report import (
    BandwidthMeasurement,
    CheckProgress,
    CpuCache,
    DiskInfo,
    GpuInfo,
    HardwareReport,
    MemoryInfo,
)
from engine.hardware.report_json import report_to_json
from engine.jobs.checking import Checked, Pairs, changed_overrides, check_machine, last_report
from engine.messages import english, sentence
from engine.planning.wording import rate_text
from engine.settings import Settings, save_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Measures the CPU, memory, GPUs and disks of this machine (10 to 20 s), and tells what changed "
        "since the last check. With --set or --unset the last report is corrected instead of measuring."
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=f"put a figure of yours in place of the one found: {', '.join(KNOWN_KEYS)}",
    )
    parser.add_argument(
        "--unset", metavar="KEY", action="append", default=[], help='go back to the one found; "all" for all'
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    settings = context.settings
    checked = None
    if arguments.set or arguments.unset:
        settings = _corrected_settings(arguments, context)
        report = last_report(context.paths, settings.overrides)
        checked = None if report is None else Checked(report, ())
    checked = checked or _run_check(context, settings.overrides)
    changes = [{"part": change.part, "message": change.message} for change in checked.changes]
    context.output.record("report", report=report_to_json(checked.report), changes=changes)
    for line in report_lines(checked.report):
        context.output.text(line)
    for change in checked.changes:
        context.output.text(f"Changed {english(change.message)}")
    return 0


def run_check(context: Context) -> HardwareReport:
    """The check with its progress shown. Raises: Cancelled."""
    return _run_check(context, context.settings.overrides).report


def _run_check(context: Context, overrides: Pairs) -> Checked:
    output = context.output
    checked = check_machine(
        context.paths,
        context.worker_command,
        lambda progress: _show(output, progress),
        context.token,
        overrides,
    )
    output.end_status()
    return checked


def _corrected_settings(arguments: argparse.Namespace, context: Context) -> Settings:
    """Saved. Raises: UsageError, before anything is saved; OSError."""
    put = tuple(_pair(text) for text in arguments.set)
    parse_overrides(put)
    overrides = changed_overrides(context.settings.overrides, put, arguments.unset)
    settings = replace(context.settings, overrides=overrides)
    save_settings(context.paths.settings, settings)
    return settings


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError.of("override_malformed", text=text[:80])
    return key, value


def _show(output: Output, progress: CheckProgress) -> None:
    rate = progress.rate_bytes_per_second
    output.record(
        "progress", step=progress.step, fraction=round(progress.fraction, 3), rate_bytes_per_second=rate
    )
    shown = f", {rate_text(rate)} so far" if rate else ""
    output.status(f"checking: {progress.step.value.replace('_', ' ')} {progress.fraction:.0%}{shown}")


def report_lines(report: HardwareReport) -> list[str]:
    """The report for a terminal."""
    cpu, memory = report.cpu, report.memory
    cores = f"{cpu.physical_cores} cores, {cpu.logical_cores} threads, {cpu.usable_cores:g} usable"
    if cpu.performance_cores < cpu.physical_cores:
        cores += f", {cpu.performance_cores} of them fast"
    if (cpu.sockets or 1) > 1 or (cpu.numa_nodes or 1) > 1:
        cores += f", {cpu.sockets or 1} socket(s), {cpu.numa_nodes or 1} NUMA node(s)"
    limit = f", limited to {size_text(memory.limit_bytes)}" if memory.limit_bytes else ""
    lines = [
        f"CPU     {cpu.model} ({cores}; {', '.join(cpu.instruction_sets) or 'no vector extensions'})",
        f"Memory  {size_text(memory.total_bytes)}, {size_text(memory.available_bytes)} free{limit}; "
        f"reads {_measured(memory.bandwidth)}",
    ]
    if cpu.caches:
        lines.insert(1, f"Caches  {', '.join(_cache_text(cache) for cache in cpu.caches)}")
    if memory.modules:
        lines.append(f"        {_modules_text(memory)}")
    if memory.swap_bytes:
        free = "" if memory.swap_free_bytes is None else f", {size_text(memory.swap_free_bytes)} free"
        lines.append(f"Swap    {size_text(memory.swap_bytes)}{free}")
    lines += [f"GPU     {_gpu_line(gpu)}" for gpu in report.gpus] or ["GPU     none found"]
    lines += [f"Disk    {_disk_line(disk)}" for disk in report.disks]
    lines += [f"Note    {english(remark)}" for remark in report.remarks]
    if report.overridden:
        keys = ", ".join(report.overridden)
        lines.append(f"Note    {english(sentence('report_overridden', keys=keys))}")
    return lines


def _cache_text(cache: CpuCache) -> str:
    letter = {"data": "d", "instruction": "i"}.get(cache.kind, "")
    return f"L{cache.level}{letter} {cache.count} x {size_text(cache.size_bytes)}"


def _modules_text(memory: MemoryInfo) -> str:
    module = memory.modules[0]
    rate = f"-{module.megatransfers}" if module.megatransfers else ""
    channels = f" in {memory.channels} channel(s)" if memory.channels else ""
    return f"{len(memory.modules)} module(s) of {module.kind or 'unknown kind'}{rate}{channels}"


def _measured(measurement: BandwidthMeasurement | None) -> str:
    if measurement is None:
        return "not measured"
    if measurement.by_hand:
        return f"{rate_text(measurement.bytes_per_second)}, set by hand"
    busy = ", while the machine was busy" if measurement.busy else ""
    return f"{rate_text(measurement.bytes_per_second)} with {measurement.threads} thread(s), measured{busy}"


def _gpu_line(gpu: GpuInfo) -> str:
    told = []
    if gpu.vram_bytes:
        told.append(f"{size_text(gpu.vram_bytes)} of its own, {size_text(gpu.vram_free_bytes)} free")
    if gpu.shared_bytes:
        told.append(f"up to {size_text(gpu.shared_bytes)} of the machine's memory")
    if gpu.pcie:
        told.append(f"PCIe {gpu.pcie.most_generation} x{gpu.pcie.most_width}")
        if (gpu.pcie.generation, gpu.pcie.width) != (gpu.pcie.most_generation, gpu.pcie.most_width):
            told[-1] += f", now {gpu.pcie.generation} x{gpu.pcie.width}"
    driver = " ".join(dict.fromkeys(word for word in (gpu.driver, gpu.driver_version) if word))
    if driver:
        told.append(f"driver {driver}")
    state = "" if gpu.reason is None else f". {english(gpu.reason)}"
    return f"{gpu.name} ({'; '.join(told) or 'memory unknown'}){state}"


def _disk_line(disk: DiskInfo) -> str:
    read = _measured(disk.read) if disk.reason is None else english(disk.reason)
    return f"{disk.mount_point}: {size_text(disk.free_bytes)} free ({disk.filesystem}); reads {read}"
