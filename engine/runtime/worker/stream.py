"""One answer while it is made: its tokens, its text, its clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.chat.conversation import AnswerStats
from engine.chat.reasoning import Piece
from engine.events import JobId
from engine.runtime.protocol import Delta, Finished, PromptProgress
from engine.runtime.values import StopReason
from engine.runtime.worker.answer_text import AnswerText
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.sampling import Sampler


class Stream:
    """`todo` holds the tokens that are not computed yet: the rest of the prompt, then one."""

    def __init__(
        self,
        job: JobId,
        prompt: list[int],
        max_tokens: int,
        sampler: Sampler,
        text: AnswerText,
        outbox: Outbox,
    ) -> None:
        self.job = job
        self.prompt = prompt
        self.todo = list(prompt)
        self._most = max_tokens
        self.sampler = sampler
        self._text = text
        self._outbox = outbox
        self._reused = 0
        self._generated = 0
        self._reasoning_tokens = 0
        self._unshown = 0  # tokens that have not come out as text yet
        self._asked = time.monotonic()
        self._begun = self._asked  # when a slot was found
        self._first: float | None = None  # when the first token was there
        self._last = self._asked
        self._reasoned_until = self._asked

    @property
    def answering(self) -> bool:
        """The prompt has been read."""
        return self._first is not None

    def begin(self, reused: int) -> None:
        """A slot was found that holds the first `reused` tokens of the prompt already."""
        self._reused = reused
        self.todo = self.prompt[reused:]
        self._begun = time.monotonic()
        self.report_prompt()

    def report_prompt(self) -> None:
        done = len(self.prompt) - len(self.todo)
        self._outbox.put(PromptProgress(self.job, done, len(self.prompt), self._reused))

    def accept(self, token: int, token_bytes: Callable[[int], bytes], ends: bool) -> StopReason | None:
        """Takes the next token of the answer. Returns why the answer ends with it, if it does."""
        self._last = time.monotonic()
        if self._first is None:
            self._first = self._last
            self._reasoned_until = self._last
        self._generated += 1
        if ends:
            return StopReason.END
        self._count_reasoning()
        self._unshown += 1
        self._show(self._text.feed(token_bytes(token)))
        self.todo = [token]
        if self._text.stopped:
            return StopReason.STOP_STRING
        return StopReason.LENGTH if self._generated == self._most else None

    def finish(self, reason: StopReason) -> None:
        """The last text, and what was measured. The stream is of no more use."""
        if not self._text.stopped:
            self._show(self._text.finish())
        self._outbox.put(Finished(self.job, self._stats(), reason))
        self.sampler.free()

    def _count_reasoning(self) -> None:
        if self._text.in_reasoning:
            self._reasoning_tokens += 1
            self._reasoned_until = self._last

    def _show(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._outbox.put(Delta(self.job, piece.text, piece.is_reasoning, self._unshown))
            self._unshown = 0

    def _stats(self) -> AnswerStats:
        first = self._first if self._first is not None else time.monotonic()
        read = len(self.prompt) - self._reused - (0 if self.answering else len(self.todo))
        return AnswerStats(
            prompt_tokens=len(self.prompt),
            reused_tokens=self._reused,
            generated_tokens=self._generated,
            prompt_tps=_rate(read, first - self._begun),
            # The first token comes out of reading the prompt; the clock starts with it.
            generation_tps=_rate(self._generated - 1, self._last - first),
            time_to_first_token_s=first - self._asked if self.answering else 0.0,
            reasoning_tokens=self._reasoning_tokens,
            reasoning_s=self._reasoned_until - first if self._reasoning_tokens else 0.0,
        )


def _rate(count: int, seconds: float) -> float:
    return count / seconds if count > 0 and seconds > 0 else 0.0
