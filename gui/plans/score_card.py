"""How good predictions have been on this machine, and the button that makes them better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.figures import Origin
from engine.telemetry.history import Quantity
from gui.plans.score_model import ScoreModel
from gui.widgets.bytes_text import format_count, format_share
from gui.widgets.controls import Button, Card
from gui.widgets.labels import OriginBadge, Text
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.scoring import Accuracy


class ScoreCard(View):
    """Knows no event: its model does."""

    def __init__(self, model: ScoreModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._head = Text("", "heading")
        self._rows = {quantity: _Row() for quantity in Quantity}
        self._nothing = Text("", "muted")
        self._state = Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._calibrate = Button()
        self._cancel = Button()
        self._arrange()
        self._calibrate.clicked.connect(self._begin)
        self._cancel.clicked.connect(model.cancel)
        model.changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._head.setText(self.tr("How good predictions are here"))
        self._nothing.setText(
            self.tr("Every load and every answer is compared with what was predicted. None has been yet.")
        )
        self._calibrate.word(
            self.tr("Calibrate"),
            self.tr("Measures how fast the processor computes. Ten seconds; best while nothing else runs."),
        )
        self._cancel.word(self.tr("Stop calibrating"))
        self._bar.setAccessibleName(self.tr("Calibration"))
        self._show()

    def _arrange(self) -> None:
        card = Card()
        for row in self._rows.values():
            card.column.addWidget(row)
        for widget in (self._nothing, self._state, self._failure, self._bar):
            card.column.addWidget(widget)
        card.column.addLayout(in_line(self._calibrate, self._cancel))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._head)
        column.addWidget(card)

    def _begin(self) -> None:
        self._model.calibrate()
        self._cancel.setFocus()

    def _show(self) -> None:
        model = self._model
        for quantity, row in self._rows.items():
            row.show_words(self._words(model.score.of(quantity)) if model.score else "")
        self._nothing.setVisible(model.score is not None and not model.score.quantities)
        self._state.setText(self._state_words())
        self._state.setVisible(bool(self._state.text()))
        self._failure.show_sentences(*([model.failure] if model.failure else []))
        self._bar.setValue(round(model.fraction * 1000))
        self._bar.setVisible(model.is_calibrating)
        had_focus = self._cancel.hasFocus()
        self._calibrate.setVisible(not model.is_calibrating)
        if had_focus and not model.is_calibrating:
            self._calibrate.setFocus()
        self._cancel.setVisible(model.is_calibrating)

    def _words(self, one: Accuracy | None) -> str:
        """ "Generation: within 4 % (median of 12)"."""
        if one is None:
            return ""
        names = {
            Quantity.GENERATION: self.tr("Generation"),
            Quantity.PROMPT: self.tr("Reading prompts"),
            Quantity.FIRST_TOKEN: self.tr("First token"),
            Quantity.LOAD: self.tr("Time to load"),
            Quantity.RESERVED: self.tr("Memory reserved"),
            Quantity.RESIDENT: self.tr("Memory in use"),
        }
        words = self.tr(
            "{what}: predictions were within {error} (median of {count}), the newest within {recent}"
        )
        return words.format(
            what=names[one.quantity],
            error=format_share(one.median_error),
            count=format_count(one.count),
            recent=format_share(one.recent_error),
        )

    def _state_words(self) -> str:
        model = self._model
        if model.is_calibrating:
            return self.tr("Measuring the processor…")
        if model.kept is False:
            return self.tr("Other programs were busy, so nothing was kept. Close them and calibrate again.")
        if model.kept:
            return self.tr("Calibrated. Predictions rest on this machine's own speed from now on.")
        if model.was_cancelled:
            return self.tr("Calibrating was stopped; nothing was changed.")
        if model.score is None:
            return ""
        if model.score.calibrated:
            return self.tr("This machine is calibrated.")
        return self.tr("Not calibrated yet: speeds are estimated from what this hardware usually does.")


class _Row(QWidget):
    """A figure and where it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self._words = Text()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._words, 1)
        row.addWidget(OriginBadge(Origin.MEASURED))

    def show_words(self, words: str) -> None:
        self._words.setText(words)
        self.setVisible(bool(words))
