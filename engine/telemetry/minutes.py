"""Readings of the machine, a minute of them made into one row for each device. No I/O."""

from __future__ import annotations

import statistics

from engine.telemetry.history import DeviceRecord
from engine.telemetry.sample import GpuSample, TelemetrySample

MINUTE_S = 60.0
MEMORY = "RAM"


class Minutes:
    """For one thread."""

    def __init__(self) -> None:
        self._began: float | None = None  # since the epoch
        self._samples: list[TelemetrySample] = []

    def add(self, sample: TelemetrySample, now: float) -> tuple[DeviceRecord, ...]:
        """`now` in seconds since the epoch. Returns the rows of the minute before, once it is full."""
        rows: tuple[DeviceRecord, ...] = ()
        if self._began is not None and now - self._began >= MINUTE_S:
            rows = self.rows()
        if self._began is None:
            self._began = now
        self._samples.append(sample)
        return rows

    def rows(self) -> tuple[DeviceRecord, ...]:
        """Of what there is; the next minute begins afresh."""
        began, samples = self._began, self._samples
        self._began, self._samples = None, []
        if began is None or not samples:
            return ()
        cards: dict[str, list[GpuSample]] = {}
        for sample in samples:
            for number, card in enumerate(sample.gpus):
                cards.setdefault(f"{card.name} #{number}", []).append(card)
        alone = max(sample.model_vram_bytes for sample in samples) if len(cards) == 1 else 0
        return (_memory(began, samples), *(_card(began, name, one, alone) for name, one in cards.items()))


def _memory(began: float, samples: list[TelemetrySample]) -> DeviceRecord:
    return DeviceRecord(
        began,
        MEMORY,
        max(sample.memory_used_bytes for sample in samples),
        samples[-1].memory_total_bytes,
        max(sample.model_memory_bytes for sample in samples),
        statistics.fmean(sample.cpu for sample in samples),
        max(sample.cpu for sample in samples),
        None,
        None,
    )


def _card(began: float, name: str, cards: list[GpuSample], model_bytes: int) -> DeviceRecord:
    """`model_bytes` is known where there is one card; drivers tell no more than the sum."""
    power = [card.power_w for card in cards if card.power_w is not None]
    heat = [card.temperature_c for card in cards if card.temperature_c is not None]
    return DeviceRecord(
        began,
        name,
        max(card.used_bytes for card in cards),
        cards[-1].total_bytes,
        model_bytes,
        statistics.fmean(card.utilisation for card in cards),
        max(card.utilisation for card in cards),
        statistics.fmean(power) if power else None,
        max(heat) if heat else None,
    )
