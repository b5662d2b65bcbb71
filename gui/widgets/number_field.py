"""A field for one number that may stay empty."""

from __future__ import annotations

import math
import re

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QLineEdit, QWidget

MOST = 1e9
_SIGNS = str.maketrans("，．。", ",..")  # as an input method for Chinese types them
_TYPED = re.compile(r"[\d.,，．。]*")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,]\d*)?|[.,]\d+")


def figure_of(text: str) -> float | None:
    """ "16,000" is sixteen thousand, "0,6" less than one. None for what is no number from 0 on."""
    text = text.strip().translate(_SIGNS)
    if _THOUSANDS.fullmatch(text):
        value = float(text.replace(",", ""))
    elif _PLAIN.fullmatch(text):
        value = float(text.replace(",", "."))
    else:
        return None
    return value if math.isfinite(value) and value <= MOST else None


class FigureValidator(QValidator):
    def validate(self, text: str, position: int) -> object:
        if not text or figure_of(text) is not None:
            return QValidator.State.Acceptable, text, position
        half = _TYPED.fullmatch(text) is not None
        return QValidator.State.Intermediate if half else QValidator.State.Invalid, text, position


class NumberField(QLineEdit):
    """Takes digits only, from 0 on, with a point or a comma before what is less than one; commas between
    thousands are understood as well."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setValidator(FigureValidator(self))
        self.setMaxLength(16)

    def number(self) -> float | None:
        """None while it is empty."""
        return figure_of(self.text())
