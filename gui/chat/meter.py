"""How full the context is, and with what: prompt, reasoning, answer, what is left, and what the files that
go with the next message will take of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QLocale, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from engine.figures import Origin
from gui.chat.context import ContextParts
from gui.widgets.labels import Line, origin_word
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_EVERY_MS: Final = 250
_HEIGHT: Final = 6
_WIDTH: Final = 150


class _Bar(QWidget):
    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.parts: ContextParts | None = None
        self.attached = 0  # tokens
        self.setFixedSize(_WIDTH, _HEIGHT)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), 3, 3)
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), QColor(tokens.selected))
        parts = self.parts
        if parts is None:
            return
        left = 0.0
        sizes = (
            (parts.prompt, tokens.muted),
            (parts.reasoning, tokens.speed),
            (parts.answer, tokens.accent),
            (self.attached, tokens.ram),
        )
        for size, colour in sizes:
            width = self.width() * size / max(parts.window, parts.used, 1)
            painter.fillRect(QRectF(left, 0, width, self.height()), QColor(colour))
            left += width


class ContextMeter(View):
    """Hidden until something was counted. Its words are its tooltip, and what screen readers say of it."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: ContextParts | None = None
        self._next: ContextParts | None = None
        self._origin: Origin | None = None  # of what is attached
        self._bar = _Bar(theme)
        self._words = Line("", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(10)
        row.addStretch(1)
        row.addWidget(self._words)
        row.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._timer = QTimer(self, singleShot=True, interval=_EVERY_MS)
        self._timer.timeout.connect(self._take_next)
        self.hide()

    def show_parts(self, parts: ContextParts | None) -> None:
        """As often as one likes: what grows is drawn four times a second."""
        self._next = parts
        if parts is None or self._parts is None or parts.message_id != self._parts.message_id:
            self._take_next()
        elif parts != self._parts and not self._timer.isActive():
            self._timer.start()

    def show_attached(self, tokens: int, origin: Origin | None) -> None:
        """What the files that wait to be sent will take, as far as it is known; None where it is not."""
        if (tokens, origin) != (self._bar.attached, self._origin):
            self._bar.attached, self._origin = tokens, origin
            self._bar.update()
            self.retranslate()

    @property
    def parts(self) -> ContextParts | None:
        return self._parts

    def _take_next(self) -> None:
        if self._next != self._parts:
            self._parts = self._bar.parts = self._next
            self.retranslate()
            self._bar.update()
        self.setVisible(self._parts is not None)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Context"))
        parts = self._parts
        if parts is None:
            return
        text = QLocale().toString
        words = self.tr("{used} of {window} tokens").format(used=text(parts.used), window=text(parts.window))
        attached = text(self._bar.attached)
        if self._origin is Origin.PLANNED:
            words = self.tr("{counted}, files {tokens}").format(counted=words, tokens=attached)
        elif self._origin is not None:
            words = self.tr("{counted}, files about {tokens}").format(counted=words, tokens=attached)
        self._words.setText(words)
        whole = " · ".join(self._named(parts))
        self.setToolTip(f"{whole}\n{self.tr('Counted while the last answer was written.')}")
        self.setAccessibleDescription(whole)

    def _named(self, parts: ContextParts) -> Iterator[str]:
        text = QLocale().toString
        yield self.tr("Prompt {tokens}").format(tokens=text(parts.prompt))
        if parts.reasoning:
            yield self.tr("Reasoning {tokens}").format(tokens=text(parts.reasoning))
        yield self.tr("Answer {tokens}").format(tokens=text(parts.answer))
        if self._origin is not None:
            files = self.tr("Files to be sent {tokens} ({origin})")
            yield files.format(tokens=text(self._bar.attached), origin=origin_word(self._origin))
        yield self.tr("Left {tokens}").format(tokens=text(max(0, parts.left - self._bar.attached)))
