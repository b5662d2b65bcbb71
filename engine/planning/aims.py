"""What the purposes ask of a plan, and how plans are liked for one: better answers, or quicker ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.planning.hope import THINKING_TOKENS
from engine.planning.loss import loss_of
from engine.planning.plan import Aim, Purpose, RunPlan, Wish
from engine.planning.speed import USUAL, SpeedQuestion

# Editorial, like the quality of models: what a doubling of the wait for a whole answer is worth in points of
# quality to somebody who wishes for speed, and what a perplexity increased by one costs.
POINTS_PER_DOUBLING = 10.0
POINTS_PER_PERPLEXITY = 15.0
AT_ONCE_S = 5.0  # a whole answer within that is not worth more if it comes earlier
# Models below only show that a machine works: however quick, they are advised after all others.
LEAST_QUALITY = 10.0
TOY_POINTS = 100.0


@dataclass(frozen=True, slots=True)
class Task:
    """The usual piece of work of a purpose, in tokens and seconds."""

    context: int  # that it needs; 0 leaves it to the planner
    prompt: int
    answer: int
    patience_s: float | None  # for reading the prompt; None: never the reason to refuse

    @property
    def question(self) -> SpeedQuestion:
        depth = self.prompt + self.answer // 2
        return SpeedQuestion(depth, 1, self.prompt, self.answer, self.patience_s)


# Chat asks what speeds are stated for everywhere else. Code: a few files, and an answer with code in it. Long
# documents: a paper of some forty pages; five minutes is what a person goes for a coffee for.
TASKS = {
    Purpose.CHAT: Task(0, USUAL.prompt, USUAL.answer, None),
    Purpose.CODE: Task(16_384, 4_000, 800, 120.0),
    Purpose.LONG: Task(32_768, 24_000, 600, 300.0),
}


def question_of(purpose: Purpose) -> SpeedQuestion:
    return USUAL if purpose is Purpose.CHAT else TASKS[purpose].question


def answer_seconds(plan: RunPlan, purpose: Purpose) -> float:
    """From the question to the end of the answer, thinking included."""
    tokens = TASKS[purpose].answer + (THINKING_TOKENS if plan.model.reasoning else 0)
    return plan.speed.time_to_first_token_s + tokens / plan.speed.generation_tps.expected


def liking(plan: RunPlan, aim: Aim) -> float:
    """Higher is better, among plans of one verdict. It grows with speed (for that wish) and never falls."""
    quality = plan.model.quality - POINTS_PER_PERPLEXITY * loss_of(plan.quantization).increase
    if aim.wish is Wish.QUALITY:
        return quality
    waited = max(answer_seconds(plan, aim.purpose), AT_ONCE_S)
    toy = TOY_POINTS if plan.model.quality < LEAST_QUALITY else 0.0
    return quality - toy - POINTS_PER_DOUBLING * math.log2(waited / AT_ONCE_S)
