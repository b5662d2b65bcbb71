"""The engine's benchmark measures what it says: exact prompts, moments in order, time where it went."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.bench.engine.asking import LEAST_PROMPT, question
from tests.bench.engine.clock import cpu_s
from tests.bench.engine.counted_worker import Counters
from tests.bench.engine.models import BenchModel
from tests.bench.engine.ours import WorkerPath
from tests.bench.engine.settings import Settings
from tests.bench.engine.speed import together
from tests.bench.engine.tools import HaltedTool
from tests.models import tiny

COUNTED = Path(__file__).resolve().parent.parent / "bench" / "engine" / "counted_worker.py"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(BenchModel("tiny", tiny(tmp_path), 8, 0.0), streams=2)


def test_prompts_have_the_length_that_was_asked_for(tmp_path: Path, settings: Settings) -> None:
    side = WorkerPath(tmp_path, settings)
    try:
        for length in (LEAST_PROMPT, 64, 300):
            reply = side.answer(question(length, 5, seed=length))
            assert (reply.prompt_tokens, reply.generated) == (length, 5)
            assert reply.reused <= 3, "another question shares only the template's beginning"
            assert reply.asked.wall_s < reply.first.wall_s <= reply.end.wall_s
            assert 0 < reply.generation.cpu_s < reply.prompt.cpu_s
        assert together(side, [question(40, 5, seed) for seed in range(4)]).tokens == 20
    finally:
        side.close()


def test_the_counted_worker_counts_its_native_time(tmp_path: Path, settings: Settings) -> None:
    counters = tmp_path / "counters"
    side = WorkerPath(tmp_path, settings, command=(sys.executable, str(COUNTED), str(counters)))
    try:
        side.answer(question(64, 10, seed=1))
        counted = Counters.read(counters)
        worker = cpu_s(pid for pid in side.pids if pid != os.getpid())
        assert counted.decodes == 10, "the prompt, then every token but the last"
        assert 0 < counted.sample_s < counted.decode_s < worker
    finally:
        side.close()


def test_a_tool_is_halted_between_its_repetitions() -> None:
    script = (
        "import sys\nfor _ in range(3):\n print('begin', file=sys.stderr, flush=True)\n sum(range(10**6))"
    )
    tool = HaltedTool([sys.executable, "-c", script], "begin", 7, reads_stderr=True)
    try:
        halted = cpu_s(tool.pids)
        assert cpu_s(tool.pids) - halted < 0.005
        assert tool.round().tokens == 7
        assert cpu_s(tool.pids) > halted
        tool.round()
        with pytest.raises(RuntimeError):
            tool.round()
    finally:
        tool.close()
