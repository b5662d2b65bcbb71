"""Plans in plain words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from engine.figures import Range
from engine.planning.loss import loss_of
from engine.planning.plan import KvType, Purpose, RunPlan, Tier, Verdict, Wish
from gui.widgets.bytes_text import (
    format_bytes,
    format_count,
    format_seconds,
    format_tokens_per_second,
)

_SEPARATOR = " · "


def tier_words(tier: Tier) -> tuple[str, str]:
    """A heading and a sentence on what this class of machine is good for."""
    words = {
        Tier.STARTER: (
            _tr("A small machine"),
            _tr("It runs small models, good for trying things out and short texts."),
        ),
        Tier.CPU: (
            _tr("A machine without a large GPU"),
            _tr(
                "A widely copied guide puts such a machine at 5,000 CNY. Models up to about 14B and "
                "small mixtures of experts run well."
            ),
        ),
        Tier.ONE_GPU: (
            _tr("A machine with one GPU"),
            _tr(
                "A widely copied guide puts such a machine at 20,000 CNY. Models that fit into the GPU's "
                "memory answer faster than you can read."
            ),
        ),
        Tier.SEVERAL_GPUS: (
            _tr("A machine with several GPUs"),
            _tr(
                "A widely copied guide puts such a machine at 60,000 CNY. Large models run, and several "
                "people can use it at once."
            ),
        ),
    }
    return words[tier]


def verdict_words(verdict: Verdict) -> str:
    words = {
        Verdict.RUNS_WELL: _tr("Runs well"),
        Verdict.SLOW: _tr("Runs, but slowly"),
        Verdict.WILL_NOT_RUN: _tr("Will not run"),
    }
    return words[verdict]


def speed_words(tokens_per_second: Range) -> str:
    """The range, or one figure where both ends read the same."""
    low = format_tokens_per_second(tokens_per_second.low)
    high = format_tokens_per_second(tokens_per_second.high)
    if low == high:
        return _tr("{rate} tokens/s").format(rate=low)
    return _tr("{low} to {high} tokens/s").format(low=low, high=high)


def facts_words(plan: RunPlan) -> str:
    """First token, context and download of a plan in one line."""
    words = []
    if plan.verdict is not Verdict.WILL_NOT_RUN:
        reading = plan.speed.time_to_first_token_s
        words.append(_tr("about {wait} to the first word").format(wait=format_seconds(reading)))
        words.append(_tr("context {tokens}").format(tokens=format_count(plan.context_length)))
        if plan.kv_type is not KvType.F16:
            words.append(_tr("KV cache as {kind}").format(kind=plan.kv_type))
        words.append(place_words(plan))
    words.append(loss_words(plan))
    words.append(_tr("download {size}").format(size=format_bytes(plan.quantization.size_bytes)))
    return _SEPARATOR.join(words)


def place_words(plan: RunPlan) -> str:
    """Where it computes: "on the processor", "24 of 32 layers on the GPU"."""
    shape = plan.model.shape
    # As people count: for llama.cpp the output is one more, and so is each layer for drafts.
    count = plan.n_gpu_layers - 1 - shape.draft_layers
    if not plan.n_gpu_layers:
        return _tr("on the processor")
    if plan.n_gpu_layers == 1:
        return _tr("the output on the GPU, all layers on the processor")
    if plan.experts_away:
        return _experts_words(plan, count)
    if count >= shape.layers:
        return _tr("all of it on the GPU")
    return _tr("{count} of {layers} layers on the GPU").format(count=count, layers=shape.layers)


def _experts_words(plan: RunPlan, count: int) -> str:
    """Where experts of some of the `count` layers on GPUs stay in main memory."""
    layers, away = plan.model.shape.layers, len(plan.experts_away)
    if count < layers:
        words = _tr("{count} of {layers} layers on the GPU, the experts of {away} of them in main memory")
        return words.format(count=count, layers=layers, away=away)
    if plan.experts_kept:
        return _tr("experts of {count} layers in main memory, the rest on the GPU").format(count=away)
    return _tr("experts in main memory, the rest on the GPU")


def loss_words(plan: RunPlan) -> str:
    """What the quantization costs in quality; its source stands in the report."""
    loss = loss_of(plan.quantization)
    if loss.native:
        return _tr("no loss of quality")
    figure = QLocale().toString(loss.increase, "f", 4 if loss.increase < 0.01 else 2)
    if loss.measured:
        return _tr("quality loss: perplexity +{figure}").format(figure=figure)
    return _tr("quality loss: perplexity about +{figure}").format(figure=figure)


def purpose_words(purpose: Purpose) -> str:
    words = {
        Purpose.CHAT: _tr("Chat"),
        Purpose.CODE: _tr("Code"),
        Purpose.LONG: _tr("Long documents"),
    }
    return words[purpose]


def wish_words(wish: Wish) -> str:
    return _tr("Better answers") if wish is Wish.QUALITY else _tr("Quicker answers")


def plan_summary(plan: RunPlan, machine_bytes: int) -> str:
    """The whole of a plan for a screen reader."""
    parts = [f"{plan.model.title}, {plan.quantization.name}", verdict_words(plan.verdict)]
    parts.append(memory_need_words(plan, machine_bytes))
    if plan.verdict is not Verdict.WILL_NOT_RUN:
        parts.append(speed_words(plan.speed.generation_tps))
    parts.append(facts_words(plan))
    return ". ".join(parts)


def memory_need(plan: RunPlan) -> int:
    """Bytes that the plan asks for in all, system memory and VRAM together."""
    memory = plan.memory
    parts = memory.weights + memory.repack + memory.kv_cache + memory.compute + memory.output
    return parts + memory.projector + memory.overhead


def memory_need_words(plan: RunPlan, machine_bytes: int) -> str:
    return _tr("needs {need} of {machine}").format(
        need=format_bytes(memory_need(plan)), machine=format_bytes(machine_bytes)
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Plans", text)
