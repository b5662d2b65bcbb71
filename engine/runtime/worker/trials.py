"""Measures one load after the other, with the weights kept between those that share them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from engine.runtime.values import LoadRequest, Timing, weights_of
from engine.runtime.worker.context import Context
from engine.runtime.worker.load import context_of, opened
from engine.runtime.worker.native import Native
from engine.runtime.worker.timing import Run

_ANSWER_TOKENS = 64  # of the context that are not filled
_MOST_CONTEXTS = 2  # kept: what is tried, and what it is compared with
_WARM_UP_TOKENS = 32


class Trials:
    """Lives as long as its process: the threads of a context never end."""

    def __init__(self, native: Native) -> None:
        self._native = native
        self._weights = ExitStack()
        self._of: LoadRequest | None = None  # whose weights are loaded
        self._model: Any = None
        self._contexts: dict[LoadRequest, tuple[ExitStack, Context]] = {}

    def measure(self, request: LoadRequest) -> tuple[Timing, ...]:
        """Of a prompt that nearly fills the context, and of tokens behind it. Raises: ModelFileError,
        LoadError."""
        context = self._context(request)
        run = Run(context)
        run.restart()
        prompt = max(1, context.length - _ANSWER_TOKENS)
        spent = 0.0
        while run.depth < prompt:
            spent += run.decode(min(context.batch_size, prompt - run.depth))
        token_s = run.token(keep=True)
        run.restart()
        return (Timing(request.threads, token_s, prompt / spent),)

    def _context(self, request: LoadRequest) -> Context:
        known = self._contexts.pop(request, None)
        if known is None:
            self._load(request)
            if len(self._contexts) >= _MOST_CONTEXTS:
                self._contexts.pop(next(iter(self._contexts)))[0].close()
            stack = ExitStack()
            known = stack, stack.enter_context(context_of(self._native, request, self._model))
            warm_up = Run(known[1])
            warm_up.decode(min(_WARM_UP_TOKENS, known[1].length))
            warm_up.restart()
        self._contexts[request] = known  # the newest is last
        return known[1]

    def _load(self, request: LoadRequest) -> None:
        if self._of is not None and weights_of(self._of) == weights_of(request):
            return
        for stack, _ in self._contexts.values():
            stack.close()
        self._contexts.clear()
        self._weights.close()
        self._of = None
        self._model = self._weights.enter_context(opened(self._native, request))
        self._of = request
