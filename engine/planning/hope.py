"""What an answer is hoped to be like, by which ways to lay a model out are compared.

Not by the speed of generation alone: a processor with quick memory may write a little faster than a card
that reads the prompt ten times as fast.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.model import ModelSpec
from engine.planning.layout import Placement
from engine.planning.machine import Machine
from engine.planning.speed import USUAL, SpeedQuestion, prompt_tps, token_time
from engine.planning.verdict import CHAT_TPS, enough_tps

# A model that thinks writes about so many tokens before its answer.
THINKING_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Hope:
    asked: SpeedQuestion = USUAL
    answer: int = USUAL.answer  # tokens, thinking included
    enough_tps: float = CHAT_TPS  # from which it runs well

    def liking(self, placement: Placement, machine: Machine) -> tuple[bool, float]:
        """Higher is better: whether it runs well, then seconds until the answer is whole, negative."""
        asked = self.asked
        time = token_time(placement, machine, asked.depth, asked.streams)
        prompt = prompt_tps(placement, machine, time, asked.prompt // 2)
        reading = max(asked.prompt / prompt, time.total)
        patient = asked.patience_s is None or reading <= asked.patience_s
        well = asked.streams / time.total >= self.enough_tps and patient
        return well, -(reading + self.answer * time.total)


def hope_of(spec: ModelSpec, asked: SpeedQuestion = USUAL) -> Hope:
    """For that model."""
    answer = asked.answer + (THINKING_TOKENS if spec.reasoning else 0)
    return Hope(asked, answer, enough_tps(spec))
