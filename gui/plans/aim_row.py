"""Two choices above a list of plans: what for, and what matters more."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.planning.plan import Aim, Purpose, Wish
from gui.plans.words import purpose_words, wish_words
from gui.widgets.controls import ChoiceBox
from gui.widgets.labels import Line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class AimRow(View):
    """`chosen` carries the aim, when a person changed it."""

    chosen = Signal(object)  # engine.planning.plan.Aim

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._purpose_label = Line("", "muted")
        self._purpose = ChoiceBox(theme)
        self._wish_label = Line("", "muted")
        self._wish = ChoiceBox(theme)
        for box, kinds in ((self._purpose, Purpose), (self._wish, Wish)):
            for kind in kinds:
                box.addItem("", kind)
            box.activated.connect(self._tell)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for label, box in ((self._purpose_label, self._purpose), (self._wish_label, self._wish)):
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box)
            row.addSpacing(10)
        row.addStretch(1)
        self.retranslate()

    @property
    def aim(self) -> Aim:
        # Qt keeps a StrEnum as the text that it is.
        return Aim(Purpose(self._purpose.currentData()), Wish(self._wish.currentData()))

    def show_aim(self, aim: Aim) -> None:
        self._purpose.setCurrentIndex(self._purpose.findData(aim.purpose))
        self._wish.setCurrentIndex(self._wish.findData(aim.wish))

    def retranslate(self) -> None:
        for label, box, words in (
            (self._purpose_label, self._purpose, self.tr("For")),
            (self._wish_label, self._wish, self.tr("Prefer")),
        ):
            label.setText(words)
            box.setAccessibleName(words)
        for index in range(self._purpose.count()):
            self._purpose.setItemText(index, purpose_words(Purpose(self._purpose.itemData(index))))
        for index in range(self._wish.count()):
            self._wish.setItemText(index, wish_words(Wish(self._wish.itemData(index))))

    def _tell(self) -> None:
        self.chosen.emit(self.aim)
