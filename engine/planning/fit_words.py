"""What a fit had to give up, in sentences for people."""

from __future__ import annotations

from engine.messages import Sentence, sentence
from engine.planning.fit import Fit
from engine.planning.memory import UBATCH
from engine.planning.plan import KvType
from engine.planning.wording import size_text

_BITS = {KvType.F16: 16, KvType.Q8_0: 8, KvType.Q4_0: 4}


def steps_of(fit: Fit, model: str) -> tuple[Sentence, ...]:
    """One sentence for each thing given up, in the order of the ladder; none for wider contexts,
    which nobody asked for."""
    now, then = fit.setting, fit.wanted
    placement, layers = fit.placement, fit.placement.demand.shape.layers
    why = {"model": model, "free": size_text(fit.free), "needed": size_text(fit.needed)}
    told: list[Sentence] = []
    if fit.kept not in (None, now.kv_type):
        told.append(sentence("fit_kept", model=model, bits=_BITS[now.kv_type], before=_BITS[fit.kept]))
    if now.easy or now == then:
        return tuple(told)
    if now.repack != then.repack:
        told.append(sentence("fit_no_repack", **why))
    if now.kv_type is not then.kv_type:
        told.append(sentence("fit_cache", bits=_BITS[now.kv_type], wanted=_BITS[then.kv_type], **why))
    if now.context_length < then.context_length:
        told.append(sentence("fit_context", context=now.context_length, wanted=then.context_length, **why))
    if now.whole != then.whole and (placement.experts_away or placement.gpu_layers < layers):
        told.append(_less_on_gpus(fit, why))
    if now.batch < UBATCH:
        told.append(sentence("fit_batch", batch=now.batch, wanted=UBATCH, **why))
    if now.streams and fit.placement.streamed:
        told.append(sentence("fit_streams", streamed=size_text(fit.placement.streamed), **why))
    return tuple(told)


def _less_on_gpus(fit: Fit, why: dict[str, str]) -> Sentence:
    placement = fit.placement
    if placement.experts_away:
        experts, away = size_text(placement.ram_experts), len(placement.experts_away)
        if placement.experts_kept:
            return sentence("fit_experts_divided", away=away, experts=experts, **why)
        return sentence("fit_experts_in_ram", experts=experts, **why)
    layers, total = placement.gpu_layers, placement.demand.shape.layers
    return sentence("fit_fewer_layers", layers=layers, total=total, **why)
