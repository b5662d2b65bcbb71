"""What is known of this machine beside its report: its calibration and its measured runs, kept as files."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from engine.hardware.report import HardwareReport
from engine.paths import Paths
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.machine import Machine, machine_of
from engine.planning.sharpen import Observation, sharpen
from engine.planning.speed_inputs import TokenTime

log = logging.getLogger(__name__)

SCHEMA = 1
MOST_RUNS = 32  # the newest are kept
_MOST_BYTES = 2**20
_MOST_POINTS = 1024

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class MachineRuns:
    """Which machine the files are about; another one's are not believed."""

    cpu: str
    cores: int


def known_machine(paths: Paths, report: HardwareReport) -> Machine:
    """The machine of a report with everything that was learnt of it."""
    machine = machine_of(report)
    calibration = load_calibration(paths, report)
    if calibration is not None:
        machine = replace(machine, calibration=calibration)
    return sharpen(machine, load_runs(paths, report))


def calibration_path(paths: Paths) -> Path:
    return paths.state / "calibration.json"


def runs_path(paths: Paths) -> Path:
    return paths.state / "runs.json"


def load_calibration(paths: Paths, report: HardwareReport) -> Calibration | None:
    """None where there is none that can be read and is of this machine."""
    data = _read(calibration_path(paths), report)
    if data is None:
        return None
    try:
        return Calibration(
            kernels=_points(data["kernels"], KernelPoint),
            fixed=_points(data["fixed"], FixedPoint),
            busy=data["busy"] is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        log.warning("the calibration cannot be read: %s", error)
        return None


def save_calibration(paths: Paths, report: HardwareReport, calibration: Calibration) -> None:
    """Raises: OSError."""
    _write(calibration_path(paths), report, asdict(calibration))


def load_runs(paths: Paths, report: HardwareReport) -> tuple[Observation, ...]:
    """The measured runs of this machine, the oldest first."""
    data = _read(runs_path(paths), report)
    if data is None:
        return ()
    try:
        return tuple(_run(item) for item in _list(data["runs"]))
    except (KeyError, TypeError, ValueError) as error:
        log.warning("the measured runs cannot be read: %s", error)
        return ()


def add_run(paths: Paths, report: HardwareReport, run: Observation) -> None:
    """Raises: OSError."""
    runs = (*load_runs(paths, report), run)[-MOST_RUNS:]
    _write(runs_path(paths), report, {"runs": [asdict(one) for one in runs]})


def _machine_key(report: HardwareReport) -> dict[str, object]:
    return asdict(MachineRuns(report.cpu.model, report.cpu.physical_cores))


def _write(path: Path, report: HardwareReport, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"schema": SCHEMA, "machine": _machine_key(report), **content}, file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _read(path: Path, report: HardwareReport) -> dict[str, Any] | None:
    """The file's content, if it is there, sound, and about this machine."""
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        return None
    return data if data.get("machine") == _machine_key(report) else None


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_POINTS:
        raise ValueError("not a list")
    return value


def _points(value: object, kind: Callable[..., _Value]) -> tuple[_Value, ...]:
    points = tuple(_record(item, kind) for item in _list(value))
    if not points:
        raise ValueError("an empty list")
    return points


def _run(item: object) -> Observation:
    if not isinstance(item, dict):
        raise TypeError("not an object")
    return _record({**item, "predicted": _record(item["predicted"], TokenTime)}, Observation)


def _record(item: object, kind: Callable[..., _Value]) -> _Value:
    """A flat dataclass of texts and finite numbers that are not negative. Raises: ValueError, TypeError."""
    if not isinstance(item, dict):
        raise TypeError("not an object")
    names = {entry.name for entry in fields(cast("Any", kind))}
    for name, value in item.items():
        number = isinstance(value, int | float) and math.isfinite(value) and 0 <= value < 1e30
        if name not in names or not (number or isinstance(value, str | TokenTime)):
            raise ValueError(f"{name!s:.60} cannot be believed")
    return kind(**item)
