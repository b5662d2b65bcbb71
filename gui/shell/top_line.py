"""The line above the chat: which model answers, how it is, and the switch for the graphs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from engine.catalog.model import InstalledModel
from engine.runtime.values import RuntimeState
from gui.shell.model import ShellModel
from gui.widgets.controls import IconButton
from gui.widgets.fonts import ui_font
from gui.widgets.labels import Line
from gui.widgets.places import host_of_model, model_words
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class TopLine(View):
    """The name is a button: its menu switches models."""

    models_wanted = Signal()
    graphs_toggled = Signal()

    def __init__(self, model: ShellModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._name = IconButton(theme, "chevron")
        # The chevron follows the name.
        self._name.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._name.setFont(ui_font(1.0, 550))
        self._menu = QMenu(self)
        self._group = QActionGroup(self._menu)
        self._name.setMenu(self._menu)
        self._place = Line("", "badge")
        self._state = Line("", "muted")
        self._activity = ""
        self._graphs = IconButton(theme, "panel")
        self._arrange()
        self._menu.aboutToShow.connect(self._fill_menu)
        self._graphs.clicked.connect(self.graphs_toggled)
        model.runtime_changed.connect(self._show)
        model.models_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._graphs.name(self.tr("Show or hide the graphs (F9)"))
        self._show()

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 4)
        row.setSpacing(4)
        balance = QWidget()
        balance.setFixedWidth(34)
        row.addWidget(balance)
        row.addStretch(1)
        row.addWidget(self._name)
        row.addWidget(self._place, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(6)
        row.addWidget(self._state)
        row.addStretch(1)
        row.addWidget(self._graphs)

    def _show(self) -> None:
        model = self._model.model_in_use
        name = model_words(model) if model is not None else self.tr("No model")
        self._name.word(name)
        self._name.setAccessibleName(self.tr("Model: {name}. Press to switch.").format(name=name))
        self._name.setToolTip(self.tr("Switch models"))
        self._show_place(host_of_model(model))
        self._state.setText(self._activity or self._state_words())

    def _show_place(self, host: str) -> None:
        """Marks a model elsewhere: what is written leaves this machine."""
        self._place.setText(self.tr("remote"))
        meaning = self.tr("Your messages are sent to {host}, where this model computes.").format(host=host)
        self._place.setToolTip(meaning)
        self._place.setAccessibleDescription(meaning)
        self._place.setVisible(bool(host))
        if host:
            self._name.setAccessibleDescription(meaning)
            self._name.setToolTip(meaning)
        else:
            self._name.setAccessibleDescription("")

    def open_menu(self) -> None:
        """The models to choose from."""
        self._name.setFocus()
        self._name.showMenu()

    def show_activity(self, words: str) -> None:
        """What the answer that is shown waits for; "" for the model's own state."""
        if words != self._activity:
            self._activity = words
            self._state.setText(words or self._state_words())

    def _state_words(self) -> str:
        runtime = self._model.runtime
        if runtime is RuntimeState.LOADING:
            return self.tr("loading, {percent} %").format(percent=round(self._model.load_fraction * 100))
        if self._model.loading:
            return self.tr("starting")
        if host_of_model(self._model.model_in_use) and runtime is RuntimeState.STOPPED:
            return self.tr("asked with your first message")
        words = {
            RuntimeState.STOPPED: self.tr("loads with your first message"),
            RuntimeState.READY: self.tr("ready"),
            RuntimeState.GENERATING: self.tr("answering"),
            RuntimeState.CRASHED: self.tr("ended unexpectedly"),
        }
        return words[runtime]

    def _fill_menu(self) -> None:
        self._menu.clear()
        self._group.deleteLater()
        self._group = group = QActionGroup(self._menu)
        in_use = self._model.model_in_use
        for model in self._model.models:
            action = self._menu.addAction(model_words(model))
            action.setCheckable(True)
            action.setChecked(in_use is not None and model.path == in_use.path)
            action.setData(model)
            group.addAction(action)
        group.triggered.connect(self._model_picked)
        self._menu.addSeparator()
        if self._model.loaded is not None:
            self._menu.addAction(self.tr("Free its memory")).triggered.connect(self._model.unload)
        self._menu.addAction(self.tr("Models…")).triggered.connect(self.models_wanted)

    def _model_picked(self, action: QAction) -> None:
        model = action.data()
        if isinstance(model, InstalledModel):
            self._model.load(model)
