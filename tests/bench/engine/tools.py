"""llama-bench and llama-batched-bench, halted between their repetitions.

One process does all rounds of a measurement: it is stopped (SIGSTOP) as soon as it says that a
repetition begins or has ended, and goes on when its turn comes. So no round pays for loading.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import IO

from tests.bench.engine.clock import Mark, Spent
from tests.bench.engine.settings import Settings


class HaltedTool:
    """`marker` stands in the line that ends one repetition and begins the next."""

    def __init__(self, command: list[str], marker: str, tokens: int, reads_stderr: bool) -> None:
        self._marker = marker.encode()
        self._tokens = tokens
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        outputs = (quiet, pipe) if reads_stderr else (pipe, quiet)
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=outputs[0], stderr=outputs[1]
        )
        lines = self._process.stderr if reads_stderr else self._process.stdout
        assert lines is not None
        self._lines: IO[bytes] = lines
        self.pids = (self._process.pid,)
        self._run_to_marker()

    def round(self) -> Spent:
        """One repetition."""
        before = Mark.now(self.pids)
        os.kill(self._process.pid, signal.SIGCONT)
        return before.until(self._run_to_marker(), self._tokens)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._lines.close()

    def _run_to_marker(self) -> Mark:
        for line in self._lines:
            if self._marker in line:
                os.kill(self._process.pid, signal.SIGSTOP)
                return Mark.now(self.pids)
        raise RuntimeError(f"it ended before its time: {self._process.args!r}")


def bench_generation(tools: Path, settings: Settings, tokens: int, depth: int, rounds: int) -> HaltedTool:
    """llama-bench that writes `tokens` tokens after `depth` others, as often as there are rounds."""
    work = ["-p", "0", "-n", str(tokens), "-d", str(depth)]
    return _llama_bench(tools, settings, work, ": generation run", tokens, rounds)


def bench_prompt(tools: Path, settings: Settings, tokens: int, depth: int, rounds: int) -> HaltedTool:
    """llama-bench that reads `tokens` tokens behind `depth` others, which it does not count."""
    work = ["-p", str(tokens), "-n", "0", "-d", str(depth)]
    return _llama_bench(tools, settings, work, ": prompt run", tokens, rounds)


def _llama_bench(
    tools: Path, settings: Settings, work: list[str], marker: str, tokens: int, rounds: int
) -> HaltedTool:
    command = [str(tools / "llama-bench"), *settings.llama_cpp(), *work]
    return HaltedTool([*command, "-r", str(rounds + 1), "--progress"], marker, tokens, reads_stderr=True)


def bench_batched(tools: Path, settings: Settings, prompt: int, tokens: int, rounds: int) -> HaltedTool:
    """llama-batched-bench that reads a prompt and writes `tokens` tokens in each of all streams."""
    widths = ",".join([str(settings.streams)] * (rounds + 1))
    work = ["-npp", str(prompt), "-ntg", str(tokens), "-npl", widths, "--output-format", "jsonl"]
    command = [str(tools / "llama-batched-bench"), *settings.llama_cpp(), *settings.context(), *work]
    return HaltedTool(command, '"t_tg"', tokens * settings.streams, reads_stderr=False)
