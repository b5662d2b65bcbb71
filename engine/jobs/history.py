"""What was measured over time, for the page that shows it: by model and by device."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from engine.telemetry.history import (
    AnswerRecord,
    DeviceRecord,
    Quantity,
    ScoreRecord,
    read_answers,
    read_devices,
    read_scores,
)

Record = TypeVar("Record", AnswerRecord, DeviceRecord)

DAY_S: Final = 86_400.0
_MOST_POINTS: Final = 2000  # of a curve: more are thinned out, as no screen is wider


@dataclass(frozen=True, slots=True)
class ModelHistory:
    """Answers of one model, oldest first. Medians are over all of them, measured."""

    model: str
    quantization: str
    answers: tuple[AnswerRecord, ...]  # thinned out
    count: int
    generation_tps: float
    prompt_tps: float
    first_token_s: float
    predicted_bytes: int  # memory, for the last load; 0 where nobody knows
    measured_bytes: int  # of the same load


@dataclass(frozen=True, slots=True)
class MachineHistory:
    days: int
    models: tuple[ModelHistory, ...]  # the last used first
    devices: tuple[tuple[str, tuple[DeviceRecord, ...]], ...]  # by name; thinned out


def history(path: Path, days: int) -> MachineHistory:
    """Reads a file: not for the window's thread. Raises: StoreError."""
    since = time.time() - days * DAY_S
    answers = read_answers(path, since)
    devices = read_devices(path, since)
    scores = [one for one in read_scores(path, since) if one.quantity == Quantity.RESIDENT]
    names = {(one.model, one.quantization): one.at for one in answers}
    latest_first = sorted(names, key=lambda name: names[name], reverse=True)
    by_device = sorted({one.device for one in devices})
    return MachineHistory(
        days,
        tuple(_of_model(name, answers, scores) for name in latest_first),
        tuple((name, _thinned([one for one in devices if one.device == name])) for name in by_device),
    )


def _of_model(
    name: tuple[str, str], answers: Sequence[AnswerRecord], scores: Sequence[ScoreRecord]
) -> ModelHistory:
    own = [one for one in answers if (one.model, one.quantization) == name]
    loads = [one for one in scores if (one.model, one.quantization) == name]
    return ModelHistory(
        *name,
        _thinned(own),
        len(own),
        _median([one.generation_tps for one in own if one.generation_tps > 0]),
        _median([one.prompt_tps for one in own if one.prompt_tps > 0]),
        _median([one.first_token_s for one in own if one.generated_tokens]),
        round(loads[-1].predicted) if loads else 0,
        round(loads[-1].measured) if loads else 0,
    )


def _thinned(records: Sequence[Record]) -> tuple[Record, ...]:
    step = -(-len(records) // _MOST_POINTS) or 1
    return tuple(records[::step])


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
