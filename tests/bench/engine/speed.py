"""Speed: one stream, prompts, eight streams."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.engine.asking import SHARED_TOKENS, Ask, Reply, question
from tests.bench.engine.clock import Mark, Spent
from tests.bench.engine.ours import OurPath
from tests.bench.engine.report import Row, speed_row
from tests.bench.engine.rounds import TURNS, Limits, Side, Started, play
from tests.bench.engine.server import LlamaServer
from tests.bench.engine.settings import Settings
from tests.bench.engine.tools import HaltedTool, bench_batched, bench_generation, bench_prompt

PROMPT = 64  # tokens before an answer
SHORT_PROMPT = 32  # of each of many streams
LONG_PROMPT = 512
STREAMS = 8
_WARMING_SEED = 1_000_000  # of a question that no round asks
_OpenOurs = Callable[[Settings], OurPath]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measurement needs."""

    tools: Path
    settings: Settings
    open_ours: _OpenOurs
    limits: Limits
    quick: bool

    @property
    def tokens(self) -> int:
        return self.settings.model.generated_tokens // (4 if self.quick else 1)

    def row(self, measure: str, spent: dict[str, list[Spent]], peer: str, target: float) -> Row:
        return speed_row(self.settings.model.name, measure, spent["ours"], peer, spent[peer], target)


def generation(bench: Bench) -> list[Row]:
    """From the first token to the end, after a short prompt."""
    tokens = bench.tokens

    def work(side: OurPath | LlamaServer, number: int) -> Spent:
        return side.answer(question(PROMPT, tokens, number)).generation

    sides = [
        Side("ours", lambda: asked(bench.open_ours(bench.settings), work)),
        Side(
            "llama-bench", lambda: _Tool(bench_generation(bench.tools, bench.settings, tokens, PROMPT, TURNS))
        ),
        Side("llama-server", lambda: asked(LlamaServer(bench.tools, bench.settings), work)),
    ]
    spent = play(sides, bench.limits)
    floor = bench.settings.model.bench_floor
    return [
        bench.row("generation", spent, "llama-bench", floor),
        bench.row("generation", spent, "llama-server", 1.0),
    ]


def prompt(bench: Bench) -> list[Row]:
    """From the question to its first token. The tool reads as many tokens, behind as many others: with some
    fewer, the last tile of a matrix would be computed for nothing; and attention takes the cache in steps of
    256 tokens, so that 515 tokens cost 2 to 3 % more than 512."""

    def work(side: OurPath | LlamaServer, number: int) -> Spent:
        return side.answer(question(LONG_PROMPT + SHARED_TOKENS, 1, number)).prompt

    sides = [
        Side("ours", lambda: asked(bench.open_ours(bench.settings), work, warm=LONG_PROMPT)),
        Side(
            "llama-bench",
            lambda: _Tool(bench_prompt(bench.tools, bench.settings, LONG_PROMPT, SHARED_TOKENS, TURNS)),
        ),
    ]
    return [bench.row("prompt", play(sides, bench.limits), "llama-bench", 0.97)]


def streams(bench: Bench) -> list[Row]:
    """Eight questions at once, from asking to the end of the last: prompts and answers."""
    settings, tokens = replace(bench.settings, streams=STREAMS), bench.tokens // 2

    def work(side: OurPath | LlamaServer, number: int) -> Spent:
        asks = [question(SHORT_PROMPT, tokens, number * STREAMS + stream) for stream in range(STREAMS)]
        return together(side, asks)

    sides = [
        Side("ours", lambda: asked(bench.open_ours(settings), work)),
        Side(
            "llama-batched-bench",
            lambda: _Tool(bench_batched(bench.tools, settings, SHORT_PROMPT, tokens, TURNS)),
        ),
        Side("llama-server", lambda: asked(LlamaServer(bench.tools, settings), work)),
    ]
    spent = play(sides, bench.limits)
    return [
        bench.row(f"{STREAMS} streams", spent, "llama-batched-bench", 0.95),
        bench.row(f"{STREAMS} streams", spent, "llama-server", 1.0),
    ]


def together(side: OurPath | LlamaServer, asks: list[Ask]) -> Spent:
    """All at once; the tokens written by all."""
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda ask=ask: replies.append(side.answer(ask))) for ask in asks]
    before = Mark.now(side.pids)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(replies) < len(asks):
        raise RuntimeError("an answer failed")
    return before.until(Mark.now(side.pids), sum(reply.generated for reply in replies))


@dataclass(frozen=True, slots=True)
class _Asked:
    side: OurPath | LlamaServer
    work: Callable[[OurPath | LlamaServer, int], Spent]

    def turn(self, number: int) -> Spent:
        return self.work(self.side, number)

    def close(self) -> None:
        self.side.close()


def asked(
    side: OurPath | LlamaServer, work: Callable[[OurPath | LlamaServer, int], Spent], warm: int = PROMPT
) -> Started:
    """As the tools do, with a warm-up: the pages of the weights and buffers are touched once."""
    side.answer(question(warm, 4, _WARMING_SEED))
    return _Asked(side, work)


@dataclass(frozen=True, slots=True)
class _Tool:
    tool: HaltedTool

    def turn(self, number: int) -> Spent:
        return self.tool.round()

    def close(self) -> None:
        self.tool.close()
