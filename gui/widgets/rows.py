"""Widgets beside each other, as most views lay out a field with its buttons."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QWidget

USUAL: Final = -1  # the gap that Qt's style has


def beside(wide: QWidget, *others: QWidget, gap: int = USUAL) -> QHBoxLayout:
    """The first one takes the room that the others leave. `gap` in pixels."""
    row = _spaced(gap)
    row.addWidget(wide, 1)
    for widget in others:
        row.addWidget(widget)
    return row


def in_line(*widgets: QWidget, gap: int = USUAL) -> QHBoxLayout:
    """Each as wide as it wants to be, and the room behind them empty. `gap` in pixels."""
    row = _spaced(gap)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


def _spaced(gap: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(gap)
    return row
