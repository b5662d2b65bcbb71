"""The composer: where one writes, with the files that go along, and commands that begin with a slash."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.chat.draft_field import ENTER, Draft
from gui.chat.file_chips import FileChips
from gui.chat.slash import Slash, typed
from gui.chat.slash_list import SlashList
from gui.widgets.controls import IconButton
from gui.widgets.icons import pixmap
from gui.widgets.theme import ThemeSource


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
        if event.key() in ENTER:
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
    """Field and buttons in one rounded box. `slashes` lies above it, and belongs into the page's layout."""

    send_requested = Signal(str)  # blank only where files go along
    stop_requested = Signal()
    left = Signal()  # Esc, while nothing is written
    attach_requested = Signal()
    options_requested = Signal()
    slash_used = Signal(str, str)  # name of a command, words behind it

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._generating = False
        self._sendable = True
        self._host = ""
        self._purpose = ""
        self._slash_left = ""  # the text at which Esc closed the list
        self.draft = Draft(self)
        self.button = RoundButton(theme, self)
        self.attach = IconButton(theme, "clip", parent=self)
        self.options = IconButton(theme, "sliders", parent=self)
        self.options.setCheckable(True)
        self.chips = FileChips(theme, self)
        self.slashes = SlashList()
        self._arrange()
        self._connect()
        self._retranslate()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 11, 8)
        column.setSpacing(2)
        column.addWidget(self.chips)
        row = QHBoxLayout()
        row.setSpacing(6)
        bottom = Qt.AlignmentFlag.AlignBottom
        row.addWidget(self.attach, 0, bottom)
        row.addWidget(self.options, 0, bottom)
        row.addWidget(self.draft, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button, 0, bottom)
        column.addLayout(row)

    def _connect(self) -> None:
        self.draft.sent.connect(self._send)
        self.draft.stopped.connect(self._stop)
        self.draft.grew.connect(self._focus_changed)
        self.draft.textChanged.connect(self._text_changed)
        self.draft.list_key.connect(self._list_key)
        self.slashes.chosen.connect(self._choose_slash)
        self.chips.changed.connect(self._show_state)
        self.button.clicked.connect(self._press)
        self.attach.clicked.connect(self.attach_requested)
        self.options.clicked.connect(self.options_requested)
        self._theme.changed.connect(self.update)

    @property
    def text(self) -> str:
        return self.draft.toPlainText()

    def set_text(self, text: str) -> None:
        self.draft.replace_text(text)

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

    @property
    def _complete(self) -> bool:
        """There is something to send, and nothing of it is on its way."""
        return bool(self.text.strip() or self.chips.files) and not self.chips.reading

    def _send(self) -> None:
        if self._sendable and not self._generating and self._complete:
            self.send_requested.emit(self.text.strip())

    # slash commands
    def _text_changed(self) -> None:
        self._show_state()
        self._show_slashes()

    def _focus_changed(self) -> None:
        self.update()
        self._show_slashes()

    def _show_slashes(self) -> None:
        if self.text != self._slash_left:
            self._slash_left = ""
        wanted = self.draft.hasFocus() and not self._slash_left
        self.slashes.show_for(typed(self.text) if wanted else None)
        self.draft.list_open = self.slashes.isVisibleTo(self.slashes.parentWidget())
        self._describe()

    def _list_key(self, key: int) -> None:
        steps: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        slash = self.slashes.current()
        if key in steps:
            self.slashes.walk(steps[key])
            self._describe()
        elif key == Qt.Key.Key_Escape:
            self._slash_left = self.text
            self._show_slashes()
        elif slash is not None:
            self._choose_slash(slash)

    def _choose_slash(self, slash: Slash) -> None:
        now = typed(self.text)
        if slash.prompt:
            self.draft.use_prompt(slash.prompt)
        elif slash.takes_words and not (now and now.complete and now.words):
            self.set_text(f"/{slash.name} ")
        else:
            self.set_text("")
            self.slash_used.emit(slash.name, now.words if now and now.complete else "")

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
        self.button.setEnabled(self._generating or (self._sendable and self._complete))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        words = self.tr("Message the model…")
        if self._host:
            words = self.tr("Message the model on {host}…").format(host=self._host)
        self.draft.setPlaceholderText(words)
        self.draft.setAccessibleName(self.tr("Message"))
        self.attach.name(self.tr("Attach text, code, a PDF or an image"))
        self.options.name(self.tr("Settings of this chat"))
        self._describe()
        self._show_state()

    def _describe(self) -> None:
        """For screen readers: what the keys do now."""
        spoken = self.slashes.spoken() if self.draft.list_open else ""
        keys = self.tr("Enter sends, Shift and Enter begins a new line, a slash begins a command.")
        host = self.draft.placeholderText() if self._host else ""
        self.draft.setAccessibleDescription(spoken or " ".join(filter(None, (self._purpose, host, keys))))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.draft.hasFocus()
        painter.setPen(QPen(QColor(tokens.accent if focused else tokens.border), 1))
        painter.setBrush(QColor(tokens.field))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 18, 18)
        painter.end()
