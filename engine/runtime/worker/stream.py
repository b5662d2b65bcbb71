"""One answer while it is made: its tokens, its text, its clock."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.chat.conversation import AnswerStats
from engine.chat.reasoning import Phase
from engine.events import JobId, TokenDelta
from engine.runtime.protocol import Called, Finished, PromptProgress
from engine.runtime.values import StopReason, ToolCall
from engine.runtime.worker.answer_text import AnswerText, Part
from engine.runtime.worker.choice import Choice
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.vocabulary import Vocabulary

if TYPE_CHECKING:
    from engine.runtime.worker.speculation import Drafting
    from engine.runtime.worker.vision.pictures import Sight

_NO_LIMIT = 2**31


class Stream:
    """`tokens` are the prompt and what was drawn since; how many of them are computed, its slot knows."""

    def __init__(
        self,
        job: JobId,
        prompt: Sequence[int],
        max_tokens: int,
        choice: Choice,
        text: AnswerText,
        outbox: Outbox,
        conversation: str = "",
    ) -> None:
        self.job = job
        self.tokens = array("i", prompt)
        self.prompt_length = len(self.tokens)
        self.conversation = conversation
        self.drafting: Drafting | None = None  # None: no drafts
        self.sight: Sight | None = None  # the pictures in its prompt
        self.answering = False  # the prompt has been read
        self.asked = time.monotonic()
        self._most = max_tokens
        self._choice = choice
        self._text = text
        self._outbox = outbox
        self._text_decides = text.may_stop or choice.needs_text
        self._reused = self._restored = self._evaluated = 0  # tokens of the prompt
        self._generated = 0
        self._reasoning_tokens = 0
        # Bytes of tokens, and when they were drawn, that were not made into text yet.
        self._unread: list[tuple[bytes, float]] = []
        self._written = bytearray()  # by all that was drawn
        self.when_written: Callable[[Stream, bytes], None] | None = None  # called at the end
        self._unshown = 0  # tokens that have not been sent yet
        self._unsent = ""  # text that waits for `piece`, all of one kind
        self._unsent_reasoning = False
        self._shown = False  # some text was sent
        self._batches = self._width = 0  # batches it had a part in, answers in them together
        self._begun: float | None = None  # when a slot was found
        self._first = self._last = self._reasoned_until = 0.0  # when tokens were there

    @property
    def left(self) -> int:
        """Tokens that it may still write; without a limit, more than any context holds."""
        return self._most - self._generated if self._most else _NO_LIMIT

    def begin(self, reused: int, restored: int) -> None:
        """A slot was found that holds the first `reused` tokens of the prompt already; `restored` of
        them come from a state file. Again, when it had to give its slot back in between."""
        if self._begun is None:
            self._begun = time.monotonic()
            self._reused, self._restored = reused, restored
        if not self.answering:
            self.report_prompt(reused)

    def report_prompt(self, done: int) -> None:
        self._outbox.put(PromptProgress(self.job, done, self.prompt_length, self._reused))

    def computed(self, tokens: int, width: int) -> None:
        """A batch with so many of its tokens, and `width` answers, was computed."""
        self._batches += 1
        self._width += width
        if not self.answering:
            self._evaluated += tokens

    def draw(self, context: object, output: int, vocabulary: Vocabulary, now: float) -> StopReason | None:
        """Takes the next token from an output of the last batch. Returns why the answer ends with it,
        if it does. Raises: GrammarError, when nothing follows that fits its grammar."""
        phase = self._text.phase if self._text_decides else Phase.ANSWER  # which nobody asks for
        token = self._choice.draw(context, output, phase)
        self._last = now
        if not self.answering:
            self.answering = True
            self._first = self._reasoned_until = now
        self._generated += 1
        raw = vocabulary.answer_bytes(token)
        if raw is None:
            return StopReason.END
        self._unread.append((raw, now))
        self._written += raw
        self.tokens.append(token)
        if self._text_decides or not self._shown:
            self._read()
            if self._text.stopped:
                return StopReason.STOP_STRING
        return StopReason.LENGTH if self._generated == self._most else None

    @property
    def draws_freely(self) -> bool:
        """What it writes does not decide how it goes on, and its first word has been handed on."""
        return self._shown and not self._text_decides

    @property
    def chain(self) -> Any:
        """The native samplers of one that draws freely."""
        return self._choice.chain

    def drew(
        self, drawn: list[int], times: Sequence[float], width: int, vocabulary: Vocabulary
    ) -> StopReason | None:
        """Takes tokens of one that draws freely, from as many batches with `width` answers. Only the last may
        end the answer. Returns why it does, if so."""
        count = len(drawn)
        self._batches += count
        self._width += count * width
        self._generated += count
        self._last = times[-1]
        raws = [vocabulary.answer_bytes(token) for token in drawn]
        written = [raw for raw in raws if raw is not None]
        self._unread += zip(written, times, strict=False)
        self._written += b"".join(written)
        self.tokens.extend(drawn[: len(written)])
        if len(written) < count:
            return StopReason.END
        return StopReason.LENGTH if self._generated == self._most else None

    def _read(self) -> None:
        """Makes text of what was drawn. Where no text decides how the answer goes on, several tokens at
        once: after a batch has swept the processor's caches, the first costs as much as all of them.
        Raises: GrammarError."""
        unread, self._unread = self._unread, []
        if self._text.settled and not self._text_decides:
            self._unshown += len(unread)
            for part in self._text.feed(b"".join([raw for raw, _ in unread])):
                self._add(part)
            return
        for raw, drawn in unread:
            if self._text.in_reasoning:
                self._reasoning_tokens += 1
                self._reasoned_until = drawn
            self._unshown += 1
            for part in self._text.feed(raw):
                self._add(part)
            self._choice.read(raw, self._text.phase)

    def piece(self) -> TokenDelta | None:
        """What was written and not handed on yet."""
        self._read()
        if not self._unsent:
            return None
        logprobs = self._choice.take_logprobs()
        piece = TokenDelta(self.job, self._unsent, self._unsent_reasoning, self._unshown, logprobs)
        self._unsent, self._unshown, self._shown = "", 0, True
        return piece

    def finish(self, reason: StopReason) -> None:
        """The last text, and what was measured. The stream is of no more use."""
        self._read()
        if not self._text.stopped:
            for part in self._text.finish(complete=reason is StopReason.END):
                self._add(part)
        self.show()
        if self._text.called and reason in (StopReason.END, StopReason.STOP_STRING):
            reason = StopReason.TOOL_CALLS
        if self.when_written:
            self.when_written(self, bytes(self._written))
        self._outbox.put(Finished(self.job, self._stats(), reason))
        self.free()

    def free(self) -> None:
        """Gives the native parts back; without a word, for answers that failed."""
        self._choice.free()
        if self.sight:
            self.sight.drop()

    def show(self) -> None:
        """Hands on what was written, at once."""
        piece = self.piece()
        if piece is not None:
            self._outbox.put(piece)

    def _add(self, piece: Part) -> None:
        if isinstance(piece, ToolCall):
            self.show()
            self._outbox.put(Called(self.job, piece))
            return
        if piece.is_reasoning is not self._unsent_reasoning:
            self.show()
            self._unsent_reasoning = piece.is_reasoning
        self._unsent += piece.text
        if not self._shown:
            self.show()  # the first word at once

    def _stats(self) -> AnswerStats:
        now = time.monotonic()
        begun = self._begun if self._begun is not None else now
        first = self._first if self.answering else now
        return AnswerStats(
            prompt_tokens=self.prompt_length,
            reused_tokens=self._reused,
            generated_tokens=self._generated,
            prompt_tps=_rate(self._evaluated, first - begun),
            # The first token comes out of reading the prompt; the clock starts with it.
            generation_tps=_rate(self._generated - 1, self._last - first),
            time_to_first_token_s=first - self.asked if self.answering else 0.0,
            reasoning_tokens=self._reasoning_tokens,
            reasoning_s=self._reasoned_until - first if self._reasoning_tokens else 0.0,
            queue_s=begun - self.asked,
            prompt_s=first - begun,
            generation_s=self._last - first if self.answering else 0.0,
            evaluated_tokens=self._evaluated,
            restored_tokens=self._restored,
            batch_width=self._width / self._batches if self._batches else 0.0,
            drafted_tokens=self.drafting.drafted if self.drafting else 0,
            accepted_tokens=self.drafting.held if self.drafting else 0,
        )


def _rate(count: int, seconds: float) -> float:
    return count / seconds if count > 0 and seconds > 0 else 0.0
