"""The base of every view: words are set in one place, so that the language can change while it shows."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

LINE_TOP = 6  # px above a bare line beside the name of its row: so far down are the words in a field
_LAID_OUT_MS = 30


class View(QWidget):
    """Subclasses set every word in `retranslate` and call it at the end of their constructor."""

    def retranslate(self) -> None:
        """Sets the words of the view in the language of the window."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()


class Column(QScrollArea):
    """A page's content: one column, centred, never wider than is good to read; scrolls when short."""

    def __init__(self, most_width: int = 760, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The page scrolls to what has the focus; it needs no stop of its own in the tab order.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        page.setProperty("kind", "page")
        row = QHBoxLayout(page)
        row.setContentsMargins(32, 28, 32, 28)
        inner = QWidget()
        inner.setMaximumWidth(most_width)
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(14)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        self.setWidget(page)

    def bring_into_sight(self, widget: QWidget) -> None:
        """Scrolls to a part that has just been shown: Qt does so for Tab only."""
        QTimer.singleShot(0, widget, partial(self._scroll_to, widget))

    def bring_to_the_top(self, widget: QWidget) -> None:
        """Scrolls so far that it begins the page, once what has just been added is laid out."""
        QTimer.singleShot(_LAID_OUT_MS, widget, partial(self._scroll_to_top, widget))

    def _scroll_to_top(self, widget: QWidget) -> None:
        if self.isAncestorOf(widget):
            self.verticalScrollBar().setValue(widget.mapTo(self.widget(), QPoint(0, -20)).y())

    def _scroll_to(self, widget: QWidget) -> None:
        if self.isAncestorOf(widget):
            self.ensureWidgetVisible(widget, 0, 20)
