"""What the graphics cards used over a time, from the power they tell twice a second. No I/O."""

from __future__ import annotations

import threading
from collections import deque
from itertools import pairwise
from typing import Final

from engine.telemetry.sample import TelemetrySample

_KEPT: Final = 7200  # readings: an hour at two a second
_LONGEST_GAP_S: Final = 5.0  # without readings nothing is known


class EnergyMeter:
    """Any thread. Times are those of the samples: time.monotonic() seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: deque[tuple[float, float]] = deque(maxlen=_KEPT)  # (at, watts of all cards)

    def take(self, sample: TelemetrySample) -> None:
        watts = [card.power_w for card in sample.gpus if card.power_w is not None]
        if watts and len(watts) == len(sample.gpus):
            with self._lock:
                self._readings.append((sample.at, sum(watts)))

    def joules(self, since: float, until: float) -> float:
        """0 where it is not known for the whole of that time, but for its two ends."""
        with self._lock:
            readings = tuple(self._readings)
        steps = [(a, b) for a, b in pairwise(readings) if b[0] > since and a[0] < until]
        if not steps or steps[0][0][0] > since + 1 or steps[-1][1][0] < until - 1:
            return 0.0
        total = 0.0
        for (start, before), (end, after) in steps:
            if end - start > _LONGEST_GAP_S:
                return 0.0
            total += (before + after) / 2 * (min(end, until) - max(start, since))
        return total
