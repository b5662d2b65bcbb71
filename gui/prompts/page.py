"""A person's own prompts: written here, put into the composer by a slash, the palette, or from here."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from engine.chat.shelf import Prompt, Shelf, tidy_name
from engine.events import Event, JobFailed, JobId, ShelfRead
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import Line, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View

_NAME: Final = int(Qt.ItemDataRole.UserRole)
_LIST_WIDTH: Final = 240
_ROW: Final = 30


class PromptsPage(View):
    left = Signal()
    used = Signal(str)  # the text of a prompt

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._shelf = Shelf()
        self._shown = ""  # name of the prompt that is edited; "" for a new one
        self._wanted = ""  # to be shown when the shelf comes back
        self._job: JobId | None = None
        self._title = Text("", "title")
        self._back = IconButton(theme, "back", "")
        self._words = Text("", "muted")
        self._new = IconButton(theme, "plus", "")
        self.list = QListWidget()
        self.name = QLineEdit()
        self.text = QPlainTextEdit()
        self._labels = (Line(), Line())
        self.use, self.keep, self.delete = Button("primary"), Button(), Button()
        self._nothing = Line("", "muted")
        self._error = SentenceLabel("danger")
        self._arrange()
        self._connect(bridge)
        self.retranslate()
        self._show_prompt(None)

    def enter(self) -> None:
        """The page is shown."""
        if self.list.count():
            self.list.setFocus()
        else:
            self.name.setFocus()

    # building
    def _arrange(self) -> None:
        content = Column(860)
        head, body, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._back)
        self.list.setProperty("kind", "choice")
        self.list.setFixedWidth(_LIST_WIDTH)
        self.list.setMinimumHeight(320)
        side, form = QVBoxLayout(), QVBoxLayout()
        side.setSpacing(8)
        form.setSpacing(6)
        buttons.setSpacing(8)
        side.addWidget(self._new)
        side.addWidget(self.list, 1)
        side.addWidget(self._nothing)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(240)
        form.addWidget(self._labels[0])
        form.addWidget(self.name)
        form.addWidget(self._labels[1])
        form.addWidget(self.text, 1)
        for button in (self.use, self.keep, self.delete):
            buttons.addWidget(button)
        buttons.addStretch(1)
        form.addLayout(buttons)
        form.addWidget(self._error)
        body.setSpacing(24)
        body.addLayout(side)
        body.addLayout(form, 1)
        content.column.addLayout(head)
        content.column.addWidget(self._words)
        content.column.addLayout(body, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(content)

    def _connect(self, bridge: EngineBridge) -> None:
        bridge.event_arrived.connect(self._fold)
        self._back.clicked.connect(self.left)
        self._new.clicked.connect(self._begin)
        self.list.currentItemChanged.connect(self._choose)
        self.list.itemActivated.connect(self._use)
        self.name.textChanged.connect(self._show_state)
        self.text.textChanged.connect(self._show_state)
        self.use.clicked.connect(self._use)
        self.keep.clicked.connect(self._keep)
        self.delete.clicked.connect(self._delete)

    # state
    def _fold(self, event: Event) -> None:
        if isinstance(event, ShelfRead):
            self._shelf = event.shelf
            self._fill()
        elif isinstance(event, JobFailed) and event.job == self._job:
            self._error.show_sentences(event.message)

    def _fill(self) -> None:
        wanted, self._wanted = self._wanted or self._shown, ""
        self.list.blockSignals(True)
        self.list.clear()
        for prompt in self._shelf.prompts:
            item = QListWidgetItem(prompt.name)
            item.setData(_NAME, prompt.name)
            item.setSizeHint(QSize(0, _ROW))
            self.list.addItem(item)
            if prompt.name == wanted:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._nothing.setVisible(not self._shelf.prompts)
        if wanted:
            self._show_prompt(self._named(wanted))

    def _named(self, name: str) -> Prompt | None:
        return next((prompt for prompt in self._shelf.prompts if prompt.name == name), None)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._show_prompt(self._named(item.data(_NAME)))

    def _begin(self) -> None:
        self.list.setCurrentItem(None)
        self._show_prompt(None)
        self.name.setFocus()

    def _show_prompt(self, prompt: Prompt | None) -> None:
        self._shown = prompt.name if prompt is not None else ""
        self.name.setText(self._shown)
        self.text.setPlainText(prompt.text if prompt is not None else "")
        self._show_state()

    def _entered(self) -> Prompt:
        return Prompt(tidy_name(self.name.text()), self.text.toPlainText())

    def _show_state(self) -> None:
        entered = self._entered()
        self.use.setEnabled(bool(entered.text.strip()))
        whole = bool(entered.name and entered.text.strip())
        self.keep.setEnabled(whole and entered != self._named(self._shown))
        self.delete.setEnabled(bool(self._shown))

    # commands
    def _use(self) -> None:
        if self._entered().text.strip():
            self.used.emit(self._entered().text)

    def _keep(self) -> None:
        entered = self._entered()
        self._wanted = entered.name
        self._error.show_sentences()
        self._job = self._desk.keep_shelf(self._shelf.with_prompt(entered, self._shown))

    def _delete(self) -> None:
        self._error.show_sentences()
        self._job = self._desk.keep_shelf(self._shelf.without_prompt(self._shown))
        self._begin()

    # words
    def retranslate(self) -> None:
        self._title.setText(self.tr("Prompts"))
        self._back.word(self.tr("Back to the chat"))
        self._words.setText(
            self.tr(
                "Texts that you use again and again. In the message field a slash and the name puts one in; "
                "words in {{double braces}} are then filled in one after the other, with Tab."
            )
        )
        self._new.word(self.tr("New prompt"))
        self.list.setAccessibleName(self.tr("Prompts"))
        self._nothing.setText(self.tr("None yet"))
        names = (self.tr("Name"), self.tr("Text"))
        for label, field, name in zip(self._labels, (self.name, self.text), names, strict=True):
            label.setText(name)
            field.setAccessibleName(name)
        self.name.setPlaceholderText(self.tr("Translate"))
        self.text.setPlaceholderText(self.tr("Translate this into {{language}}:"))
        self.use.word(self.tr("Use in the chat"))
        self.keep.word(self.tr("Keep"))
        self.delete.word(self.tr("Delete"))
