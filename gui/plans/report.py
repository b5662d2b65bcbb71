"""Advice as plain text, to be pasted anywhere: with the machine, the figures and where they come from."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication

from engine.hardware.report import HardwareReport
from engine.planning.loss import loss_of
from engine.planning.plan import Recommendation, RunPlan, Verdict
from gui.plans.words import facts_words, memory_need, purpose_words, speed_words, verdict_words, wish_words
from gui.widgets.bytes_text import format_bytes
from gui.widgets.labels import origin_word
from gui.widgets.sentences import translate


def recommendation_text(report: HardwareReport, advice: Recommendation) -> str:
    """The whole recommendation; one line a figure, no markup."""
    return "\n".join(_lines(report, advice))


def plan_lines(plan: RunPlan) -> Iterator[str]:
    """A plan: what it is, then why."""
    origin = origin_word(plan.speed.origin)
    speed = f", {speed_words(plan.speed.generation_tps)} ({origin})"
    runs = plan.verdict is not Verdict.WILL_NOT_RUN
    yield (
        f"{plan.model.title} {plan.quantization.name}: {verdict_words(plan.verdict)}"
        f"{speed if runs else ''}, {format_bytes(memory_need(plan))} ({origin_word(plan.memory.origin)})"
    )
    yield f"  {facts_words(plan)} ({loss_of(plan.quantization).source})"
    for reason in (*plan.reasons, *([plan.remedy] if plan.remedy else [])):
        yield f"  {translate(reason)}"


def _lines(report: HardwareReport, advice: Recommendation) -> Iterator[str]:
    gpus = ", ".join(gpu.name for gpu in report.gpus if gpu.usable)
    parts = [report.cpu.model, format_bytes(report.memory.usable_bytes), *([gpus] if gpus else [])]
    yield " · ".join(part for part in parts if part)
    yield f"{purpose_words(advice.aim.purpose)}, {wish_words(advice.aim.wish)}"
    for number, plan in enumerate(advice.plans, 1):
        first, *rest = plan_lines(plan)
        yield ""
        yield f"{number}. {first}"
        yield from rest
    yield ""
    yield _tr("For comparison:")
    yield from plan_lines(advice.flagship)
    yield ""
    for remark in advice.remarks:
        yield translate(remark)
    for note in advice.guide:
        yield f"{translate(note.message)} ({'; '.join(note.sources)})"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Plans", text)
