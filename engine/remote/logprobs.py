"""Log probabilities as OpenAI's protocol tells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.runtime.values import Candidate, TokenLogprob

_MOST_TOKENS: Final = 4096  # of one chunk
_MOST_RIVALS: Final = 64
_LOWEST: Final = -9999.0  # what servers write for a probability of nothing


def logprobs_of(told: Any) -> tuple[TokenLogprob, ...]:
    """From `choices[0].logprobs`; what makes no sense is left out."""
    content = told.get("content") if isinstance(told, Mapping) else None
    if not isinstance(content, list):
        return ()
    found = []
    for entry in content[:_MOST_TOKENS]:
        drawn = _candidate(entry)
        if drawn is not None:
            rivals = entry.get("top_logprobs")
            rivals = rivals[:_MOST_RIVALS] if isinstance(rivals, list) else []
            top = tuple(made for rival in rivals if (made := _candidate(rival)) is not None)
            found.append(TokenLogprob(drawn, top))
    return tuple(found)


def _candidate(entry: Any) -> Candidate | None:
    if not isinstance(entry, Mapping):
        return None
    text, logprob, raw = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    if not isinstance(text, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    text = text.encode("utf-8", "replace").decode("utf-8")
    value = max(float(logprob), _LOWEST) if abs(logprob) < 1e300 else _LOWEST
    if not isinstance(raw, list) or not all(isinstance(one, int) and 0 <= one < 256 for one in raw):
        raw = list(text.encode("utf-8"))
    return Candidate(text, tuple(raw), value)
