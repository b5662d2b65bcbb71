"""Drafts: several tokens at once where the text before tells what comes next.

A draft is checked in one batch: the next token is drawn from what the model thinks after each of its
tokens, as it would be without a draft, and the draft holds for as long as it says the same. So the
answer is the one that would have come anyway. A batch of eight tokens takes two to four times as long as
one of one token, so a draft that does not hold is paid for. What batches take is learnt from those that
are computed, how often drafts hold from each answer; and an answer may only lose what it has gained, and
a little.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.runtime.worker.ahead import LEAST_GAIN, LENGTHS, Ahead, expected
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.lookup import Match, find_match, find_pair, guess
from engine.runtime.worker.slots import Slot

MOST_STREAMS = 4  # answers at once; with more, batches are well filled without drafts
# In times of a batch without drafts:
_FIRST_LOSS = 0.5  # that an answer may lose from the beginning,
_LOSS_A_TOKEN = 0.01  # and for each token that it has written;
_MOST_GAIN = 8.0  # of what was gained, so much may be lost again
_RATIO_BEFORE = 0.45  # that each further token adds to a batch, before anything was measured
_NEWEST = 0.3  # weight of the newest measurement
_DOUBT = 0.998  # of a measurement, each time that it is looked at
_MOST_IN_A_ROW = 32  # drafts, before a batch without one tells again what it takes
_FIRST_LOOK = 4  # tokens of an answer before the first look
_SELDOM = 4  # tokens between looks, where none was of use
_OFTEN_FOR = 16  # tokens after a draft that held, while every token is looked at
# How sure a draft is, by the tokens that matched, before the answer has shown it.
_CLASSES = ((32, 0.98), (16, 0.95), (6, 0.85), (0, 0.6))
_WEIGHT_BEFORE = 4.0  # tokens that this counts for
_MOST_WEIGHT = 64.0  # tokens that are remembered
_ALL = 1 << 31
_RESUMED = 6  # tokens that a match counts as which goes on behind a change


class Trust:
    """How often drafted tokens hold, by the length of the match."""

    def __init__(self) -> None:
        self._held = [share * _WEIGHT_BEFORE for _, share in _CLASSES]
        self._tried = [_WEIGHT_BEFORE] * len(_CLASSES)

    def share(self, length: int) -> float:
        """Of tokens after a match of that length."""
        kind = _class_of(length)
        return self._held[kind] / self._tried[kind]

    def learn(self, length: int, held: int, drafted: int) -> None:
        kind = _class_of(length)
        keep = min(1.0, _MOST_WEIGHT / self._tried[kind])
        self._held[kind] = self._held[kind] * keep + held
        self._tried[kind] = self._tried[kind] * keep + min(held + 1, drafted)


def _class_of(length: int) -> int:
    return next(index for index, (least, _) in enumerate(_CLASSES) if length >= least)


@dataclass(slots=True, eq=False)
class Drafting:
    """What is known of the drafts of one answer."""

    look_at: int  # length of its tokens at which to look again
    trust: Trust = field(default_factory=Trust)
    gained: float = 0.0  # batches without drafts that were saved; negative: lost
    after: int = 0  # where in the tokens a draft behind the first `at` of them begins; 0: to be found
    at: int = 0
    length: int = 0  # of the match before `after`
    resume: int = 0  # where a draft failed: behind a change the text may go on; 0: nowhere
    often_until: int = 0  # length of the tokens
    drafted: int = 0  # tokens, in all
    held: int = 0
    ahead: bool = False  # the draft at work is of a smaller model

    def book(self, gained: float) -> None:
        """So many batches without drafts were saved."""
        self.gained = min(_MOST_GAIN, self.gained + gained)


class Speculation:
    """Belongs to the thread of the context."""

    def __init__(
        self,
        most_outputs: int,
        ends: Callable[[int], bool] = lambda token: False,
        ahead: Ahead | None = None,
    ) -> None:
        """`most_outputs`: tokens of a batch that logits may be asked for. `ends`: whether an answer ends with
        a token. `ahead`: a smaller model that writes ahead where the text before tells nothing."""
        self._ends = ends
        self._ahead = ahead
        self.most_outputs = most_outputs
        self._ratios: dict[tuple[int, int], float] = {}  # by (streams, draft): batch to one without drafts
        self.plain_s = 0.0  # of a batch without drafts
        self._in_a_row = 0

    def plain(self, seconds: float) -> None:
        """What batches without drafts take just now."""
        self.plain_s = seconds
        self._in_a_row = 0

    def batches_before(self, busy: Sequence[Slot]) -> int:
        """So many batches need no look for drafts; 0 where the next one may have some."""
        if len(busy) > MOST_STREAMS:
            return _ALL
        if self._ahead is not None:
            return 0
        waits = 0
        for slot in busy:
            stream = slot.stream
            if stream is None or stream.drafting is None:
                return _ALL
            waits = max(waits, stream.drafting.look_at - len(stream.tokens))
        return waits

    def portions(self, busy: Sequence[Slot], room: int) -> list[Portion] | None:
        """A batch with drafts; None where one without is better. Every answer in it has one token to be
        computed. `room`: tokens that a sequence may hold."""
        if len(busy) > MOST_STREAMS:
            return None
        if self._ahead is not None:
            return self._any_portions(busy, room, self._ahead)
        for slot in busy:
            stream = slot.stream
            if stream is None or stream.drafting is None or len(stream.tokens) < stream.drafting.look_at:
                return None
        return self._portions(busy, room)

    def _any_portions(self, busy: Sequence[Slot], room: int, ahead: Ahead) -> list[Portion] | None:
        drafting = [slot.stream.drafting for slot in busy if slot.stream and slot.stream.drafting]
        if len(drafting) < len(busy) or self._in_a_row >= _MOST_IN_A_ROW:
            return None
        due = all(len(slot.stream.tokens) >= slot.stream.drafting.look_at for slot in busy)  # type: ignore[union-attr]
        found = self._portions(busy, room) if due else None
        if found is None and (found := ahead.portions(busy, room, self)) is not None:
            self._in_a_row += 1
        return found

    def _portions(self, busy: Sequence[Slot], room: int) -> list[Portion] | None:
        if self._in_a_row >= _MOST_IN_A_ROW:
            return None
        found = [_look(slot) for slot in busy]  # all of them, so that each knows when to look again
        if not all(found) or self.plain_s <= 0:
            return None
        length = self._best_length(busy, room)
        if not length:
            return None
        self._in_a_row += 1
        return [_portion(slot, length) for slot in busy]

    def _best_length(self, busy: Sequence[Slot], room: int) -> int:
        """Of the draft that gains most for the answer that gains least; 0 where none pays."""
        best, most = 0, LEAST_GAIN
        for length in LENGTHS:
            if len(busy) * (length + 1) > self.most_outputs:
                continue
            ratio = self.ratio(len(busy), length)
            self._doubt(len(busy), length)
            gain = min(self._gain(slot, length, room, ratio) for slot in busy)
            if gain > most:
                best, most = length, gain
        return best

    def _gain(self, slot: Slot, length: int, room: int, ratio: float) -> float:
        """Expected tokens for the time of one; 0 where it may not be tried."""
        stream = slot.stream
        assert stream is not None and stream.drafting is not None
        drafting = stream.drafting
        if len(stream.tokens) + length > room or stream.left <= length:
            return 0.0
        share = drafting.trust.share(drafting.length)
        if self.may_lose(slot) < (ratio - 1) * (1 - share):
            return 0.0
        drafted = guess(stream.tokens, drafting.after, length)
        useful = next((place for place, token in enumerate(drafted) if self._ends(token)), length)
        return expected(share, useful) / ratio

    def may_lose(self, slot: Slot) -> float:
        """Batches without drafts that its answer may lose now."""
        stream = slot.stream
        if stream is None or stream.drafting is None:
            return 0.0
        written = len(stream.tokens) - stream.prompt_length
        return stream.drafting.gained + _FIRST_LOSS + _LOSS_A_TOKEN * written

    def ratio(self, streams: int, length: int) -> float:
        """How much longer a batch takes with drafts of that length."""
        known = self._ratios.get((streams, length))
        if known is not None:
            return known
        shorter = [each for each in LENGTHS if each < length and (streams, each) in self._ratios]
        if shorter:
            return 1 + (self._ratios[streams, shorter[0]] - 1) * length / shorter[0]
        return 1 + _RATIO_BEFORE * length * (1 if streams == 1 else streams / 2)

    def _doubt(self, streams: int, length: int) -> None:
        """A measurement that something disturbed does not last for ever."""
        known = self._ratios.get((streams, length))
        if known is not None:
            self._ratios[streams, length] = max(1.0, known * _DOUBT)

    def computed(self, busy: int, length: int, seconds: float) -> None:
        """A batch with drafts took so long."""
        ratio = max(1.0, seconds / self.plain_s)
        old = self._ratios.get((busy, length))
        self._ratios[busy, length] = ratio if old is None else old + _NEWEST * (ratio - old)

    def judged(self, slot: Slot, portion: Portion, held: int, width: int) -> None:
        """So many tokens of a draft held."""
        drafting = slot.stream.drafting if slot.stream else None
        if slot.stream is None or drafting is None:
            return
        length = len(portion.tokens) - 1
        drafting.drafted += length
        drafting.held += held
        if drafting.ahead and self._ahead is not None:
            drafting.ahead, drafting.after = False, 0
            self._ahead.judged(slot, length, held, width, self)
            return
        drafting.trust.learn(drafting.length, held, length)
        drafting.book(held + 1 - self.ratio(width, length))
        now = len(slot.stream.tokens)
        drafting.look_at = now
        drafting.resume = 0
        if held:
            drafting.often_until = now + _OFTEN_FOR
        if held == length:
            # The token drawn after it was not foreseen by the draft, but may be by the text.
            drafting.after, drafting.length = drafting.after + held, drafting.length + held
            drafting.at = now - 1
        else:
            drafting.resume, drafting.after = drafting.after + held, 0


def first_look(prompt_length: int) -> Drafting:
    """Of an answer that begins."""
    return Drafting(prompt_length + _FIRST_LOOK)


def _look(slot: Slot) -> bool:
    """Finds where the next draft begins, if it is not known."""
    stream = slot.stream
    assert stream is not None and stream.drafting is not None
    drafting, now = stream.drafting, len(stream.tokens)
    if _goes_on(drafting, stream.tokens):
        drafting.after, drafting.length = drafting.after + 1, drafting.length + 1
    else:
        match = find_match(stream.tokens) or _behind_change(drafting, stream.tokens)
        drafting.after, drafting.length = (match.after, match.length) if match else (0, 0)
    drafting.at = now
    drafting.look_at = now + (1 if now < drafting.often_until else _SELDOM)
    return drafting.after > 0


def _goes_on(drafting: Drafting, tokens: array[int]) -> bool:
    """Whether the one token that was written since is the one that stood there."""
    now = len(tokens)
    if not drafting.after or drafting.at != now - 1 or drafting.after >= now - 1:
        return False
    return tokens[drafting.after] == tokens[-1]


def _behind_change(drafting: Drafting, tokens: array[int]) -> Match | None:
    """Where a copied text goes on after a word in it was changed."""
    after = find_pair(tokens, drafting.resume) if drafting.resume else 0
    return Match(after, _RESUMED) if after else None


def _portion(slot: Slot, length: int) -> Portion:
    stream = slot.stream
    assert stream is not None and stream.drafting is not None
    stream.drafting.ahead = False
    start = len(slot.tokens)
    tokens = stream.tokens[start:] + guess(stream.tokens, stream.drafting.after, length)
    return Portion(slot.sequence, start, tokens, wants_logits=True, drafted=True)
