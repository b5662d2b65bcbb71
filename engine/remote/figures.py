"""The figures of a remote answer: what the endpoint tells, else what was measured here.

Times measured here contain the network and the endpoint's queue. Where the endpoint tells no
number of tokens, each piece that arrived counts as one. `AnswerStats.remote` names the
endpoint, `AnswerStats.remote_told` says whose clock the times are of.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Final

from engine.chat.conversation import AnswerStats

_MOST_TOKENS: Final = 1 << 40
_MOST_MS: Final = 1e10


class Figures:
    """Made when the request is sent."""

    def __init__(self) -> None:
        self._sent = time.monotonic()
        self._first: float | None = None
        self._last = self._sent
        self._thought: tuple[float, float] | None = None  # first and last piece of the reasoning
        self._pieces = 0
        self._reasoning_pieces = 0
        self._usage: Mapping[str, Any] = {}
        self._timings: Mapping[str, Any] = {}

    def count(self, pieces: int, reasoning: bool) -> None:
        """Pieces that have just arrived."""
        self._last = now = time.monotonic()
        self._first = now if self._first is None else self._first
        self._pieces += pieces
        if reasoning:
            self._reasoning_pieces += pieces
            self._thought = (self._thought[0] if self._thought else now, now)

    def take(self, chunk: Mapping[str, Any]) -> None:
        """`usage` (OpenAI) and `timings` (llama-server); the last ones count."""
        usage, timings = chunk.get("usage"), chunk.get("timings")
        if isinstance(usage, Mapping):
            self._usage = usage
        if isinstance(timings, Mapping):
            self._timings = timings

    @property
    def begun(self) -> bool:
        """Something of the answer has arrived."""
        return self._pieces > 0

    @property
    def prompt_tokens(self) -> int:
        return self._prompt()[0]

    @property
    def generated_tokens(self) -> int:
        told = self._told_generated()
        return self._pieces if told is None else told

    def stats(self, host: str) -> AnswerStats:
        first = (self._first if self._first is not None else time.monotonic()) - self._sent
        prompt, reused = self._prompt()
        evaluated = max(prompt - reused, 0)
        prompt_s, generation_s = _ms(self._timings, "prompt_ms"), _ms(self._timings, "predicted_ms")
        told = prompt_s is not None and generation_s is not None
        generated = self.generated_tokens
        if prompt_s is None or generation_s is None:
            # The first token came with the end of the prompt: it is not in the time behind it.
            prompt_s, generation_s = first, self._last - (self._first or self._last)
            written = max(generated - 1, 0)
        else:
            written = generated
        return AnswerStats(
            prompt_tokens=prompt,
            reused_tokens=reused,
            generated_tokens=generated,
            prompt_tps=evaluated / prompt_s if prompt_s > 0 else 0.0,
            generation_tps=written / generation_s if generation_s > 0 else 0.0,
            time_to_first_token_s=first,
            reasoning_tokens=self._reasoning_tokens(),
            reasoning_s=self._thought[1] - self._thought[0] if self._thought else 0.0,
            prompt_s=prompt_s,
            generation_s=generation_s,
            evaluated_tokens=evaluated,
            remote=host,
            remote_told=told,
        )

    def _told_generated(self) -> int | None:
        told = _tokens(self._usage, "completion_tokens")
        return _tokens(self._timings, "predicted_n") if told is None else told

    def _prompt(self) -> tuple[int, int]:
        """Tokens of the prompt, and those of them that the endpoint did not compute again."""
        cached = _tokens(_inner(self._usage, "prompt_tokens_details"), "cached_tokens")
        cached = _tokens(self._timings, "cache_n") if cached is None else cached
        prompt = _tokens(self._usage, "prompt_tokens")
        if prompt is None:
            prompt = (_tokens(self._timings, "prompt_n") or 0) + (cached or 0)
        return prompt, min(cached or 0, prompt)

    def _reasoning_tokens(self) -> int:
        told = _tokens(_inner(self._usage, "completion_tokens_details"), "reasoning_tokens")
        return told or self._reasoning_pieces


def _inner(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = told.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _tokens(told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST_TOKENS:
        return None
    return value


def _ms(told: Mapping[str, Any], name: str) -> float | None:
    """Milliseconds as seconds."""
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST_MS:
        return None
    return value / 1000 if math.isfinite(value) else None
