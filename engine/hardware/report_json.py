"""A hardware report as JSON, and back. What is read may come from anybody: it is believed in
nothing but what its types and bounds allow."""

from __future__ import annotations

import json
import math
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, cast

from engine.errors import UsageError
from engine.hardware.report import BandwidthMeasurement, CpuInfo, HardwareReport
from engine.messages import TEMPLATES, Sentence, english
from engine.whole_file import replace_file

SCHEMA = 1

_MOST_FILE_BYTES = 2**20
_MOST_ITEMS = 1024
_MOST_CHARACTERS = 4096
_MOST_NUMBER = 2**60  # bytes, bytes per second and counts alike


def report_to_json(report: HardwareReport) -> dict[str, Any]:
    """Only dicts, lists, strings, numbers, booleans and None."""
    written = cast("dict[str, Any]", _write(report))
    return {"schema": SCHEMA, **written}


def report_from_json(data: object) -> HardwareReport:
    """Raises: UsageError, naming the first field that cannot be believed."""
    if not isinstance(data, dict):
        _refuse("report", "is not a JSON object")
    if data.get("schema") != SCHEMA or isinstance(data.get("schema"), bool):
        _refuse("schema", f"is not {SCHEMA}")
    rest = {key: value for key, value in data.items() if key != "schema"}
    report = cast("HardwareReport", _read(rest, HardwareReport, "report"))
    _believe(report)
    return report


