"""Totals of one model since it was loaded."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.conversation import AnswerStats


@dataclass(slots=True)
class Counters:
    """Tokens and seconds, summed over answers."""

    answers: int = 0  # ended, however
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    prompt_s: float = 0.0
    generation_s: float = 0.0
    queue_s: float = 0.0
    first_token_s: float = 0.0
    evaluated_tokens: int = 0  # of prompts
    widths: float = 0.0  # mean number of answers in a batch, summed over answers

    def add(self, stats: AnswerStats) -> None:
        self.prompt_tokens += stats.prompt_tokens
        self.reused_tokens += stats.reused_tokens
        self.generated_tokens += stats.generated_tokens
        self.prompt_s += stats.prompt_s
        self.generation_s += stats.generation_s
        self.queue_s += stats.queue_s
        self.first_token_s += stats.time_to_first_token_s
        self.evaluated_tokens += stats.evaluated_tokens
        self.widths += stats.batch_width
