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


def free_tokens(busy: Sequence[Slot], length: int) -> int:
    """So many tokens can be drawn for each answer before one of them has to be looked at; 0 when some still
    read, or are looked at token by token. `length`: tokens that a sequence may hold."""
    free = length
    for slot in busy:
        stream, held = slot.stream, len(slot.tokens)
        if stream is None or not stream.draws_freely or len(stream.tokens) != held + 1:
            return 0
        free = min(free, stream.left, length - held)
    return free


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
