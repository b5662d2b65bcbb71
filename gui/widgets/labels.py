"""Words on a page: plain text labels, badges, and the base of views that can change language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from engine.figures import Origin
from gui.widgets.fonts import ui_font

# kind: (size, weight); colours are in style.py.
_FONTS = {
    "title": (1.6, 650),
    "heading": (1.15, 600),
    "strong": (1.0, 600),
    "good": (1.0, 600),
    "warning": (1.0, 600),
    "danger": (1.0, 500),
    "badge": (0.82, 400),
}


class Text(QLabel):
    """Wrapped plain text; `kind` picks the look (see style.py). Never reads markup, so that
    names from outside stay names."""

    def __init__(self, text: str = "", kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        if kind:
            self._look(kind)

    def _look(self, kind: str) -> None:
        self.setProperty("kind", kind)
        self.setFont(ui_font(*_FONTS.get(kind, (1.0, 400))))

    def set_kind(self, kind: str) -> None:
        """Another look; the style sheet is asked again."""
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            # Polishing brings an older font back, so the font comes last.
            self.style().unpolish(self)
            self.style().polish(self)
            self._look(kind)


class Line(Text):
    """One line that is never wrapped."""

    def __init__(self, text: str = "", kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, kind, parent)
        self.setWordWrap(False)


class ElidedLine(Line):
    """One line that is shortened in its middle when there is no room; the whole is its tooltip."""

    def __init__(self, text: str = "", kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, kind, parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter.setPen(self.palette().windowText().color())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)


class OriginBadge(Line):
    """Says beside a figure whether it was measured, planned or estimated."""

    def __init__(self, origin: Origin | None = None, parent: QWidget | None = None) -> None:
        super().__init__("", "badge", parent)
        self._origin = origin
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if origin is None:
            self.hide()
        self._write()

    def show_origin(self, origin: Origin | None) -> None:
        """Hidden while there is no figure."""
        self._origin = origin
        self._write()
        self.setVisible(origin is not None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._write()

    def _write(self) -> None:
        if self._origin is not None:
            self.setText(origin_word(self._origin))
            self.setToolTip(origin_meaning(self._origin))


def origin_word(origin: Origin) -> str:
    words = {
        Origin.MEASURED: QCoreApplication.translate("Origin", "measured"),
        Origin.PLANNED: QCoreApplication.translate("Origin", "planned"),
        Origin.ESTIMATED: QCoreApplication.translate("Origin", "estimated"),
    }
    return words[origin]


def origin_meaning(origin: Origin) -> str:
    meanings = {
        Origin.MEASURED: QCoreApplication.translate("Origin", "Observed on this machine."),
        Origin.PLANNED: QCoreApplication.translate("Origin", "Computed exactly from the model file."),
        Origin.ESTIMATED: QCoreApplication.translate(
            "Origin", "Worked out from what this hardware is; the real figure may differ."
        ),
    }
    return meanings[origin]


def separator() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setProperty("kind", "line")
    line.setFixedHeight(1)
    return line
