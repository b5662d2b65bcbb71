"""Reads a hardware file: a described machine, or a report that `deskside check --json` printed.

The file may come from anybody. Every field is checked for its type and bounds, unknown ones are
refused with the nearest known name, and values that no machine has together are refused as well.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar, cast

from engine.errors import UsageError
from engine.hardware.described import (
    DescribedCpu,
    DescribedDisk,
    DescribedEngine,
    DescribedGpu,
    DescribedMemory,
    Description,
    EngineKind,
    GpuBackend,
)
from engine.hardware.report import HardwareReport
from engine.hardware.report_json import report_from_json

SCHEMA = 1
MOST_FILE_BYTES = 2**20
MOST_GPUS = 64  # of one machine, counted one by one
_MOST_SOCKETS = 16
_MOST_TEXT = 200
_MOST_ITEMS = 64
_GIB = 2**30
# Modules never carry more than channels x transfers x 8 bytes; a little is allowed for rounding.
_BUS_BYTES = 8
_ROUNDING = 1.05
_TIMES_BEFORE = re.compile(r"\s*(?:(?P<count>\d{1,3})\s*[x×]|dual)\s+(?P<name>.*\S)\s*", re.IGNORECASE)
_TIMES_BEHIND = re.compile(r"\s*(?P<name>.*\S)\s+[x×]\s*(?P<count>\d{1,3})\s*", re.IGNORECASE)

_Kind = TypeVar("_Kind", bound=StrEnum)


def load_described(path: Path) -> Description | HardwareReport:
    """Raises: UsageError, for a file that cannot be read, is not JSON, or describes no machine."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError.of("described_unreadable", path=str(path), reason=reason) from error
    try:
        return parse_described(content)
    except (ValueError, RecursionError) as error:
        raise UsageError.of("described_unreadable", path=str(path), reason=str(error)[:200]) from error


def parse_described(content: bytes) -> Description | HardwareReport:
    """Raises: UsageError for fields that are wrong, ValueError or RecursionError for no JSON."""
    if len(content) > MOST_FILE_BYTES:
        raise ValueError(f"it is larger than {MOST_FILE_BYTES} bytes")
    data = _last_result(content.decode("utf-8-sig"))
    if isinstance(data, dict) and data.get("event") == "report":
        return report_from_json(data.get("report"))
    if isinstance(data, dict) and "created_at" in data:
        return report_from_json(data)
    return description_from_json(data)


