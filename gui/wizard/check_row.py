"""One line of the check: what is looked at, how far it is, what was found."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from engine.figures import Origin
from gui.widgets.icons import pixmap
from gui.widgets.labels import Line, OriginBadge, Text
from gui.widgets.rows import in_line
from gui.widgets.theme import ThemeSource

_ICON = 24


class CheckRow(QWidget):
    """Knows no event: it is told words, a fraction and a rate."""

    def __init__(self, theme: ThemeSource, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon_name = icon_name
        self._picture = QLabel()
        self._name = Line("", "strong")
        self._state = Line("", "muted")
        self._found = Text()
        self._rate = Line()
        self._origin = OriginBadge()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._arrange()
        theme.changed.connect(self._tint)
        self._tint()

    def set_name(self, name: str) -> None:
        self._name.setText(name)
        self._bar.setAccessibleName(name)

    def show_state(self, words: str, fraction: float) -> None:
        """`fraction` from 0 to 1; the bar is there only in between."""
        self._state.setText(words)
        self._bar.setValue(round(fraction * 1000))
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.setVisible(0 < fraction < 1)

    def show_found(self, words: str) -> None:
        self._found.setText(words)
        self._found.setVisible(bool(words))

    def show_rate(self, words: str, measured: bool = True) -> None:
        """A rate, or "" for none."""
        self._rate.setText(words)
        self._rate.setVisible(bool(words))
        self._origin.show_origin(Origin.MEASURED if words and measured else None)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._name)
        head.addStretch(1)
        head.addWidget(self._state)
        rate = in_line(self._rate, self._origin, gap=8)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addLayout(head)
        words.addWidget(self._found)
        words.addLayout(rate)
        words.addWidget(self._bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 6, 4, 2)
        row.setSpacing(14)
        picture = QVBoxLayout()
        picture.addWidget(self._picture)
        picture.addStretch(1)
        row.addLayout(picture)
        row.addLayout(words, 1)
        self._bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_found("")
        self.show_rate("")

    def _tint(self) -> None:
        self._picture.setPixmap(pixmap(self._icon_name, self._theme.tokens.muted, _ICON))
