"""Questions of an exact number of tokens, and what came of them."""

from __future__ import annotations

import functools
import random
import re
from dataclasses import dataclass

from engine.runtime.values import Turn
from tests.bench.engine.clock import Mark, Spent
from tests.modelfile import vocabulary

_TEMPLATE_TOKENS = 15  # what SmolLM2's template and the user's " go" add to a system message
SHARED_TOKENS = 3  # of the template, with which every question begins: known after the first
LEAST_PROMPT = _TEMPLATE_TOKENS + 1


@dataclass(frozen=True, slots=True)
class Ask:
    turns: tuple[Turn, ...]
    max_tokens: int
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with the moments at which it was asked for, began and was over."""

    asked: Mark
    first: Mark
    end: Mark
    first_tokens: int  # that came with the first event
    generated: int
    prompt_tokens: int
    reused: int  # of the prompt
    text: str

    @property
    def generation(self) -> Spent:
        return self.first.until(self.end, self.generated - self.first_tokens)

    @property
    def prompt(self) -> Spent:
        return self.asked.until(self.end, self.prompt_tokens - self.reused)

    @property
    def first_token_s(self) -> float:
        return self.first.wall_s - self.asked.wall_s


def question(prompt_tokens: int, max_tokens: int, seed: int, conversation: str = "") -> Ask:
    """A prompt of exactly that many tokens, unlike that of any other seed from its beginning on (so
    that no cache knows it). Words stand for one token each."""
    words = sentence_of(prompt_tokens - _TEMPLATE_TOKENS, seed)
    return Ask((Turn("system", words), Turn("user", " go")), max_tokens, conversation)


def sentence_of(words: int, seed: int) -> str:
    """Words of one token each."""
    drawn = random.Random(seed).choices(_words(), k=words)
    return "".join(f" {word}" for word in drawn)


@functools.cache
def _words() -> tuple[str, ...]:
    """Words that are one token when a space precedes them."""
    return tuple(token[1:] for token in vocabulary() if re.fullmatch("Ġ[a-z]{4,12}", token))
