"""What one connection of a transfer is at, and how long it waits after a failure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.download.steps import Trouble

_BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
_LONGEST_RETRY_AFTER_SECONDS = 300.0
# From the beginning of a try to that of the next one: a server that is back is asked within 15 s, also where
# all lanes failed together, after tries that took most of that to fail.
_LONGEST_ROUND_SECONDS = 14.0
_SHORTEST_REST_SECONDS = 1.0  # between two tries that took that long
_SPREAD = (0.75, 1.25)  # of a delay, by chance
_PROGRESS_BYTES = 64 << 10  # what it must gain before its failures are forgiven


@dataclass(slots=True)
class Lane:
    busy: bool = False
    source: int = 0
    cursor: int = 0  # file offset of the next byte of the body
    stop: int = 0
    location: int = 0  # generation of the link in use
    gained: int = 0  # bytes since the last failure
    failures: int = 0
    began: float = 0.0  # the try that is under way, or the last one
    not_before: float = 0.0
    trouble: Trouble | None = None

    def failed(self, trouble: Trouble, now: float, chance: float, at_least_seconds: float) -> None:
        """Sets when it may try again; `chance` (0 to 1) keeps lanes apart that failed together."""
        left = max(_LONGEST_ROUND_SECONDS - (now - self.began), _SHORTEST_REST_SECONDS)
        usual = _BACKOFF_SECONDS[min(self.failures, len(_BACKOFF_SECONDS) - 1)]
        least, most = _SPREAD
        delay = min(usual, left / most) * (least + (most - least) * chance)
        self.failures += 1
        self.gained = 0
        self.trouble = trouble
        self.not_before = now + max(delay, min(at_least_seconds, _LONGEST_RETRY_AFTER_SECONDS))

    @property
    def has_proved_itself(self) -> bool:
        return self.gained >= _PROGRESS_BYTES or not self.busy

    def forgive(self) -> None:
        self.failures = 0
        self.trouble = None
