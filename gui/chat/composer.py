"""The composer: where one writes. Enter sends, but never what an input method still composes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QInputMethodEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QTextEdit, QWidget

from gui.widgets.fonts import ui_font
from gui.widgets.icons import pixmap
from gui.widgets.theme import ThemeSource

_LEAST_HEIGHT = 28  # px of text
_MOST_HEIGHT = 220
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Draft(QTextEdit):
    """The text field. It grows with its text up to a limit."""

    sent = Signal()
    stopped = Signal()
    grew = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._composing = False
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(ui_font(1.05))
        self.viewport().setAutoFillBackground(False)
        self.setStyleSheet("QTextEdit { background: transparent; border: none; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        wanted = round(self.document().size().height())
        self.setFixedHeight(min(max(wanted, _LEAST_HEIGHT), _MOST_HEIGHT))
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if wanted > _MOST_HEIGHT else policy.ScrollBarAlwaysOff
        )

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            # While an input method composes, Enter belongs to it.
            if not self._composing:
                self.sent.emit()
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.stopped.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.grew.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # Leaving the field ends or drops what was composed.
        self._composing = False
        super().focusOutEvent(event)
        self.grew.emit()


class RoundButton(QAbstractButton):
    """Send, or stop while an answer is written."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = "send"
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(36, 36)

    def show_icon(self, name: str) -> None:
        self._icon_name = name
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isEnabled()
        circle = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent if on else tokens.selected))
        painter.drawEllipse(circle)
        ink = tokens.on_accent if on else tokens.muted
        corner = QPointF(self.width() / 2 - 10, self.height() / 2 - 10)
        painter.drawPixmap(corner, pixmap(self._icon_name, ink, 20))
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle.adjusted(-1, -1, 1, 1))
        painter.end()


class Composer(QWidget):
    """Field and button in one rounded box."""

    send_requested = Signal(str)  # never blank
    stop_requested = Signal()
    left = Signal()  # Esc, while nothing is written

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._generating = False
        self._sendable = True
        self._host = ""
        self._purpose = ""
        self.draft = Draft(self)
        self.button = RoundButton(theme, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 11, 11, 11)
        row.setSpacing(10)
        row.addWidget(self.draft, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        self.setFocusProxy(self.draft)
        self.draft.sent.connect(self._send)
        self.draft.stopped.connect(self._stop)
        self.draft.grew.connect(self.update)
        self.draft.textChanged.connect(self._show_state)
        self.button.clicked.connect(self._press)
        theme.changed.connect(self.update)
        self._retranslate()

    @property
    def text(self) -> str:
        return self.draft.toPlainText()

    def set_text(self, text: str) -> None:
        self.draft.setPlainText(text)
        cursor = self.draft.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        self.draft.setTextCursor(cursor)

    def set_generating(self, generating: bool) -> None:
        """While an answer is written the button stops it, and Enter sends nothing."""
        if generating != self._generating:
            self._generating = generating
            self._show_state()

    def set_sendable(self, sendable: bool) -> None:
        """False while there is nothing that could take a message."""
        self._sendable = sendable
        self._show_state()

    def show_host(self, host: str) -> None:
        """Where messages go: the host of a model elsewhere, "" for this machine."""
        if host != self._host:
            self._host = host
            self._retranslate()

    def show_purpose(self, words: str) -> None:
        """For screen readers: what the text is for, when it is not simply the next message."""
        self._purpose = words
        self._retranslate()

    def _send(self) -> None:
        if self._sendable and not self._generating and self.text.strip():
            self.send_requested.emit(self.text.strip())

    def _stop(self) -> None:
        if self._generating:
            self.stop_requested.emit()
        else:
            self.left.emit()

    def _press(self) -> None:
        if self._generating:
            self._stop()
        else:
            self._send()

    def _show_state(self) -> None:
        words = self.tr("Stop") if self._generating else self.tr("Send")
        self.button.show_icon("stop" if self._generating else "send")
        self.button.setAccessibleName(words)
        self.button.setToolTip(f"{words} (Esc)" if self._generating else f"{words} (Enter)")
        self.button.setEnabled(self._generating or (self._sendable and bool(self.text.strip())))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        keys = self.tr("Enter sends, Shift and Enter begins a new line.")
        words = self.tr("Message the model…")
        if self._host:
            words = self.tr("Message the model on {host}…").format(host=self._host)
            keys = f"{words} {keys}"
        if self._purpose:
            keys = f"{self._purpose} {keys}"
        self.draft.setPlaceholderText(words)
        self.draft.setAccessibleName(self.tr("Message"))
        self.draft.setAccessibleDescription(keys)
        self._show_state()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.draft.hasFocus()
        painter.setPen(QPen(QColor(tokens.accent if focused else tokens.border), 1))
        painter.setBrush(QColor(tokens.field))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 18, 18)
        painter.end()
