"""What is to be computed next in the slots."""

from __future__ import annotations

from collections.abc import Sequence

from engine.runtime.worker.batch import Portion
from engine.runtime.worker.slots import Slot


def next_tokens(busy: Sequence[Slot]) -> list[Portion]:
    """The next token of each answer; nothing when some of them still read. What runs for every token is
    kept in few calls: each touches memory that the batch before has swept out of the caches."""
    portions = []
    for slot in busy:
        held = len(slot.tokens)
        tokens = slot.stream.tokens if slot.stream else slot.tokens
        if len(tokens) != held + 1:
            return []
        portions.append(Portion(slot.sequence, held - slot.shift, tokens[held:], True))
    return portions


def left(slot: Slot) -> int:
    """Tokens of its stream that can be computed, as far as the next picture."""
    stream, held = slot.stream, len(slot.tokens)
    if stream is None:
        return 0
    end = len(stream.tokens)
    return (stream.sight.text_until(held, end) if stream.sight else end) - held


def portion_of(slot: Slot, size: int) -> Portion:
    """So many of them."""
    start = len(slot.tokens)
    tokens = slot.stream.tokens if slot.stream else slot.tokens
    end = start + size
    return Portion(slot.sequence, start - slot.shift, tokens[start:end], wants_logits=end == len(tokens))
