"""Where words stand in a conversation: how often in each message, and which hit is looked at. No Qt."""

from __future__ import annotations

from collections.abc import Iterator

Hit = tuple[int, int]  # message, number of the hit in it, from 0


def folded(text: str) -> str:
    """Without upper case; every character keeps its place."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    # A few letters, such as the Turkish dotted I, become two.
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def places(text: str, needle: str) -> Iterator[int]:
    """Where a folded needle begins in a folded text; hits do not overlap, as in `str.count`."""
    at = text.find(needle) if needle else -1
    while at >= 0:
        yield at
        at = text.find(needle, at + len(needle))


class Search:
    """`texts` are folded, one for each message."""

    def __init__(self) -> None:
        self.needle = ""
        self.current: Hit | None = None
        self._counts: list[int] = []

    @property
    def total(self) -> int:
        return sum(self._counts)

    @property
    def number(self) -> int:
        """Of the current hit among all, from 1; 0 without one."""
        if self.current is None:
            return 0
        box, nth = self.current
        return sum(self._counts[:box]) + nth + 1

    def count_in(self, box: int) -> int:
        return self._counts[box]

    def look_for(self, needle: str, texts: list[str]) -> None:
        """Counts anew; nothing is current afterwards."""
        self.needle = folded(needle)
        self.current = None
        self.recount(0, texts)

    def recount(self, index: int, texts: list[str]) -> None:
        """The messages from that index on are other ones, or have grown."""
        counts = (text.count(self.needle) if self.needle else 0 for text in texts)
        self._counts[index:] = counts
        self._keep_current()

    def correct(self, index: int, text: str) -> None:
        """One message is known better now."""
        self._counts[index] = text.count(self.needle) if self.needle else 0
        self._keep_current()

    def step(self, forward: bool, start: int) -> None:
        """The next hit or the one before, round the ends; the first step goes from message `start` on."""
        if not self.total:
            self.current = None
            return
        self.current = self._following(forward, start)

    def ahead(self, forward: bool) -> int | None:
        """The message that a step would go to; None where nothing is current."""
        return self._following(forward, 0)[0] if self.current is not None else None

    def _following(self, forward: bool, start: int) -> Hit:
        box, nth = self.current if self.current is not None else (start, -1 if forward else 0)
        nth += 1 if forward else -1
        if 0 <= nth < self._counts[box]:
            return box, nth
        boxes = len(self._counts)
        step = 1 if forward else -1
        # The message itself comes last: its other hits are reached round the ends.
        found = next(at for n in range(1, boxes + 1) if self._counts[at := (box + n * step) % boxes])
        return found, 0 if forward else self._counts[found] - 1

    def _keep_current(self) -> None:
        if self.current is None:
            return
        box, nth = self.current
        here = self._counts[box] if box < len(self._counts) else 0
        self.current = (box, min(nth, here - 1)) if here else None
