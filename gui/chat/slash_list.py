"""The list of slash commands above the composer, while one is typed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.chat.slash import OWN, Slash, Typed, fitting
from gui.widgets.view import View

_ROWS: Final = 8
_ROW_HEIGHT: Final = 30
_SLASH: Final = int(Qt.ItemDataRole.UserRole)


class SlashList(View):
    """The keyboard stays in the field; `walk` and `current` are told by it."""

    chosen = Signal(object)  # Slash

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Slash, ...] = ()
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setProperty("kind", "palette")
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setUniformItemSizes(True)
        frame = QFrame()
        frame.setProperty("kind", "card")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(6, 6, 6, 6)
        inner.addWidget(self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(frame)
        self._list.itemClicked.connect(self._clicked)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Commands"))
        self._list.setAccessibleName(self.tr("Commands"))

    def offer(self, entries: tuple[Slash, ...]) -> None:
        """What there is to choose from."""
        self._all = entries

    def show_for(self, now: Typed | None) -> None:
        """What fits to what is typed; hidden where nothing does."""
        fits = fitting(self._all, now) if now is not None else ()
        if now is not None and now.complete and not any(one.takes_words for one in fits):
            fits = ()
        self._list.clear()
        for slash in fits:
            item = QListWidgetItem(f"/{slash.name}    {words_of(slash)}")
            item.setData(_SLASH, slash)
            item.setToolTip(slash.prompt[:500])
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.setFixedHeight(min(len(fits), _ROWS) * _ROW_HEIGHT + 4)
        self.setVisible(bool(fits))

    def walk(self, step: int) -> None:
        count = self._list.count()
        if count:
            self._list.setCurrentRow((self._list.currentRow() + step) % count)

    def current(self) -> Slash | None:
        item = self._list.currentItem()
        return item.data(_SLASH) if item is not None else None

    def spoken(self) -> str:
        """What Enter would do, for screen readers."""
        slash = self.current()
        return f"/{slash.name}: {words_of(slash)}" if slash is not None else ""

    def _clicked(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_SLASH))


def words_of(slash: Slash) -> str:
    """What a command does, in a few words; the beginning of a prompt."""
    if slash.prompt:
        return " ".join(slash.prompt.split())[:80]
    words = {
        "new": _tr("Begin a new chat"),
        "system": _tr("Set the system prompt of this chat: /system TEXT"),
        "preset": _tr("Use a preset: /preset NAME"),
        "temperature": _tr("How much chance there is in the answers: /temperature 0.7"),
        "top_p": _tr("Draw from the likeliest tokens of this share: /top_p 0.95"),
        "min_p": _tr("Leave out tokens less likely than this share: /min_p 0.05"),
        "top_k": _tr("Draw from so many tokens: /top_k 40"),
        "repeat_penalty": _tr("Against repetition: /repeat_penalty 1.1"),
        "seed": _tr("The same answers again: /seed 7"),
        "max_tokens": _tr("No answer is longer: /max_tokens 500"),
        "model": _tr("Switch models: /model NAME"),
        "attach": _tr("Attach files"),
        "find": _tr("Find in this chat"),
        "regenerate": _tr("Ask for another answer"),
        "continue": _tr("Carry the last answer on"),
        "prompts": _tr("Your prompts"),
        "options": _tr("Settings of this chat"),
        "history": _tr("Speed and memory over time"),
        "shortcuts": _tr("Keyboard shortcuts"),
    }
    assert words.keys() == OWN.keys()
    return words[slash.name]


def _tr(text: str) -> str:
    return QCoreApplication.translate("SlashCommands", text)
