"""The check of this machine: probes, measures, and keeps the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.cancellation import CancelToken
from engine.errors import DesksideError
from engine.hardware.check import check
from engine.hardware.report import CheckProgress, HardwareReport
from engine.hardware.report_json import load_report, save_report
from engine.paths import Paths
from engine.runtime.client import list_devices

log = logging.getLogger(__name__)


def report_path(paths: Paths) -> Path:
    return paths.state / "hardware.json"


def check_machine(
    paths: Paths,
    worker_command: Sequence[str],
    progress: Callable[[CheckProgress], None],
    token: CancelToken,
) -> HardwareReport:
    """Measures this machine and saves the report. Raises: Cancelled."""
    # Only files: a dangling link must not end the check.
    files = [path for path in paths.models.rglob("*.gguf") if path.is_file()]
    models = sorted(files, key=lambda path: path.stat().st_size, reverse=True)
    report = check([paths.models], lambda: list_devices(worker_command), progress, token, models[:1])
    try:
        save_report(report_path(paths), report)
    except OSError as error:
        # The report is shown all the same; only the next start has to measure again.
        log.warning("the hardware report was not saved: %s", error)
    return report


def last_report(paths: Paths) -> HardwareReport | None:
    """The report of the last check, None if there is none that can be read."""
    path = report_path(paths)
    if not path.exists():
        return None
    try:
        return load_report(path)
    except (DesksideError, OSError) as error:
        log.warning("the last hardware report cannot be read: %s", error)
        return None
