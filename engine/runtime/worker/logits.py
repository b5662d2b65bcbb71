"""What the model thinks of every token, and the log probabilities that follow from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.values import Candidate, TokenLogprob
from engine.runtime.worker.vocabulary import Vocabulary

Logits = NDArray[np.float32]  # one a token of the vocabulary


def logits_of(llama: Any, context: Any, output: int, vocabulary: Vocabulary) -> Logits:
    """Of that entry of the last batch. A view: it is gone with the next batch."""
    pointer = llama.llama_get_logits_ith(context, output)
    return np.ctypeslib.as_array(pointer, shape=(vocabulary.size,))


def token_logprob(logits: Logits, drawn: int, top: int, vocabulary: Vocabulary) -> TokenLogprob:
    """log softmax, before anything that sampling does to it; natural logarithms."""
    high = float(logits.max())
    total = high + float(np.log(np.exp(logits - high, dtype=np.float64).sum()))

    def candidate(token: int) -> Candidate:
        raw = vocabulary.bytes_of(token)
        return Candidate(raw.decode("utf-8", "replace"), tuple(raw), float(logits[token]) - total)

    top = min(top, len(logits))
    best = np.argpartition(logits, -top)[-top:] if top else np.array([], dtype=np.int64)
    ordered = best[np.argsort(-logits[best], kind="stable")]
    return TokenLogprob(candidate(drawn), tuple(candidate(int(token)) for token in ordered))
