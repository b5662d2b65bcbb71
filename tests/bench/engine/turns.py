"""What a conversation remembers: the next turn, and the next turn after the program was restarted."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.runtime.values import Turn
from tests.bench.engine.asking import Ask, Reply, question, sentence_of
from tests.bench.engine.ours import OurPath
from tests.bench.engine.ratios import Ratio, paired_ratio
from tests.bench.engine.report import Row
from tests.bench.engine.server import LlamaServer
from tests.bench.engine.speed import Bench

_LONG = 400  # tokens of the first turn
_LONGER = 1200
_ANSWER = 16
_NEXT_WORDS = 12


def follow_up(bench: Bench) -> list[Row]:
    """Each side has its own conversation, of equal questions; the second turn is measured."""
    count = 4 if bench.quick else 12
    ours, server = bench.open_ours(bench.settings), LlamaServer(bench.tools, bench.settings)
    mine: list[tuple[Reply, Reply]] = []
    theirs: list[tuple[Reply, Reply]] = []
    try:
        for seed in range(count):
            sides: list[tuple[OurPath | LlamaServer, list[tuple[Reply, Reply]]]]
            sides = [(ours, mine), (server, theirs)]
            for side, replies in sides if seed % 2 else reversed(sides):
                replies.append(_two_turns(side, question(_LONG, _ANSWER, seed)))
    finally:
        ours.close()
        server.close()
    return [_evaluated(bench, mine), _first_token(bench, mine, theirs)]


def _two_turns(side: OurPath | LlamaServer, ask: Ask) -> tuple[Reply, Reply]:
    first = side.answer(ask)
    return first, side.answer(_next(ask, first.text))


def _next(ask: Ask, answer: str) -> Ask:
    turns = (*ask.turns, Turn("assistant", answer), Turn("user", sentence_of(_NEXT_WORDS, len(answer))))
    return replace(ask, turns=turns, max_tokens=2)


def _evaluated(bench: Bench, pairs: list[tuple[Reply, Reply]]) -> Row:
    """The worst conversation."""
    worst = max((second.prompt_tokens - second.reused) / _new(first, second) for first, second in pairs)
    note = "noise is not read back as the same tokens" if bench.settings.model.name != "smollm2" else ""
    return Row(bench.settings.model.name, "follow-up, evaluated / new", worst, 1.0, at_least=False, note=note)


def _new(first: Reply, second: Reply) -> int:
    """Tokens of the second prompt that nobody computed yet. The last one of an answer was drawn, but
    not computed."""
    return second.prompt_tokens - first.prompt_tokens - (first.generated - 1)


def _first_token(bench: Bench, mine: list[tuple[Reply, Reply]], theirs: list[tuple[Reply, Reply]]) -> Row:
    ours = [second.first_token_s for _, second in mine]
    others = [second.first_token_s for _, second in theirs]
    ratio = paired_ratio(ours, others)
    return _time_row(bench, "follow-up, first token", ratio, ours, others, "llama-server", 1.1)


def restart(bench: Bench, open_parked: Callable[[Path], OurPath], folder: Path) -> list[Row]:
    """The first token of a parked conversation after a restart, and of one that was never seen."""
    again: list[float] = []
    read: list[float] = []
    for number in range(2 if bench.quick else 5):
        ask = question(_LONGER, _ANSWER, number, conversation=f"bench-{number}")
        side = open_parked(folder)
        text = side.answer(ask).text
        side.close()
        side = open_parked(folder)
        side.answer(question(_LONG, 2, 100 + number))  # touches pages, for both
        again.append(side.answer(_next(ask, text)).first_token_s)
        unseen = question(_LONGER, _ANSWER, 200 + number)
        read.append(side.answer(_next(unseen, text)).first_token_s)
        side.close()
    row = _time_row(
        bench, "restart, first token", paired_ratio(again, read), again, read, "reading again", 0.1
    )
    return [row]


def _time_row(
    bench: Bench, measure: str, ratio: Ratio, ours: list[float], theirs: list[float], peer: str, target: float
) -> Row:
    return Row(
        bench.settings.model.name,
        measure,
        ratio.mean,
        target,
        at_least=False,
        peer=peer,
        ours=statistics.median(ours),
        theirs=statistics.median(theirs),
        interval=ratio,
        note="medians in seconds",
    )
