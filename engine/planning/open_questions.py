"""The question that matters most where a description leaves the speed too open, as a sentence."""

from __future__ import annotations

from engine.messages import Sentence, sentence
from engine.planning.layout import Placement
from engine.planning.machine import GIB, Machine, Question, Unknown
from engine.planning.sharpen import learnt
from engine.planning.speed import WORTH_ASKING, SpeedQuestion, token_time
from engine.planning.spread import TENSOR_PARALLEL
from engine.planning.wording import size_text

EVERYBODYS_MEMORY = 4 * GIB  # what any machine of today has


def questions_for(placement: Placement, machine: Machine, asked: SpeedQuestion) -> tuple[Sentence, ...]:
    """The largest first; none where the description says all that matters."""
    open_ends = () if learnt(placement, machine).observed else machine.unknowns
    found = [
        (factor, unknown)
        for unknown in open_ends
        if (factor := _factor(placement, unknown, asked)) >= WORTH_ASKING
    ]
    found.sort(key=lambda pair: -pair[0])
    sentences = [_sentence(unknown, factor) for factor, unknown in found]
    sentences += [
        sentence("plan_ask_gpu", name=gpu.name, factor="2")
        for gpu in {gpu.name: gpu for gpu in machine.gpus if not gpu.bandwidth_known}.values()
    ]
    if machine.memory_assumed and placement.ram > EVERYBODYS_MEMORY:
        sentences.append(sentence("plan_memory_assumed", needed=size_text(placement.ram)))
    if machine.engine in TENSOR_PARALLEL:
        sentences.append(sentence("plan_engine_unknown_speed", engine=str(machine.engine)))
    return tuple(sentences)


def _factor(placement: Placement, unknown: Unknown, asked: SpeedQuestion) -> float:
    slow = token_time(placement, unknown.slow, asked.depth, asked.streams).total
    return slow / token_time(placement, unknown.fast, asked.depth, asked.streams).total


def _sentence(unknown: Unknown, factor: float) -> Sentence:
    text = f"{factor:.1f}"
    match unknown.question:
        case Question.THREADS:
            low, high = unknown.slow.threads, unknown.fast.threads
            return sentence("plan_ask_threads", low=low, high=high, factor=text)
        case Question.CHANNELS:
            return sentence("plan_ask_channels", factor=text)
        case Question.BUILD:
            return sentence("plan_ask_build", factor=text)
        case Question.DISK:
            return sentence("plan_ask_disk", factor=text)
