"""Paired ratios: what a round says about us and a peer, and how sure the rounds together are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of paired measurements: the geometric mean of ours / theirs, with its 95 % interval."""

    mean: float
    low: float
    high: float
    rounds: int

    @property
    def half_width(self) -> float:
        """Of the interval, as a share of the mean: 0.02 is "within 2 %". Infinite for one round."""
        return self.high / self.mean - 1 if self.rounds > 1 else math.inf


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Both positive, the same round at the same index. Logarithms make the ratio and its inverse the
    same statement; Student's t allows for few rounds."""
    logs = [math.log(our / their) for our, their in zip(ours, theirs, strict=True)]
    mean, count = statistics.fmean(logs), len(logs)
    if count < 2:
        return Ratio(math.exp(mean), 0.0, math.inf, count)
    half = student_t(count - 1) * statistics.stdev(logs) / math.sqrt(count)
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half), count)


def student_t(freedom: int) -> float:
    """The two-sided 95 % quantile of Student's distribution.

    Exact for 1 and 2 degrees of freedom, else the expansion of Abramowitz and Stegun 26.7.5 (off by
    less than 1 % from 3 degrees on).
    """
    if freedom == 1:
        return math.tan(math.pi * _CONFIDENCE / 2)
    if freedom == 2:
        return _CONFIDENCE * math.sqrt(2 / (1 - _CONFIDENCE * _CONFIDENCE))
    z = statistics.NormalDist().inv_cdf((1 + _CONFIDENCE) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least that share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
