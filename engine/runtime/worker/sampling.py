"""One sampler chain per answer, in native code."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from engine.errors import UsageError
from engine.runtime.values import Sampling

PENALTY_WINDOW = 64  # tokens that the repeat penalty looks back, as llama.cpp's own default
_LIMITS: tuple[tuple[str, float, float], ...] = (
    ("temperature", 0, 100),
    ("top_k", 0, 2**31 - 1),
    ("top_p", 0, 1),
    ("min_p", 0, 1),
    ("repeat_penalty", 0.01, 100),
)
_LARGEST_SEED = 2**32 - 2  # 2**32 - 1 means "draw one" to llama.cpp


def check_sampling(sampling: Sampling) -> None:
    """Raises: UsageError, naming the setting that is out of its range."""
    limits = _LIMITS if sampling.seed is None else (*_LIMITS, ("seed", 0, _LARGEST_SEED))
    for name, low, high in limits:
        value = getattr(sampling, name)
        if not low <= value <= high:
            raise UsageError.of("bad_sampling", name=name, value=value, low=low, high=high)


class Sampler:
    """Penalties, then top-k, top-p, min-p, temperature, and a draw; greedy at temperature 0."""

    def __init__(self, llama: Any, vocabulary_size: int, sampling: Sampling) -> None:
        self._llama = llama
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        if sampling.repeat_penalty != 1.0:
            self._add(
                llama.llama_sampler_init_penalties(
                    vocabulary_size, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0
                )
            )
        if sampling.temperature <= 0:
            self._add(llama.llama_sampler_init_greedy())
            return
        self._add(llama.llama_sampler_init_top_k(sampling.top_k))
        self._add(llama.llama_sampler_init_top_p(sampling.top_p, 1))
        self._add(llama.llama_sampler_init_min_p(sampling.min_p, 1))
        self._add(llama.llama_sampler_init_temp(sampling.temperature))
        seed = secrets.randbelow(_LARGEST_SEED + 1) if sampling.seed is None else sampling.seed
        self._add(llama.llama_sampler_init_dist(seed))

    def read(self, prompt: Sequence[int]) -> None:
        """Lets the penalties know the end of the prompt."""
        for token in prompt[-PENALTY_WINDOW:]:
            self._llama.llama_sampler_accept(self._chain, token)

    def sample(self, context: Any, output: int) -> int:
        """The next token, from the logits of that entry of the last batch."""
        return int(self._llama.llama_sampler_sample(self._chain, context, output))

    def free(self) -> None:
        self._llama.llama_sampler_free(self._chain)
        self._chain = None

    def _add(self, sampler: Any) -> None:
        self._llama.llama_sampler_chain_add(self._chain, sampler)
