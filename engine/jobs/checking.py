"""The check of this machine: probes, measures, compares with the last one, and keeps the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.cancellation import CancelToken
from engine.hardware.check import check
from engine.hardware.comparison import Change, compare
from engine.hardware.report import CheckProgress, HardwareReport
from engine.hardware.report_json import save_report
from engine.hardware.vulkan import VULKAN_WORD, vulkan_cards
from engine.host.surroundings import corrected, report_path
from engine.host.surroundings import last_report as measured_report
from engine.paths import Paths
from engine.runtime.client import list_devices
from engine.settings import load_settings

log = logging.getLogger(__name__)

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    report: HardwareReport  # with the figures set by hand
    changes: tuple[Change, ...]  # since the last check, of what was found and not of corrections


def check_machine(
    paths: Paths,
    worker_command: Sequence[str],
    progress: Callable[[CheckProgress], None],
    token: CancelToken,
    overrides: Pairs = (),
) -> Checked:
    """Measures this machine and saves the report as it was found. Raises: Cancelled."""
    # Only files: a dangling link must not end the check.
    files = [path for path in paths.models.rglob("*.gguf") if path.is_file()]
    models = sorted(files, key=lambda path: path.stat().st_size, reverse=True)
    before = measured_report(paths)
    report = check(
        [paths.models],
        lambda: list_devices(worker_command),
        progress,
        token,
        models[:1],
        partial(vulkan_cards, [*worker_command, VULKAN_WORD]),
    )
    try:
        save_report(report_path(paths), report)
    except OSError as error:
        # The report is shown all the same; only the next start has to measure again.
        log.warning("the hardware report was not saved: %s", error)
    changes = () if before is None else compare(before, report)
    return Checked(corrected(report, overrides), changes)


def last_report(paths: Paths, overrides: Pairs | None = None) -> HardwareReport | None:
    """The report of the last check with the figures set by hand (None: those of the settings file);
    None if there is none that can be read."""
    report = measured_report(paths)
    if report is None:
        return None
    if overrides is None:
        overrides = load_settings(paths.settings)[0].overrides
    return corrected(report, overrides)


def changed_overrides(overrides: Pairs, put: Pairs, drop: Sequence[str]) -> Pairs:
    """With `put` in place of what those keys were, and without those of `drop` ("all" is every key).

    The caller has parsed `put`. Keys are told apart as people write them, without regard to case.
    """
    gone = {key.strip().lower() for key in drop}
    kept = {} if "all" in gone else {key: value for key, value in overrides if key not in gone}
    kept |= {key.strip().lower(): value.strip() for key, value in put}
    return tuple(kept.items())
