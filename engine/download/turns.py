"""Which of several sources of a file is at work, and what is known of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine.download.steps import Failure


@dataclass(slots=True)
class Origin:
    """What is known of one source."""

    etag: str | None = None
    etag_counts: bool = True  # False once the source vouched for a file whose ETag changed
    ranges: bool = True  # False while it answers ranged requests with 200
    nonsense: int = 0
    stale: int = 0
    broken: Counter[int] = field(default_factory=Counter)  # segment: how often it was not what was said of it
    refusal: Failure | None = None  # why it is not asked any more


class Turns:
    """All lanes use one source at a time; the last `reserve` of them only when all others have refused."""

    def __init__(self, count: int, reserve: int, at_work: int, validator: str = "") -> None:
        self.origins = [Origin(validator or None) for _ in range(count)]
        self.reserve = reserve
        self.at_work = at_work

    def give_up(self, source: int, refusal: Failure) -> Failure | None:
        """That source is of no use. When it was the last one: why the first of all sources was given up."""
        self.origins[source].refusal = refusal
        if all(origin.refusal for origin in self.origins):
            return self.origins[0].refusal
        return None

    def to_next(self) -> bool:
        """Makes another source the one at work; False, and no change, if there is no other."""
        count = len(self.origins)
        others = [(self.at_work + step) % count for step in range(1, count)]
        usable = [other for other in others if self.origins[other].refusal is None]
        ordinary = [other for other in usable if other < count - self.reserve]
        if self.origins[self.at_work].refusal is None:
            usable = ordinary
        if usable:
            self.at_work = (ordinary or usable)[0]
        return bool(usable)
