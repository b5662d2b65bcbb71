"""How large a batch may be, so that answers flow and a cancel is obeyed at once."""

from __future__ import annotations

_SMOOTH_S = 0.08  # of a batch for prompts while answers are written: no gap that an eye sees
_LONGEST_GAP_S = 0.6  # in answers, when many prompts wait for few of them
# Alone, a prompt may take a large batch: it can be stopped between two nodes of the graph, the longest
# of which takes about a hundredth of it. Where it cannot be stopped, the batch itself has to be short.
_STOPPABLE_S = 6.0
_UNSTOPPABLE_S = 0.1
_LEAST_TOKENS = 8  # or a prompt would never end
_FIRST_TOKENS = 128  # of a prompt, before anything was measured
_TELLING_TOKENS = 16  # fewer say little about the time a token takes
_WEIGHT = 0.3  # of the newest measurement


class Pace:
    """Learns from every batch what a token of a prompt costs, beside the answers in the same batch."""

    def __init__(self, batch_size: int, can_stop: bool) -> None:
        """`can_stop`: a batch at work can be aborted (llama.cpp: on the CPU only)."""
        self._batch_size = batch_size
        self._alone_s = _STOPPABLE_S if can_stop else _UNSTOPPABLE_S
        self.token_s = 0.0  # of a prompt; 0 while not known
        self.answers_s = 0.0  # of a batch of answers only

    def learn(self, prompt_tokens: int, answers: int, seconds: float) -> None:
        if prompt_tokens == 0:
            self.answers_s = _mean(self.answers_s, seconds)
        elif prompt_tokens >= _TELLING_TOKENS:
            spent = seconds - (self.answers_s if answers else 0.0)
            self.token_s = _mean(self.token_s, max(spent, 0.0) / prompt_tokens)

    def prompt_room(self, answers: int, prompts: int = 1) -> int:
        """Tokens for `prompts` in the next batch, besides one for each of `answers`. Together they get
        half of the time where a batch of answers alone is slow, and more where more wait than write: small
        batches cost everybody time."""
        if not answers:
            return self.tokens_in(self._alone_s)
        smooth = max(_SMOOTH_S, self.answers_s)
        return self.tokens_in(max(smooth, min(smooth * prompts / answers, _LONGEST_GAP_S)))

    def short_batch(self) -> int:
        """Tokens for a batch that nothing may interrupt."""
        return self.tokens_in(_SMOOTH_S)

    def tokens_in(self, seconds: float) -> int:
        if self.token_s <= 0:
            return min(_FIRST_TOKENS, self._batch_size)
        return min(max(int(seconds / self.token_s), _LEAST_TOKENS), self._batch_size)


def _mean(old: float, new: float) -> float:
    return new if old == 0 else old + _WEIGHT * (new - old)


def share_out(room: int, wanted: list[int]) -> list[int]:
    """Divides `room` fairly: nobody gets more than wanted, and what the small ones leave over goes to
    the large ones. Never less than one each while there is room."""
    shares = [0] * len(wanted)
    for place, index in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        left = len(wanted) - place
        shares[index] = min(wanted[index], -(-room // left))
        room -= shares[index]
    return shares
