"""Settings of one conversation: its system prompt, how answers are drawn, and presets of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from engine.chat.options import LIMITS, MOST_SYSTEM, NOTHING_SET, ChatOptions, with_number
from engine.chat.shelf import Preset, Shelf, tidy_name
from gui.widgets.controls import Button, ChoiceBox, DecimalBox, IconButton
from gui.widgets.labels import Line, Text
from gui.widgets.rows import beside
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View

WIDTH: Final = 324
_LEAST_FIELD: Final = 90  # a spin box would have room for its longest number
_SAVE_MS: Final = 500
# name: (decimals, step); see LIMITS
_FIELDS: Final = {
    "temperature": (2, 0.05),
    "top_p": (2, 0.05),
    "min_p": (2, 0.01),
    "top_k": (0, 1),
    "repeat_penalty": (2, 0.05),
    "seed": (0, 1),
    "max_tokens": (0, 64),
}


class OptionsPanel(View):
    """`changed` comes a moment after the last change; call `flush` before another conversation is shown."""

    changed = Signal(object)  # ChatOptions
    shelf_changed = Signal(object)  # Shelf
    left = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = NOTHING_SET
        self._shelf = Shelf()
        self._showing = False
        self._title = Line("", "heading")
        self._close = IconButton(theme, "cross")
        self._preset = ChoiceBox(theme)
        self._name = QLineEdit()
        self._keep, self._forget = Button(), Button()
        self.system = QPlainTextEdit()
        self.numbers = {name: DecimalBox(*LIMITS[name], *form) for name, form in _FIELDS.items()}
        self._thinking = ChoiceBox(theme)
        for value in (None, True, False):
            self._thinking.addItem("", value)
        self._labels = {name: Line() for name in ("preset", "system", *_FIELDS, "thinking")}
        self._words = Text("", "muted")
        self._timer = QTimer(self, singleShot=True, interval=_SAVE_MS)
        self._timer.timeout.connect(self.flush)
        self._arrange()
        self._connect()
        self.retranslate()

    # for the page
    def show_options(self, options: ChatOptions) -> None:
        self._timer.stop()
        self._options = options
        self._showing = True
        if self.system.toPlainText() != options.system:
            self.system.setPlainText(options.system)
        for name, box in self.numbers.items():
            box.show_value(getattr(options, name))
        self._thinking.setCurrentIndex((None, True, False).index(options.thinking))
        self._showing = False
        self._mark_preset()

    def show_shelf(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._fill_presets()

    def flush(self) -> None:
        """Tells what was changed, if anything was."""
        self._timer.stop()
        options = self._entered()
        if options != self._options:
            self._options = options
            self._mark_preset()
            self.changed.emit(options)

    def enter(self) -> None:
        self.system.setFocus()

    # building
    def _arrange(self) -> None:
        self.setProperty("kind", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        content = Column(WIDTH)
        content.widget().setProperty("kind", "side")
        content.widget().layout().setContentsMargins(14, 12, 14, 12)
        content.column.setSpacing(8)
        head = beside(self._title, self._close)
        chosen, keeping = QHBoxLayout(), QHBoxLayout()
        chosen.addWidget(self._preset, 1)
        chosen.addWidget(self._forget)
        keeping.addWidget(self._name, 1)
        keeping.addWidget(self._keep)
        self.system.setTabChangesFocus(True)
        self.system.setMinimumHeight(120)
        self.system.setMaximumHeight(240)
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, box in self.numbers.items():
            form.addRow(self._labels[name], box)
        form.addRow(self._labels["thinking"], self._thinking)
        for field in (*self.numbers.values(), self._thinking, self._preset, self._name):
            field.setMinimumWidth(_LEAST_FIELD)
        content.column.addLayout(head)
        content.column.addWidget(self._labels["preset"])
        content.column.addLayout(chosen)
        content.column.addLayout(keeping)
        content.column.addSpacing(6)
        content.column.addWidget(self._labels["system"])
        content.column.addWidget(self.system)
        content.column.addSpacing(6)
        content.column.addLayout(form)
        content.column.addWidget(self._words)
        content.column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(content)

    def _connect(self) -> None:
        self._close.clicked.connect(self.left)
        self._preset.activated.connect(self._use_preset)
        self._keep.clicked.connect(self._keep_preset)
        self._name.returnPressed.connect(self._keep_preset)
        self._forget.clicked.connect(self._forget_preset)
        self.system.textChanged.connect(self._edited)
        self._thinking.activated.connect(self._edited)
        for box in self.numbers.values():
            box.valueChanged.connect(self._edited)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    # what is entered
    def _edited(self) -> None:
        if not self._showing:
            self._timer.start()

    def _entered(self) -> ChatOptions:
        options = replace(
            self._options,
            system=self.system.toPlainText()[:MOST_SYSTEM],
            thinking=self._thinking.currentData(),
        )
        for name, box in self.numbers.items():
            options = with_number(options, name, box.chosen())
        return options

    # presets
    def _fill_presets(self) -> None:
        self._preset.clear()
        self._preset.addItem(self.tr("Custom"), None)
        self._preset.addItem(self.tr("Defaults"), NOTHING_SET)
        for preset in self._shelf.presets:
            self._preset.addItem(preset.name, preset.options)
        self._mark_preset()

    def _mark_preset(self) -> None:
        known = [NOTHING_SET, *(preset.options for preset in self._shelf.presets)]
        place = known.index(self._options) + 1 if self._options in known else 0
        self._preset.setCurrentIndex(place)
        self._forget.setEnabled(place > 1)

    def _use_preset(self, place: int) -> None:
        options = self._preset.itemData(place)
        if options is not None:
            self.use(options)
        else:
            self._mark_preset()

    def use(self, options: ChatOptions) -> None:
        """As if a person had entered them."""
        self.show_options(options)
        self.changed.emit(options)

    def _keep_preset(self) -> None:
        name = tidy_name(self._name.text())
        if name:
            self.flush()
            self._name.clear()
            self.shelf_changed.emit(self._shelf.with_preset(Preset(name, self._options)))

    def _forget_preset(self) -> None:
        self.shelf_changed.emit(self._shelf.without_preset(self._preset.currentText()))

    # words
    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Settings of this chat"))
        self._title.setText(self.tr("Settings of this chat"))
        self._close.name(self.tr("Close (Esc)"))
        self._name.setPlaceholderText(self.tr("Name of a new preset"))
        self._name.setAccessibleName(self.tr("Name of a new preset"))
        self._keep.word(self.tr("Keep"), self.tr("Keep these settings as a preset"))
        self._keep.setAccessibleName(self.tr("Keep these settings as a preset"))
        self._forget.word(self.tr("Forget"), self.tr("Forget this preset"))
        self._forget.setAccessibleName(self.tr("Forget this preset"))
        names = self._names()
        for name, label in self._labels.items():
            label.setText(names[name])
        self._preset.setAccessibleName(names["preset"])
        self.system.setAccessibleName(names["system"])
        self.system.setPlaceholderText(self.tr("Who the model is, and how it should answer"))
        self._thinking.setAccessibleName(names["thinking"])
        for row, words in enumerate((self.tr("As the model likes"), self.tr("Always"), self.tr("Never"))):
            self._thinking.setItemText(row, words)
        for name, box in self.numbers.items():
            box.setAccessibleName(names[name])
            box.setSpecialValueText(self.tr("Default"))
        self._words.setText(self.tr("Counts from the next answer on, in this chat only."))
        self._fill_presets()

    def _names(self) -> dict[str, str]:
        return {
            "preset": self.tr("Preset"),
            "system": self.tr("System prompt"),
            "temperature": self.tr("Temperature"),
            "top_p": self.tr("Top p"),
            "min_p": self.tr("Min p"),
            "top_k": self.tr("Top k"),
            "repeat_penalty": self.tr("Repeat penalty"),
            "seed": self.tr("Seed"),
            "max_tokens": self.tr("Most tokens"),
            "thinking": self.tr("Thinking"),
        }