def _last_result(text: str) -> object:
    """The document, or the last of the lines that a command with --json printed."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not lines[-1].lstrip().startswith('{"event"'):
            raise
        return json.loads(lines[-1], object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if [name for name, _ in pairs].count(key) > 1)
        _refuse(twice, "stands there twice")
    return found


def description_from_json(data: object) -> Description:
    """Raises: UsageError, naming the first field that cannot be believed."""
    top = _Fields(data, "", ("schema", "name", "cpu", "memory", "gpus", "disks", "engine"))
    if top.optional("schema", lambda value, field: _whole(value, field, 1, 1)) not in (None, SCHEMA):
        _refuse("schema", f"is not {SCHEMA}")  # pragma: no cover  the bounds refuse it before
    made = Description(
        name=top.text("name"),
        cpu=_cpu(top.part("cpu")),
        memory=_memory(top.part("memory")),
        gpus=tuple(_gpu(item, field) for item, field in top.items("gpus")),
        disks=tuple(_disk(item, field) for item, field in top.items("disks")),
        engine=_engine(top.value("engine")) if top.value("engine") is not None else None,
    )
    _believe(made)
    return made


def _cpu(data: object) -> DescribedCpu:
    names = ("model", "sockets", "cores", "threads", "clock_ghz", "architecture", "instruction_sets")
    cpu = _Fields(data, "cpu", names)
    sets = cast("tuple[str, ...] | None", cpu.optional("instruction_sets", _texts))
    model, sockets = _counted(cpu.text("model"), cpu.whole("sockets", 1, _MOST_SOCKETS), "cpu.model")
    if sockets is not None and not 1 <= sockets <= _MOST_SOCKETS:
        _refuse("cpu.model", f"names more than {_MOST_SOCKETS} sockets, or none")
    return DescribedCpu(
        model=model,
        sockets=sockets,
        cores=cpu.whole("cores", 1, 4096),
        threads=cpu.whole("threads", 1, 4096),
        clock_hz=cpu.number("clock_ghz", 0.1, 10, 1e9),
        architecture=_architecture(cpu.text("architecture")),
        instruction_sets=None if sets is None else tuple(name.lower().replace("-", "_") for name in sets),
    )


def _counted(name: str, count: int | None, field: str) -> tuple[str, int | None]:
    """ "2x RTX 3090" and "RTX 3090 x2" are two of them, as people write it."""
    found = _TIMES_BEFORE.fullmatch(name) or _TIMES_BEHIND.fullmatch(name)
    if found is None:
        return name, count
    told = int(found["count"] or 2)
    if count not in (None, told):
        _refuse(field, f"says {told}, and the count beside it {count}")
    return found["name"], told


def _architecture(text: str) -> str:
    known = {"": "", "x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
    if text.lower() not in known:
        _refuse("cpu.architecture", "is neither x86_64 nor arm64")
    return known[text.lower()]


def _memory(data: object) -> DescribedMemory:
    names = ("size_gib", "available_gib", "type", "mt_s", "channels", "bandwidth_gb_s")
    memory = _Fields(data, "memory", names)
    return DescribedMemory(
        size_bytes=memory.size("size_gib", 0.25, 65_536),
        available_bytes=memory.size("available_gib", 0, 65_536),
        kind=memory.text("type"),
        transfers_per_second=memory.number("mt_s", 100, 20_000, 1e6),
        channels=memory.whole("channels", 1, 128),
        bandwidth_bytes_per_second=memory.number("bandwidth_gb_s", 0.5, 20_000, 1e9),
    )


def _gpu(data: object, field: str) -> DescribedGpu:
    if isinstance(data, str):
        data = {"name": data}
    names = ("name", "count", "vram_gib", "bandwidth_gb_s", "pcie_generation", "pcie_lanes", "backend")
    gpu = _Fields(data, field, names)
    name, count = _counted(gpu.text("name"), gpu.whole("count", 1, MOST_GPUS), f"{field}.name")
    if not name.strip():
        _refuse(f"{field}.name", "is missing")
    if count is not None and not 1 <= count <= MOST_GPUS:
        _refuse(f"{field}.name", f"names more than {MOST_GPUS} cards, or none")
    return DescribedGpu(
        name=name,
        count=count or 1,
        vram_bytes=gpu.size("vram_gib", 0.25, 4096),
        bandwidth_bytes_per_second=gpu.number("bandwidth_gb_s", 5, 50_000, 1e9),
        pcie_generation=gpu.whole("pcie_generation", 1, 8),
        pcie_lanes=gpu.whole("pcie_lanes", 1, 32),
        backend=gpu.choice("backend", GpuBackend),
    )


def _disk(data: object, field: str) -> DescribedDisk:
    disk = _Fields(data, field, ("read_gb_s", "free_gib"))
    return DescribedDisk(disk.number("read_gb_s", 0.005, 200, 1e9), disk.size("free_gib", 0, 1_000_000))


def _engine(data: object) -> DescribedEngine:
    if isinstance(data, str):
        data = {"name": data}
    engine = _Fields(data, "engine", ("name", "build", "batch"))
    kind = engine.choice("name", EngineKind)
    return DescribedEngine(
        kind=kind or EngineKind.LLAMA_CPP,
        build=engine.text("build"),
        batch=engine.whole("batch", 1, 65_536) or 512,
    )


def _believe(made: Description) -> None:
    """What no machine is, though every field by itself could be."""
    cpu, memory = made.cpu, made.memory
    if cpu.cores and cpu.sockets and cpu.cores < cpu.sockets:
        _refuse("cpu.cores", "are fewer than the sockets; they count in all sockets together")
    if cpu.cores and cpu.threads and cpu.threads > 8 * cpu.cores:
        _refuse("cpu.threads", f"are more than {cpu.cores} cores run")
    if memory.size_bytes is not None and (memory.available_bytes or 0) > memory.size_bytes:
        _refuse("memory.available_gib", "is more than memory.size_gib")
    if memory.channels and memory.transfers_per_second and memory.bandwidth_bytes_per_second:
        most = memory.channels * memory.transfers_per_second * _BUS_BYTES
        if memory.bandwidth_bytes_per_second > most * _ROUNDING:
            _refuse("memory.bandwidth_gb_s", f"is more than its channels carry ({most / 1e9:.1f})")
    if sum(gpu.count for gpu in made.gpus) > MOST_GPUS:
        _refuse("gpus", f"are more than {MOST_GPUS}")


class _Fields:
    """One JSON object whose fields are asked for by name; unknown ones were refused."""

    def __init__(self, data: object, field: str, known: tuple[str, ...]) -> None:
        if not isinstance(data, dict):
            _refuse(field or "the file", "is not a JSON object")
        self._data = cast("Mapping[str, object]", data)
        self._field = field
        for name in self._data:
            if name not in known:
                near = difflib.get_close_matches(str(name)[:_MOST_TEXT], known, 1, 0.0)[0]
                raise UsageError.of("described_unknown", field=self._path(str(name)[:60]), nearest=near)

    def _path(self, name: str) -> str:
        return f"{self._field}.{name}" if self._field else name

    def value(self, name: str) -> object:
        return self._data.get(name)

    def part(self, name: str) -> object:
        value = self._data.get(name)
        return {} if value is None else value

    def optional(self, name: str, read: Callable[[object, str], object]) -> object:
        """None where it is missing or null: both mean that it is not known."""
        value = self._data.get(name)
        return None if value is None else read(value, self._path(name))

    def text(self, name: str) -> str:
        return cast("str | None", self.optional(name, _text)) or ""

    def whole(self, name: str, least: int, most: int) -> int | None:
        return cast("int | None", self.optional(name, lambda value, at: _whole(value, at, least, most)))

    def number(self, name: str, least: float, most: float, unit: float = 1.0) -> float | None:
        found = cast("float | None", self.optional(name, lambda value, at: _number(value, at, least, most)))
        return None if found is None else found * unit

    def size(self, name: str, least: float, most: float) -> int | None:
        found = self.number(name, least, most)
        return None if found is None else int(found * _GIB)

    def choice(self, name: str, kind: type[_Kind]) -> _Kind | None:
        text = self.text(name).lower()
        known = [str(member) for member in kind]
        if text and text not in known:
            near = difflib.get_close_matches(text, known, 1, 0.0)[0]
            raise UsageError.of("described_choice", field=self._path(name), value=text[:60], nearest=near)
        return kind(text) if text else None

    def items(self, name: str) -> list[tuple[object, str]]:
        value = self._data.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > _MOST_ITEMS:
            _refuse(self._path(name), f"is not a list of at most {_MOST_ITEMS}")
        return [(item, f"{self._path(name)}[{index}]") for index, item in enumerate(value)]


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
        _refuse(field, f"is not a text of at most {_MOST_TEXT} characters")
    return value


def _texts(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        _refuse(field, f"is not a list of at most {_MOST_ITEMS} texts")
    return tuple(_text(item, field) for item in value)


def _whole(value: object, field: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        _refuse(field, f"is not a whole number from {least} to {most}")
    return value


def _number(value: object, field: str, least: float, most: float) -> float:
    if type(value) not in (int, float):
        _refuse(field, "is not a number")
    number = cast("int | float", value)
    if not least <= number <= most or not math.isfinite(number):  # a huge int never becomes a float
        _refuse(field, f"is not from {least:g} to {most:g}")
    return float(number)


def _refuse(field: str, reason: str) -> NoReturn:
    raise UsageError.of("described_invalid", field=field[:_MOST_TEXT], reason=reason)
