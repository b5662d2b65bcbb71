"""`deskside check`: what this machine is, measured."""

from __future__ import annotations

import argparse

from engine.cli.context import Context
from engine.cli.output import Output
from engine.download.sizes import size_text
from engine.hardware.report import BandwidthMeasurement, CheckProgress, DiskInfo, GpuInfo, HardwareReport
from engine.hardware.report_json import report_to_json
from engine.jobs.checking import check_machine
from engine.messages import english
from engine.planning.wording import rate_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Measures the CPU, memory, GPUs and disk of this machine (10 to 20 s)."


def run(arguments: argparse.Namespace, context: Context) -> int:
    report = run_check(context)
    context.output.record("report", report=report_to_json(report))
    for line in report_lines(report):
        context.output.text(line)
    return 0


def run_check(context: Context) -> HardwareReport:
    """The check with its progress shown. Raises: Cancelled."""
    output = context.output
    report = check_machine(
        context.paths, context.worker_command, lambda progress: _show(output, progress), context.token
    )
    output.end_status()
    return report


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
    limit = f", limited to {size_text(memory.limit_bytes)}" if memory.limit_bytes else ""
    lines = [
        f"CPU     {cpu.model} ({cores}; {', '.join(cpu.instruction_sets) or 'no vector extensions'})",
        f"Memory  {size_text(memory.total_bytes)}, {size_text(memory.available_bytes)} free{limit}; "
        f"reads {_measured(memory.bandwidth)}",
    ]
    lines += [f"GPU     {_gpu_line(gpu)}" for gpu in report.gpus] or ["GPU     none found"]
    lines += [f"Disk    {_disk_line(disk)}" for disk in report.disks]
    lines += [f"Note    {english(remark)}" for remark in report.remarks]
    return lines


def _measured(measurement: BandwidthMeasurement | None) -> str:
    if measurement is None:
        return "not measured"
    busy = ", while the machine was busy" if measurement.busy else ""
    return f"{rate_text(measurement.bytes_per_second)} with {measurement.threads} thread(s), measured{busy}"


def _gpu_line(gpu: GpuInfo) -> str:
    memory = f"{size_text(gpu.vram_bytes)}, {size_text(gpu.vram_free_bytes)} free"
    state = "" if gpu.reason is None else f". {english(gpu.reason)}"
    return f"{gpu.name} ({memory}){state}"


def _disk_line(disk: DiskInfo) -> str:
    read = _measured(disk.read) if disk.reason is None else english(disk.reason)
    return f"{disk.mount_point}: {size_text(disk.free_bytes)} free ({disk.filesystem}); reads {read}"
