"""How much may be asked of the engine at once. What is refused here costs nobody anything; what is taken
on waits in the engine, and holds memory there as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from engine.server.refusals import RequestError

MOST_ANSWERS: Final = 256  # at work or waiting, for their turn or for their model
MOST_EMBEDDINGS: Final = 64  # requests; a model embeds one after the other
MOST_MODELS: Final = 8  # the engine brings them one after the other
MOST_HELD: Final = 64 * 1024 * 1024  # bytes of all requests that are being answered


@dataclass(frozen=True, slots=True)
class Claim:
    """What one request takes."""

    answers: int
    size: int  # bytes of its body
    model: tuple[str, bool]  # its path, and whether it is to embed

    @property
    def embeds(self) -> bool:
        return self.model[1]


class Room:
    """Loop only."""

    def __init__(self) -> None:
        self._answers = self._held = self._embeddings = 0
        self._models: Counter[tuple[str, bool]] = Counter()

    @contextmanager
    def taken(self, claim: Claim) -> Iterator[None]:
        """Raises: RequestError (429 or 503), when there is no room for it now."""
        self._check(claim)
        self._count(claim, 1)
        try:
            yield
        finally:
            self._count(claim, -1)

    def _check(self, claim: Claim) -> None:
        if claim.embeds and self._embeddings >= MOST_EMBEDDINGS:
            raise RequestError.answered(429, "api_embeddings_full", most=MOST_EMBEDDINGS)
        if self._answers + claim.answers > MOST_ANSWERS:
            raise RequestError.answered(429, "api_answers_full", most=MOST_ANSWERS)
        if claim.model not in self._models and len(self._models) >= MOST_MODELS:
            raise RequestError.answered(429, "api_models_full", most=MOST_MODELS)
        if self._held and self._held + claim.size > MOST_HELD:
            raise RequestError.answered(503, "api_busy")

    def _count(self, claim: Claim, sign: int) -> None:
        self._answers += sign * claim.answers
        self._held += sign * claim.size
        self._embeddings += sign * claim.embeds
        self._models[claim.model] += sign
        if not self._models[claim.model]:
            del self._models[claim.model]
