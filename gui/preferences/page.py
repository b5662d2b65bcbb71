"""The preferences page. Every change takes effect at once and is saved by the desk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from engine.settings import Settings
from gui.bridge import EngineBridge
from gui.preferences.api_switch import ApiSwitch
from gui.preferences.chat_settings import ChatSettings
from gui.preferences.connection_settings import ConnectionSettings
from gui.preferences.download_settings import DownloadSettings
from gui.preferences.electricity import ElectricityPrice
from gui.preferences.engine_limits import EngineLimits
from gui.preferences.lending_settings import LendingSettings
from gui.preferences.node_settings import NodeSettings
from gui.preferences.privacy import PrivacyNotes
from gui.preferences.report import ReportSettings
from gui.preferences.runtime_settings import RuntimeSettings
from gui.preferences.shortcuts import ShortcutSettings
from gui.preferences.update_settings import UpdateSettings
from gui.widgets.bytes_text import format_count
from gui.widgets.commands import Commands
from gui.widgets.controls import Button, ChoiceBox, IconButton
from gui.widgets.labels import Line, Text
from gui.widgets.rows import beside
from gui.widgets.tab_order import tab_as_laid_out
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View

_CONTEXTS = (0, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072)
_CHOICE_WIDTH = 260
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class PreferencesPage(View):
    """`changed` carries the new Settings, for language and theme to follow."""

    changed = Signal(object)  # engine.settings.Settings
    left = Signal()

    def __init__(
        self,
        desk: Desk,
        bridge: EngineBridge,
        theme: ThemeSource,
        commands: Commands,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._shortcuts = ShortcutSettings(desk, commands)
        self._api = ApiSwitch(desk, bridge)
        self._limits = EngineLimits(desk)
        self._downloads = DownloadSettings(desk)
        self.chats = ChatSettings(desk)
        self._electricity = ElectricityPrice(desk, theme)
        self._connection = ConnectionSettings(desk, bridge)
        self._runtimes = RuntimeSettings(desk, bridge, theme)
        self._updates = UpdateSettings(desk, bridge)
        self._nodes = NodeSettings(desk, bridge)
        self._lending = LendingSettings(desk, bridge)
        self._privacy = PrivacyNotes()
        self._report = ReportSettings(desk, bridge)
        self._title = Text("", "title")
        self._back = IconButton(theme, "back", "")
        self._language = _choices(theme, "system", "en", "zh_CN")
        self._theme = _choices(theme, "system", "light", "dark")
        self._contrast = _choices(theme, "system", "usual", "more")
        self._motion = _choices(theme, "system", "usual", "less")
        self._context = _choices(theme, *_contexts(desk.settings.context_length))
        self._endpoint = QLineEdit()
        self._default = Button()
        self._labels = [Line() for _ in range(19)]
        self._context_words = Text("", "muted")
        self._endpoint_words = Text("", "muted")
        self._refusal = Text("", "danger")
        self._arrange()
        self.retranslate()
        self._show_settings()
        self._connect()

    def begin(self) -> None:
        """The window has come up."""
        self._api.begin()
        self._lending.begin()

    def enter(self) -> None:
        """The page is shown: the keyboard starts at the first choice."""
        self._show_settings()
        self._runtimes.enter()
        self._updates.enter()
        self._nodes.enter()
        self._language.setFocus()

    def show_shortcuts(self) -> None:
        """Call after `enter`."""
        self._shortcuts.setFocus()
        self._content.bring_to_the_top(self._shortcuts)

    def retranslate(self) -> None:
        self._title.setText(self.tr("Settings"))
        self._back.word(self.tr("Back to the chat"))
        self._word_choices()
        names = (self.tr("Language"), self.tr("Theme"), self.tr("Context length"), self.tr("Model hub"))
        fields = (self._language, self._theme, self._context, self._endpoint)
        for label, field, name in zip(self._labels, fields, names, strict=False):
            label.setText(name)
            field.setAccessibleName(name)
        self._labels[4].setText(self.tr("Loaded models"))
        self._labels[5].setText(self.tr("Other programs"))
        self._labels[6].setText(self.tr("Downloads"))
        self._labels[7].setText(self.tr("Connection"))
        self._labels[8].setText(self.tr("Graphics cards"))
        self._labels[9].setText(self.tr("Privacy"))
        self._labels[10].setText(self.tr("Shortcuts"))
        choices = (self._contrast, self._motion)
        for label, field, name in zip(
            self._labels[11:13], choices, (self.tr("Contrast"), self.tr("Motion")), strict=True
        ):
            label.setText(name)
            field.setAccessibleName(name)
        self._labels[13].setText(self.tr("Chats"))
        self._labels[14].setText(self.tr("New versions"))
        self._labels[16].setText(self.tr("Other computers"))
        self._labels[15].setText(self.tr("This computer"))
        self._labels[17].setText(self.tr("Electricity"))
        self._labels[18].setText(self.tr("Report"))
        self._context_words.setText(
            self.tr(
                "How many tokens a conversation may hold. More needs more memory; counts from the next load."
            )
        )
        self._endpoint_words.setText(
            self.tr("Where models are fetched from: the Hugging Face hub or a mirror of it.")
        )
        self._default.word(self.tr("Use the default"))
        self._refusal.setText(self.tr("An address begins with https://, or http:// on this machine."))

    def _word_choices(self) -> None:
        system = self.tr("As the system")
        # Languages are named in their own words, so that everyone finds the way back.
        for row, text in enumerate((system, "English", "简体中文")):
            self._language.setItemText(row, text)
        for row, text in enumerate((system, self.tr("Light"), self.tr("Dark"))):
            self._theme.setItemText(row, text)
        for row, text in enumerate((system, self.tr("As usual"), self.tr("More"))):
            self._contrast.setItemText(row, text)
        for row, text in enumerate((system, self.tr("As usual"), self.tr("Less"))):
            self._motion.setItemText(row, text)
        for row in range(self._context.count()):
            tokens = self._context.itemData(row)
            text = self.tr("{tokens} tokens").format(tokens=format_count(tokens))
            self._context.setItemText(row, text if tokens else self.tr("Deskside chooses"))

    def _arrange(self) -> None:
        content = Column(640)
        content.column.addLayout(beside(self._title, self._back))
        form = QFormLayout()
        form.setHorizontalSpacing(28)
        form.setVerticalSpacing(14)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        endpoint = beside(self._endpoint, self._default, gap=10)
        form.addRow(self._labels[0], self._language)
        form.addRow(self._labels[1], self._theme)
        form.addRow(self._labels[11], self._contrast)
        form.addRow(self._labels[12], self._motion)
        form.addRow(self._labels[2], _explained(self._context, self._context_words))
        form.addRow(self._labels[3], _explained(endpoint, self._endpoint_words, self._refusal))
        form.addRow(self._labels[13], self.chats)
        form.addRow(self._labels[17], self._electricity)
        form.addRow(self._labels[6], self._downloads)
        form.addRow(self._labels[7], self._connection)
        form.addRow(self._labels[8], self._runtimes)
        form.addRow(self._labels[16], self._nodes)
        form.addRow(self._labels[15], self._lending)
        form.addRow(self._labels[4], self._limits)
        form.addRow(self._labels[5], self._api)
        form.addRow(self._labels[14], self._updates)
        form.addRow(self._labels[9], self._privacy)
        form.addRow(self._labels[18], self._report)
        form.addRow(self._labels[10], self._shortcuts)
        self._refusal.hide()
        content.column.addSpacing(6)
        content.column.addLayout(form)
        content.column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(content)
        self._content = content

    def _connect(self) -> None:
        self._back.clicked.connect(self.left)
        self._language.activated.connect(self._save)
        self._theme.activated.connect(self._save)
        self._contrast.activated.connect(self._save)
        self._motion.activated.connect(self._save)
        self._context.activated.connect(self._save)
        self._endpoint.editingFinished.connect(self._save_endpoint)
        self._default.clicked.connect(self._use_default)
        self._nodes.rebuilt.connect(lambda: tab_as_laid_out(self._content))
        own = (self._limits, self._api, self._downloads, self._connection, self._shortcuts, self._updates)
        for part in (*own, self.chats, self._lending, self._electricity):
            part.changed.connect(lambda: self.changed.emit(self._desk.settings))

    def _show_settings(self) -> None:
        settings = self._desk.settings
        self._language.setCurrentIndex(self._language.findData(settings.language))
        self._theme.setCurrentIndex(self._theme.findData(settings.theme))
        self._contrast.setCurrentIndex(self._contrast.findData(settings.contrast))
        self._motion.setCurrentIndex(self._motion.findData(settings.motion))
        self._context.setCurrentIndex(self._context.findData(settings.context_length))
        self._endpoint.setText(settings.endpoint)
        self._limits.show_settings()
        self._downloads.show_settings()
        self.chats.show_settings()
        self._electricity.show_settings()
        self._connection.show_settings()
        self._api.show_settings()
        self._lending.show_settings()
        self._shortcuts.show_settings()
        self._refusal.hide()

    def _save(self) -> None:
        self._change(
            language=self._language.currentData(),
            theme=self._theme.currentData(),
            contrast=self._contrast.currentData(),
            motion=self._motion.currentData(),
            context_length=self._context.currentData(),
        )

    def _save_endpoint(self) -> None:
        endpoint = self._endpoint.text().strip().rstrip("/")
        good = is_endpoint(endpoint)
        self._refusal.setVisible(not good)
        if good:
            self._change(endpoint=endpoint)

    def _use_default(self) -> None:
        self._endpoint.setText(Settings().endpoint)
        self._save_endpoint()

    def _change(self, **values: Any) -> None:
        settings = replace(self._desk.settings, **values)
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit(settings)


def is_endpoint(text: str) -> bool:
    """An https address, or an http one on this machine; nothing but the address in it."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _choices(theme: ThemeSource, *data: Any) -> ChoiceBox:
    box = ChoiceBox(theme)
    box.setMaximumWidth(_CHOICE_WIDTH)
    for value in data:
        box.addItem("", value)
    return box


def _explained(field: QWidget | QHBoxLayout, *words: Text) -> QVBoxLayout:
    """Words below a field, as near to it as in the other rows."""
    column = QVBoxLayout()
    column.setSpacing(8)
    if isinstance(field, QWidget):
        column.addWidget(field)
    else:
        column.addLayout(field)
    for each in words:
        column.addWidget(each)
    return column


def _contexts(chosen: int) -> list[int]:
    """The usual lengths, and the one that the settings hold if it is another."""
    return sorted({*_CONTEXTS, chosen})
