"""How wrong predictions have been on this machine, and what is predicted next."""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.catalog.model import InstalledModel
from engine.errors import DesksideError
from engine.figures import Range
from engine.hardware.report import HardwareReport
from engine.host.describing import describe
from engine.host.knowing import Knowledge, is_of, load_knowledge
from engine.jobs.checking import last_report
from engine.paths import Paths
from engine.planning.machine import machine_of
from engine.planning.placement import plan_on
from engine.telemetry.history import KEPT_DAYS, Quantity, ScoreRecord, read_scores

log = logging.getLogger(__name__)

RECENT = 10  # of a kind: the newest ones, against as many of the first
_MOST_PREDICTED = 32  # models
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors are shares of what was measured: 0.1 is ten percent off, in either direction."""

    quantity: Quantity
    model: str  # "" for all of them
    quantization: str
    count: int  # of undisturbed ones, which all figures here are about
    disturbed: int  # beside them: other programs used the machine meanwhile
    median_error: float
    worst_error: float
    ratio: float  # predicted over measured, median: above 1 too much was predicted
    first_error: float  # median of the first few
    recent_error: float  # median of the newest few
    unlearnt_error: float  # median, had nothing been learnt from runs


@dataclass(frozen=True, slots=True)
class NextPrediction:
    """What the next answer of an installed model is expected to do."""

    model: str
    quantization: str
    generation_tps: Range
    prompt_tps: Range
    observed: int  # runs that it rests on


@dataclass(frozen=True, slots=True)
class Score:
    days: int
    calibrated: bool
    quantities: tuple[Accuracy, ...]  # over all models
    models: tuple[Accuracy, ...]
    next: tuple[NextPrediction, ...]

    def of(self, quantity: Quantity) -> Accuracy | None:
        return next((one for one in self.quantities if one.quantity is quantity), None)


def score(paths: Paths, installed: Sequence[InstalledModel], days: int = KEPT_DAYS) -> Score:
    """Reads files: not for the window's thread. Raises: StoreError."""
    since = time.time() - days * _DAY_S
    records = read_scores(paths.history, since)
    report = last_report(paths)
    if report is None:
        return Score(days, False, *_accuracies(records), ())
    known = load_knowledge(paths, report)
    own = {text: is_of(text, known.key) for text in {record.machine for record in records}}
    records = tuple(record for record in records if own[record.machine])
    predicted = _predict(installed[:_MOST_PREDICTED], report, known)
    return Score(days, known.calibration is not None, *_accuracies(records), predicted)


def _accuracies(
    records: Sequence[ScoreRecord],
) -> tuple[tuple[Accuracy, ...], tuple[Accuracy, ...]]:
    """(by quantity, by quantity and model), oldest records first."""
    by_quantity, by_model = [], []
    for quantity in Quantity:
        own = [one for one in records if one.quantity == quantity and one.measured > 0]
        if any(one.quiet for one in own):
            by_quantity.append(_accuracy(quantity, "", "", own))
        for name in sorted({(one.model, one.quantization) for one in own if one.quiet}):
            of_model = [one for one in own if (one.model, one.quantization) == name]
            by_model.append(_accuracy(quantity, *name, of_model))
    return tuple(by_quantity), tuple(by_model)


def _accuracy(quantity: Quantity, model: str, quantization: str, own: Sequence[ScoreRecord]) -> Accuracy:
    """At least one of them was undisturbed."""
    records = [one for one in own if one.quiet]
    errors = [abs(one.predicted / one.measured - 1) for one in records]
    few = min(RECENT, max(1, len(errors) // 2))
    return Accuracy(
        quantity,
        model,
        quantization,
        len(errors),
        len(own) - len(records),
        statistics.median(errors),
        max(errors),
        statistics.median(one.predicted / one.measured for one in records),
        statistics.median(errors[:few]),
        statistics.median(errors[-few:]),
        statistics.median(abs(one.plain / one.measured - 1) for one in records),
    )


def _predict(
    models: Sequence[InstalledModel], report: HardwareReport, known: Knowledge
) -> tuple[NextPrediction, ...]:
    machine = known.of(machine_of(report))
    found = []
    for model in models:
        try:
            plan = plan_on(machine, *describe(model))
        except DesksideError as error:
            log.warning("%s cannot be planned: %s", model.name, error)
            continue
        speed = plan.speed
        found.append(
            NextPrediction(
                model.name, model.quantization, speed.generation_tps, speed.prompt_tps, speed.observed
            )
        )
    return tuple(found)
