"""A field for one number that may stay empty."""

from __future__ import annotations

import math

from PySide6.QtCore import QLocale
from PySide6.QtGui import QDoubleValidator, QValidator
from PySide6.QtWidgets import QLineEdit, QWidget

MOST = 1e9


class _MayBeEmpty(QDoubleValidator):
    """Qt holds an empty field for half a number, and Enter back with it."""

    def validate(self, text: str, position: int) -> object:
        if not text:
            return QValidator.State.Acceptable, text, position
        return super().validate(text, position)


class NumberField(QLineEdit):
    """Takes digits only, from 0 on, in the way of the language or with a plain point."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        check = _MayBeEmpty(0.0, MOST, 4, self)
        check.setNotation(QDoubleValidator.Notation.StandardNotation)
        check.setLocale(QLocale(QLocale.Language.C))
        self.setValidator(check)
        self.setMaxLength(16)

    def number(self) -> float | None:
        """None while it is empty."""
        try:
            value = float(self.text())
        except ValueError:
            return None
        return value if math.isfinite(value) and 0 <= value <= MOST else None
