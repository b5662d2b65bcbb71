"""Buttons and frames in our look."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QPushButton,
    QSpinBox,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.fonts import ui_font
from gui.widgets.icons import icon, pixmap
from gui.widgets.theme import ThemeSource

ICON_SIZE = 18
_ARROW = 14
_TICK = 16


class Button(QPushButton):
    """A push button: its words are its accessible name, Enter presses it when it has the focus."""

    def __init__(self, kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(True)
        if kind:
            self.setProperty("kind", kind)
        if kind == "primary":
            self.setFont(ui_font(1.0, 600))

    def word(self, text: str, hint: str = "") -> None:
        """Sets the words on the button and, for help, a tooltip."""
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(hint)

    def show_when(self, visible: bool) -> None:
        """Hides or shows the button without losing the keyboard: the focus moves on first."""
        if not visible and self.hasFocus():
            self.focusNextChild()
        self.setVisible(visible)


class IconButton(Button):
    """A button with an icon that follows the theme, with or without words."""

    def __init__(self, theme: ThemeSource, icon_name: str, kind: str = "flat", parent: QWidget | None = None):
        super().__init__(kind, parent)
        self._theme = theme
        self._icon_name = icon_name
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        theme.changed.connect(self._tint)
        self._tint()

    def word(self, text: str, hint: str = "") -> None:
        super().word(text, hint)
        # Qt sets the words too close to the icon.
        self.setText(f" {text}")

    def name(self, text: str) -> None:
        """For a button that shows only its icon: what it does, as tooltip and accessible name."""
        self.setAccessibleName(text)
        self.setToolTip(text)

    def set_icon_name(self, icon_name: str) -> None:
        self._icon_name = icon_name
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self._tint()

    def _tint(self) -> None:
        tokens = self._theme.tokens
        colour = tokens.text
        if self.property("kind") == "primary":
            colour = tokens.on_accent
        if not self.isEnabled() or self.property("kind") == "flat":
            colour = tokens.muted
        self.setIcon(icon(self._icon_name, colour, ICON_SIZE))


class ChoiceBox(QComboBox):
    """A list to choose from, with an arrow in the colour of the theme."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        top = (self.height() - _ARROW) // 2
        arrow = pixmap("chevron", self._theme.tokens.muted, _ARROW, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - _ARROW - 10, top, arrow)


class CheckBox(QCheckBox):
    """Its tick is painted here: a style sheet takes pictures from files only, and in one colour."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = QRect(0, 0, _TICK, _TICK)
        place.moveCenter(
            self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self).center()
        )
        colour = self.palette().color(QPalette.ColorRole.BrightText).name()
        painter = QPainter(self)
        painter.drawPixmap(place, pixmap("check", colour, _TICK, self.devicePixelRatioF()))
        painter.end()


class NumberBox(QSpinBox):
    """A whole number, typed or changed with the arrow keys; a wheel that passes over it changes nothing."""

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(9, 0, 9, 0)  # Qt heeds no padding of a style sheet in here
        self.setRange(low, high)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class DecimalBox(QDoubleSpinBox):
    """A number that may be left to the default: that is the place below the least one."""

    def __init__(
        self, low: float, high: float, decimals: int, step: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(9, 0, 9, 0)  # as in NumberBox
        self.setDecimals(decimals)
        self.setSingleStep(step)
        self.setRange(low - step, high)
        self.setValue(self.minimum())
        self._low = low
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_value(self, value: float | None) -> None:
        self.setValue(self.minimum() if value is None else value)

    def chosen(self) -> float | None:
        """None for the default."""
        return None if self.value() < self._low else self.value()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Card(QFrame):
    """A bordered frame with a column of widgets."""

    def __init__(self, kind: str = "card", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", kind)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 14, 16, 14)
        self.column.setSpacing(8)
