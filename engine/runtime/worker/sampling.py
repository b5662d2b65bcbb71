"""How the next token is drawn: one chain of native samplers per answer."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.errors import UsageError
from engine.runtime.values import Sampling
from engine.runtime.worker.logits import Logits
from engine.runtime.worker.vocabulary import Vocabulary

PENALTY_WINDOW = 64  # tokens that the repeat penalty looks back, as llama.cpp's own default
_ANSWER_WINDOW = 16_384  # tokens of the answer that the other penalties count
_MOST_BIASES = 1_024
_LARGEST_BIAS = 100.0
_BANNED = float("-inf")
_COLDEST = 1e-3  # below it the most likely token wins in any case, until logits divided by it overflow
_LIMITS: tuple[tuple[str, float, float], ...] = (
    ("temperature", 0, 100),
    ("top_k", 0, 2**31 - 1),
    ("top_p", 0, 1),
    ("min_p", 0, 1),
    ("repeat_penalty", 0.01, 100),
    ("frequency_penalty", -2, 2),
    ("presence_penalty", -2, 2),
    ("top_logprobs", -1, 1_000),
)
_LARGEST_SEED = 2**32 - 2  # 2**32 - 1 means "draw one" to llama.cpp

# `llama_token_data` of llama.h; the bindings declare the same.
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def check_sampling(sampling: Sampling) -> None:
    """Raises: UsageError, naming the setting that is out of its range."""
    for name, low, high in _LIMITS:
        _check(name, getattr(sampling, name), low, high)
    if sampling.seed is not None:
        _check("seed", sampling.seed, 0, _LARGEST_SEED)
    _check("logit_bias", len(sampling.logit_bias), 0, _MOST_BIASES)
    for entry in sampling.logit_bias:
        _check("logit_bias", entry.bias, -_LARGEST_BIAS, _LARGEST_BIAS)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError.of("bad_sampling", name=name, value=value, low=low, high=high)


class Sampler:
    """Biases and penalties, then top-k, top-p, min-p, temperature, and a draw; greedy at temperature 0."""

    def __init__(self, llama: Any, vocabulary: Vocabulary, sampling: Sampling, prompt: Sequence[int]) -> None:
        """`prompt` is read by the repeat penalty; the other penalties count the answer alone, as
        OpenAI defines them. Raises: UsageError, for a bias on a token that does not exist."""
        self._llama = llama
        biases = _biases(vocabulary, sampling)
        self.chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        size = vocabulary.size
        if biases:
            entries = (llama.llama_logit_bias * len(biases))(*biases.items())
            self._add(llama.llama_sampler_init_logit_bias(size, len(biases), entries))
        if sampling.repeat_penalty != 1.0:
            penalty = llama.llama_sampler_init_penalties(
                size, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0
            )
            for token in prompt[-PENALTY_WINDOW:]:
                llama.llama_sampler_accept(penalty, token)
            self._add(penalty)
        if sampling.frequency_penalty or sampling.presence_penalty:
            self._add(
                llama.llama_sampler_init_penalties(
                    size, _ANSWER_WINDOW, 1.0, sampling.frequency_penalty, sampling.presence_penalty
                )
            )
        self._add_draw(sampling)

    def _add_draw(self, sampling: Sampling) -> None:
        llama = self._llama
        if sampling.temperature < _COLDEST:
            self._add(llama.llama_sampler_init_greedy())
            return
        self._add(llama.llama_sampler_init_top_k(sampling.top_k))
        self._add(llama.llama_sampler_init_top_p(sampling.top_p, 1))
        self._add(llama.llama_sampler_init_min_p(sampling.min_p, 1))
        self._add(llama.llama_sampler_init_temp(sampling.temperature))
        seed = secrets.randbelow(_LARGEST_SEED + 1) if sampling.seed is None else sampling.seed
        self._add(llama.llama_sampler_init_dist(seed))

    def sample(self, context: Any, output: int) -> int:
        """The next token, from the logits of that entry of the last batch."""
        return int(self._llama.llama_sampler_sample(self.chain, context, output))

    def sample_among(self, logits: Logits, tokens: np.ndarray[Any, np.dtype[np.int32]]) -> int:
        """The next token, one of `tokens`, of which there is at least one."""
        candidates = np.zeros(len(tokens), dtype=_CANDIDATE)
        candidates["id"] = tokens
        candidates["logit"] = logits[tokens]
        llama = self._llama
        data = candidates.ctypes.data_as(ctypes.POINTER(llama.llama_token_data))
        array = llama.llama_token_data_array(data=data, size=len(tokens), selected=-1, sorted=False)
        llama.llama_sampler_apply(self.chain, ctypes.byref(array))
        chosen = array.selected if 0 <= array.selected < array.size else 0
        token = int(array.data[chosen].id)
        llama.llama_sampler_accept(self.chain, token)
        return token

    def free(self) -> None:
        self._llama.llama_sampler_free(self.chain)
        self.chain = None

    def _add(self, sampler: Any) -> None:
        self._llama.llama_sampler_chain_add(self.chain, sampler)


def _biases(vocabulary: Vocabulary, sampling: Sampling) -> dict[int, float]:
    biases: dict[int, float] = {}
    for entry in sampling.logit_bias:
        _check("logit_bias", entry.token, 0, vocabulary.size - 1)
        biases[entry.token] = _BANNED if entry.bias <= -_LARGEST_BIAS else entry.bias
    if sampling.ignore_end:
        biases |= dict.fromkeys(vocabulary.end_tokens(), _BANNED)
    return biases
