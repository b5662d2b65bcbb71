"""The choice to be told of new versions: off until it is made, and plain about what it does."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.controls import CheckBox
from gui.widgets.labels import Text
from gui.widgets.view import View


class UpdateSwitch(View):
    switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = ""
        self._box = CheckBox()
        self._words = Text("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._box)
        column.addWidget(self._words)
        self._box.clicked.connect(self.switched)
        self.show_state(False, "")
        self.retranslate()

    def show_state(self, on: bool, host: str) -> None:
        """`host` is asked; "" where nobody can be: then it can only be switched off."""
        self._host = host
        self._box.setChecked(on)
        self._box.setEnabled(bool(host) or on)
        self._word()

    def retranslate(self) -> None:
        words = self.tr("Tell me about new versions of Deskside")
        self._box.setText(words)
        self._box.setAccessibleName(words)
        self._word()

    def _word(self) -> None:
        if self._host:
            words = self.tr(
                "Asks {host} for its signed list of versions, at most once a day. Nothing is fetched or"
                " installed by itself."
            ).format(host=self._host)
        else:
            words = self.tr(
                "This version names no place where new ones are published, so nothing is asked, whatever is"
                " chosen here."
            )
        self._words.setText(words)
