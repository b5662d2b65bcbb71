"""`deskside calibrate`: how fast this machine's processor computes with each type of weights."""

from __future__ import annotations

import argparse

from engine.cli.bench import report_of_this_machine
from engine.cli.context import Context
from engine.jobs.calibrating import calibrate
from engine.planning.calibration import Calibration
from engine.planning.wording import rate_text

_DISTURBED = "Other programs were busy, so nothing was kept. Close them and calibrate again."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Measures the processor with generated models (10 s), for narrower predictions."


def run(arguments: argparse.Namespace, context: Context) -> int:
    report = report_of_this_machine(context)
    output = context.output

    def show(fraction: float) -> None:
        output.record("progress", fraction=round(fraction, 3))
        output.status(f"calibrating {fraction:.0%}")

    calibration = calibrate(context.paths, context.worker_command, report, show, context.token)
    output.end_status()
    output.record("calibration", calibration=calibration, kept=calibration is not None)
    for line in calibration_lines(calibration) if calibration else (_DISTURBED,):
        output.text(line)
    return 0


def calibration_lines(calibration: Calibration) -> list[str]:
    lines = [f"{'weights':<14} {'threads':>7} {'one token':>12} {'prompts':>16}"]
    lines += [
        f"{point.type_name + ' experts' * point.experts:<14} {point.threads:>7} "
        f"{rate_text(point.bytes_per_second):>12} "
        f"{point.prompt_operations_per_second / 1e9:>9.0f} GFLOP/s"
        for point in calibration.kernels
    ]
    return lines
