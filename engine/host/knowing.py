"""What is known of this machine beside its report: its calibration, and its own measured runs.

Everybody who predicts asks here: window, command line and host. What was learnt of another processor, of
other memory or with another llama.cpp is not believed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from engine.errors import StoreError
from engine.hardware.nodes import is_node
from engine.hardware.report import HardwareReport
from engine.paths import Paths
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.machine import Machine, machine_of
from engine.planning.sharpen import METHOD, Observation, sharpen
from engine.planning.speed_inputs import TokenTime
from engine.runtime.build import engine_build
from engine.telemetry.history import KEPT_DAYS, Quantity, ScoreRecord, read_lessons
from engine.whole_file import replace_file

log = logging.getLogger(__name__)

SCHEMA = 2  # 1 had no rates of experts
_MOST_BYTES = 2**20
_MOST_POINTS = 1024
_SAME_SIZE = 0.05  # kernels keep a little more or less of memory to themselves
_DAY_S = 86_400.0

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class MachineKey:
    """What must stay the same for a measured speed to count. 0 and "" stand for what is not known."""

    cpu: str
    cores: int
    memory_bytes: int
    channels: int
    gpus: str  # their names; devices of other machines come and go
    engine: str  # which llama.cpp

    def agrees(self, other: MachineKey) -> bool:
        """On the processor's side. Memory of another size has other modules."""
        sizes = self.memory_bytes, other.memory_bytes
        return (
            (self.cpu, self.cores, self.engine) == (other.cpu, other.cores, other.engine)
            and (0 in sizes or abs(sizes[0] / sizes[1] - 1) <= _SAME_SIZE)
            and (0 in (self.channels, other.channels) or self.channels == other.channels)
        )


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Read once, for many predictions."""

    key: MachineKey
    calibration: Calibration | None
    runs: tuple[Observation, ...]  # oldest first

    @property
    def basis(self) -> str:
        """Runs teach what predictions on the same basis missed by."""
        calibration = hashlib.sha256(repr(self.calibration).encode()).hexdigest()[:12]
        return f"{METHOD} {calibration if self.calibration else 'published figures'}"

    def of(self, machine: Machine) -> Machine:
        return sharpen(replace(machine, calibration=self.calibration), self.runs)


def known_machine(paths: Paths, report: HardwareReport) -> Machine:
    """The machine of a report with everything that was learnt of it."""
    return load_knowledge(paths, report).of(machine_of(report))


def load_knowledge(paths: Paths, report: HardwareReport) -> Knowledge:
    """Reads two small files: not for the window's thread."""
    key = key_of_machine(report)
    bare = Knowledge(key, load_calibration(paths, report), ())
    try:
        scores = read_lessons(paths.history, time.time() - KEPT_DAYS * _DAY_S)
    except StoreError as error:
        log.warning("nothing is learnt from earlier runs: %s", error)
        return bare
    return replace(bare, runs=_observations(scores, bare))


def key_of_machine(report: HardwareReport) -> MachineKey:
    """A size that was set by hand says nothing of the machine."""
    memory = report.memory
    return MachineKey(
        report.cpu.model,
        report.cpu.physical_cores,
        0 if "memory.total" in report.overridden else memory.total_bytes,
        memory.channels or 0,
        ", ".join(sorted(gpu.name for gpu in report.gpus if gpu.usable and not is_node(gpu.device))),
        engine_build(),
    )


def key_text(key: MachineKey) -> str:
    return json.dumps(asdict(key), sort_keys=True)


def _observations(scores: Iterable[ScoreRecord], bare: Knowledge) -> tuple[Observation, ...]:
    """Of runs on this machine that teach something and rest on what predictions rest on now."""
    believed: dict[str, bool] = {}
    found = []
    for score in scores:
        if score.basis != bare.basis or score.measured <= 0:
            continue
        if score.machine not in believed:
            believed[score.machine] = is_of(score.machine, bare.key)
        if believed[score.machine]:
            found += _observation(score)
    return tuple(found)


def _observation(score: ScoreRecord) -> list[Observation]:
    if score.quantity == Quantity.GENERATION:
        time = TokenTime(score.vram_s, score.ram_s, score.compute_s, score.ssd_s, score.pcie_s, score.cache_s)
        return [Observation(time, 1 / score.measured, build=score.build)]
    if score.quantity == Quantity.PROMPT:
        nothing = TokenTime(0.0, 0.0, 0.0, 0.0)
        return [Observation(nothing, 0.0, score.plain, score.measured, score.build)]
    return []


def is_of(text: str, key: MachineKey) -> bool:
    """Whether a kept key names that machine, as it is."""
    try:
        kept = _record(json.loads(text), MachineKey)
    except (ValueError, TypeError, RecursionError):
        return False
    return kept.agrees(key) and kept.gpus == key.gpus


# the calibration's file
def calibration_path(paths: Paths) -> Path:
    return paths.state / "calibration.json"


def load_calibration(paths: Paths, report: HardwareReport) -> Calibration | None:
    """None where there is none that can be read and is of this machine."""
    data = _read(calibration_path(paths))
    if data is None:
        return None
    try:
        if not _record(data["machine"], MachineKey).agrees(key_of_machine(report)):
            return None
        kernels, fixed = _points(data["kernels"], KernelPoint), _points(data["fixed"], FixedPoint)
        rates = [(one.bytes_per_second, one.prompt_operations_per_second) for one in kernels]
        if not all(map(all, rates)) or not all(one.cache_elements_per_second for one in fixed):
            raise ValueError("a rate of nothing")
        return Calibration(kernels, fixed)
    except (KeyError, TypeError, ValueError) as error:
        log.warning("the calibration cannot be read: %s", error)
        return None


def save_calibration(paths: Paths, report: HardwareReport, calibration: Calibration) -> None:
    """Raises: OSError."""
    path = calibration_path(paths)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, "machine": asdict(key_of_machine(report)), **asdict(calibration)}
    replace_file(path, json.dumps(content, allow_nan=False).encode("ascii"))


def _read(path: Path) -> dict[str, Any] | None:
    """The file's content, if it is there and sound."""
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return None
    return data if isinstance(data, dict) and data.get("schema") == SCHEMA else None


def _points(value: object, kind: Callable[..., _Value]) -> tuple[_Value, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_POINTS:
        raise ValueError("not a list of points")
    return tuple(_record(item, kind) for item in value)


def _record(item: object, kind: Callable[..., _Value]) -> _Value:
    """A flat dataclass of texts and finite numbers that are not negative. Raises: ValueError, TypeError."""
    if not isinstance(item, dict):
        raise TypeError("not an object")
    names = {entry.name: entry.type for entry in fields(cast("Any", kind))}
    for name, value in item.items():
        number = isinstance(value, int | float) and math.isfinite(value) and 0 <= value < 1e30
        if name not in names or not (isinstance(value, str) if names[name] == "str" else number):
            raise ValueError(f"{name!s:.60} cannot be believed")
    return kind(**item)