def save_report(path: Path, report: HardwareReport) -> None:
    """Replaces the file atomically. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(report_to_json(report), indent=2, allow_nan=False).encode("ascii"))


def load_report(path: Path) -> HardwareReport:
    """Raises: UsageError, for a file that is missing, too large, not JSON or not a report."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_FILE_BYTES + 1)
        if len(content) > _MOST_FILE_BYTES:
            raise ValueError(f"larger than {_MOST_FILE_BYTES} bytes")
        data = json.loads(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError.of("report_unreadable", path=str(path), reason=reason) from error
    except (ValueError, RecursionError) as error:
        raise UsageError.of("report_unreadable", path=str(path), reason=str(error)[:200]) from error
    return report_from_json(data)


def _write(value: object) -> Any:
    if isinstance(value, Sentence):
        return {"code": value.code, "values": dict(value.values), "text": english(value)}
    if is_dataclass(value):
        return {entry.name: _write(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, tuple):
        return [_write(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _read(value: object, kind: Any, field: str) -> object:
    """`value` as that type; `field` is its path for people."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _read(value, _without_none(kind), field)
    if origin is tuple:
        return _read_tuple(value, typing.get_args(kind), field)
    if kind is Sentence:
        return _read_sentence(value, field)
    if is_dataclass(kind):
        return _read_record(value, cast("type[Any]", kind), field)
    if kind is datetime:
        return _read_time(value, field)
    return _read_plain(value, kind, field)


def _without_none(kind: Any) -> Any:
    return next(part for part in typing.get_args(kind) if part is not type(None))


def _read_record(value: object, kind: type[Any], field: str) -> object:
    if not isinstance(value, dict):
        _refuse(field, "is not an object")
    hints = typing.get_type_hints(kind)
    unknown = sorted(str(name)[:60] for name in value.keys() - hints.keys())
    if unknown:
        _refuse(f"{field}.{unknown[0]}", "is not a known field")
    made: dict[str, Any] = {}
    for entry in fields(kind):
        if entry.name in value:
            made[entry.name] = _read(value[entry.name], hints[entry.name], f"{field}.{entry.name}")
        elif entry.default is MISSING:
            _refuse(f"{field}.{entry.name}", "is missing")
    return kind(**made)


def _read_tuple(value: object, inner: tuple[Any, ...], field: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        _refuse(field, "is not a list")
    if len(value) > _MOST_ITEMS:
        _refuse(field, f"has more than {_MOST_ITEMS} items")
    if len(inner) == 2 and inner[1] is Ellipsis:
        inner = (inner[0],) * len(value)
    if len(value) != len(inner):
        _refuse(field, f"has not {len(inner)} items")
    return tuple(
        _read(item, kind, f"{field}[{index}]")
        for index, (item, kind) in enumerate(zip(value, inner, strict=True))
    )


def _read_sentence(value: object, field: str) -> Sentence:
    if not isinstance(value, dict):
        _refuse(field, "is not an object")
    code, values = value.get("code"), value.get("values", {})
    if not isinstance(code, str) or code not in TEMPLATES:
        _refuse(f"{field}.code", "is not a known message")
    if not isinstance(values, dict) or len(values) > _MOST_ITEMS:
        _refuse(f"{field}.values", "is not an object")
    checked = {name: _read_value(item, f"{field}.values") for name, item in values.items()}
    made = Sentence(code, types.MappingProxyType(checked))
    try:
        english(made)
    except (KeyError, ValueError, IndexError, AttributeError):
        _refuse(f"{field}.values", "does not fit the message")
    return made


def _read_value(value: object, field: str) -> str | int | float:
    kind = type(value)
    if kind not in (str, int, float):
        _refuse(field, "holds something else than text and numbers")
    return cast("str | int | float", _read_plain(value, kind, field))


def _read_time(value: object, field: str) -> datetime:
    try:
        time = datetime.fromisoformat(cast("str", _read_plain(value, str, field)))
    except ValueError:
        _refuse(field, "is not a date and time")
    if time.tzinfo is None:
        _refuse(field, "has no time zone")
    return time


def _read_plain(value: object, kind: Any, field: str) -> object:
    if kind is float and type(value) is int:
        value = float(value) if 0 <= value <= _MOST_NUMBER else math.inf
    if type(value) is not kind:
        _refuse(field, f"is not of type {kind.__name__}")
    if isinstance(value, str):
        if len(value) > _MOST_CHARACTERS:
            _refuse(field, f"is longer than {_MOST_CHARACTERS} characters")
    elif isinstance(value, int | float) and not 0 <= value <= _MOST_NUMBER:  # false for NaN too
        _refuse(field, "is out of bounds")
    return value


def _believe(report: HardwareReport) -> None:
    """What no machine can be, though every field by itself could. Raises: UsageError."""
    _believe_cpu(report.cpu)
    memory = report.memory
    if memory.available_bytes > memory.total_bytes:
        _refuse("report.memory.available_bytes", "is more than the total")
    if memory.swap_free_bytes is not None and memory.swap_free_bytes > memory.swap_bytes:
        _refuse("report.memory.swap_free_bytes", "is more than the swap space")
    _believe_rate(memory.bandwidth, "report.memory.bandwidth")
    for index, gpu in enumerate(report.gpus):
        if gpu.vram_free_bytes > gpu.vram_bytes:
            _refuse(f"report.gpus[{index}].vram_free_bytes", "is more than the card's memory")
    for index, disk in enumerate(report.disks):
        if disk.free_bytes > disk.total_bytes:
            _refuse(f"report.disks[{index}].free_bytes", "is more than the disk's size")
        _believe_rate(disk.read, f"report.disks[{index}].read")


def _believe_cpu(cpu: CpuInfo) -> None:
    if not 1 <= cpu.performance_cores <= cpu.physical_cores <= cpu.logical_cores:
        _refuse("report.cpu", "does not have 1 <= performance <= physical <= logical cores")
    if not 0 < cpu.usable_cores <= cpu.logical_cores:
        _refuse("report.cpu.usable_cores", "is not between 0 and the logical cores")


def _believe_rate(measured: BandwidthMeasurement | None, field: str) -> None:
    if measured is not None and (measured.bytes_per_second <= 0 or measured.threads < 1):
        _refuse(field, "is not above 0")


def _refuse(field: str, reason: str) -> NoReturn:
    raise UsageError.of("report_invalid", field=field[:200], reason=reason)
