"""The choice of each token of one answer: drawn freely, or among those that fit a form."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.chat.reasoning import Phase
from engine.runtime.values import TokenLogprob
from engine.runtime.worker.answer_format import THINK, AnswerFormat
from engine.runtime.worker.grammar.constraint import Constraint
from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.harmony import MESSAGE
from engine.runtime.worker.logits import Logits, logits_of, token_logprob
from engine.runtime.worker.sampling import Sampler
from engine.runtime.worker.vocabulary import Vocabulary

_THINKING = (Phase.OPENED, Phase.REASONING)


class Choice:
    """A form binds the answer, not what is thought before it."""

    def __init__(
        self,
        llama: Any,
        vocabulary: Vocabulary,
        sampler: Sampler,
        constraint: Constraint | None = None,
        top_logprobs: int = -1,
        format: AnswerFormat = THINK,
    ) -> None:
        """`top_logprobs`: as in `Sampling`."""
        self._open_tag = format.open_tag
        self._last_of_tag = (MESSAGE if format.harmony else format.close_tag)[-1:].encode("ascii")
        self._llama = llama
        self._vocabulary = vocabulary
        self._sampler = sampler
        self._constraint = constraint
        self._top = top_logprobs
        self._logprobs: list[TokenLogprob] = []
        self._bound = False  # the last token was drawn under the constraint

    @property
    def chain(self) -> Any:
        """The native samplers, for tokens that are drawn freely."""
        return self._sampler.chain

    @property
    def needs_text(self) -> bool:
        """A token is drawn by what those before it wrote."""
        return self._constraint is not None or self._top >= 0

    def draw(self, context: Any, output: int, phase: Phase) -> int:
        """The next token. Raises: GrammarError, when none fits."""
        self._bound = self._constraint is not None and phase not in _THINKING
        if not self._bound and self._top < 0:
            return self._sampler.sample(context, output)
        logits = logits_of(self._llama, context, output, self._vocabulary)
        token = self._drawn_to_fit(logits, phase) if self._bound else self._sampler.sample(context, output)
        if self._top >= 0 and phase not in _THINKING and not self._vocabulary.ends_answer(token):
            self._logprobs.append(token_logprob(logits, token, self._top, self._vocabulary))
        return token

    def read(self, raw: bytes, phase: Phase) -> None:
        """What the token wrote, and the phase after it. Raises: GrammarError."""
        if self._constraint is None or phase in _THINKING:
            return
        if not self._bound:  # it closed the reasoning, and may have begun the answer
            raw = raw.partition(self._last_of_tag)[2].lstrip()
        if raw and not self._constraint.accept(raw):
            raise GrammarError("the answer has left it")

    def take_logprobs(self) -> tuple[TokenLogprob, ...]:
        """Of the tokens drawn since it was last asked."""
        if not self._logprobs:
            return ()
        taken = tuple(self._logprobs)
        self._logprobs.clear()
        return taken

    def free(self) -> None:
        self._sampler.free()

    def _drawn_to_fit(self, logits: Logits, phase: Phase) -> int:
        assert self._constraint is not None
        tokens = self._constraint.fitting()
        also: tuple[int, ...] = self._vocabulary.end_tokens() if self._constraint.complete else ()
        if phase is Phase.UNDECIDED:
            opening = self._vocabulary.single(self._open_tag)  # it may think first
            also = (*also, opening) if opening is not None else also
        if also:
            tokens = np.concatenate((tokens, np.array(also, dtype=np.int32)))
        if not len(tokens):
            raise GrammarError("no token of this model goes on with it")
        return self._sampler.sample_among(logits, tokens)
