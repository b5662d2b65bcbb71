"""Rows around an answer: its folded reasoning above it, its figures and buttons below."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from gui.chat.look import Look
from gui.chat.rows import Action, Row, Words, right_action, rounded
from gui.widgets.icons import pixmap


class ThoughtRow(Row):
    """The folded reasoning: one line that opens and closes it."""

    selectable = False
    key = "thought"
    icon = "brain"

    def __init__(self, title: str, opened: bool) -> None:
        super().__init__()
        self.title = title
        self.opened = opened
        self.measured_for = math.inf  # the same at every width
        self.height = 50.0

    def same(self, other: Row) -> bool:
        alike = type(other) is type(self)
        return alike and isinstance(other, ThoughtRow) and other._state() == self._state()

    def _state(self) -> tuple[str, bool]:
        return self.title, self.opened

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        box = QRectF(0, 6, size.width(), 36)
        painter.fillPath(rounded(box, True, True, 10.0), look.field)
        painter.drawPixmap(QPointF(12, 15), pixmap(self.icon, look.tokens.accent, 18))
        painter.setPen(look.muted)
        painter.setFont(look.small)
        painter.drawText(QRectF(40, 6, size.width() - 80, 36), Qt.AlignmentFlag.AlignVCenter, self.title)
        painter.save()
        painter.translate(size.width() - 22, 24)
        painter.rotate(0 if self.opened else -90)
        painter.drawPixmap(QPointF(-9, -9), pixmap("chevron", look.tokens.muted, 18))
        painter.restore()

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        return (Action(self.key, self.title, "", QRectF(0, 6, width, 36)),)

    def text(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class FooterWords:
    """What stands under an answer. `state` is empty for a complete one."""

    state: str
    speed: str
    hint: str  # the tooltip of the speed
    buttons: tuple[tuple[str, str, str], ...]  # (key, words, icon)
    carry_on: str  # words of that button; "" without one


class FooterRow(Row):
    """The quiet line under an answer: speed and buttons; how it ended, if not as it should."""

    selectable = False

    def __init__(self, words: FooterWords) -> None:
        super().__init__()
        self.words = words
        self.measured_for = math.inf
        self.height = 44.0 + (40.0 if words.state else 0.0)

    def same(self, other: Row) -> bool:
        return isinstance(other, FooterRow) and other.words == self.words

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        painter.setFont(look.small)
        middle = Qt.AlignmentFlag.AlignVCenter
        if self.words.state:
            painter.drawPixmap(QPointF(0, 13), pixmap("warning", look.tokens.warning, 18))
            painter.setPen(look.warning)
            painter.drawText(QRectF(26, 6, size.width() - 180, 32), middle, self.words.state)
        painter.setPen(look.muted)
        buttons = self.actions(look, size.width(), words)[-len(self.words.buttons) :]
        room = min(button.rect.left() for button in buttons) - 8
        speed = look.small_metrics.elidedText(self.words.speed, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(0, self.height - 40, room, 30), middle, speed)

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        made = []
        if self.words.carry_on:
            made.append(right_action("carry_on", self.words.carry_on, "play", look, width, 8, framed=True))
        right = width
        for key, text, icon in reversed(self.words.buttons):
            action = right_action(key, text, icon, look, right, self.height - 38)
            right = action.rect.left() - 4
            made.append(action)
        made[-len(self.words.buttons) :] = reversed(made[-len(self.words.buttons) :])
        return tuple(made)

    def hint(self) -> str:
        return self.words.hint

    def text(self) -> str:
        return " ".join(part for part in (self.words.state, self.words.speed) if part)
