"""The models page: what is here, what is coming, and ways to get more."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.models.downloads_view import DownloadsView
from gui.models.endpoints_model import EndpointsModel
from gui.models.endpoints_view import EndpointsView
from gui.models.import_view import ImportView
from gui.models.library_model import LibraryModel
from gui.models.load_form import LoadForm
from gui.models.local_file import model_of_file
from gui.models.model import ModelsModel
from gui.models.rows import ModelRow
from gui.models.search_model import SearchModel
from gui.models.search_view import SearchView
from gui.models.trash_view import TrashView
from gui.plans.score_card import ScoreCard
from gui.plans.score_model import ScoreModel
from gui.widgets.controls import Button, Card, IconButton
from gui.widgets.labels import Text, separator
from gui.widgets.rows import beside, in_line
from gui.widgets.tab_order import holds_focus, tab_as_laid_out
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View


class ModelsPage(View):
    """`chosen` carries the model to use; `wizard_wanted` asks for the way to another one."""

    chosen = Signal(object)  # engine.catalog.model.InstalledModel
    wizard_wanted = Signal()
    left = Signal()

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = ModelsModel(desk, self)
        self.library = LibraryModel(desk, self)
        self.search = SearchModel(desk, self)
        self._endpoints_model = EndpointsModel(desk, self)
        self._endpoints = EndpointsView(self._endpoints_model, theme)
        self.score = ScoreModel(desk, self)
        self._model_rows: list[QWidget] = []
        self._content = Column()
        self._title = Text("", "title")
        self._back = IconButton(theme, "back", "")
        self._installed = Card()
        self._another = IconButton(theme, "plus", "primary")
        self._open = IconButton(theme, "folder", "")
        self._downloads = DownloadsView(self.model, theme)
        self._loading = LoadForm(desk, theme)
        self._trash = TrashView(self.library)
        self._import = ImportView(self.library)
        self._hub_head = Text("", "heading")
        self._hub_words = Text("", "muted")
        self._field = QLineEdit()
        self._pull = Button()
        self._look_up = Button()
        self._found = SearchView(self.search)
        self._score = ScoreCard(self.score)
        self._refusal = Text("", "danger")
        self._arrange()
        self._connect(bridge)
        self.retranslate()
        self._show_models()

    def enter(self) -> None:
        """The page is shown: the keyboard starts at the top. What was chosen may have failed since."""
        self._show_models()
        self._back.setFocus()
        self.score.refresh()

    def retranslate(self) -> None:
        self._title.setText(self.tr("Models"))
        self._back.word(self.tr("Back to the chat"))
        self._another.word(self.tr("Get another model"))
        self._open.word(self.tr("Open a GGUF file…"))
        self._hub_head.setText(self.tr("From the hub"))
        self._hub_words.setText(
            self.tr(
                "Words to search for, any repository with GGUF files (owner/name or owner/name:Q4_K_M), or "
                "the address of a GGUF file (https://…)."
            )
        )
        self._field.setPlaceholderText("unsloth/DeepSeek-R1-0528-Qwen3-8B-GGUF:Q4_K_M")
        self._field.setAccessibleName(self.tr("Words, a repository on the hub, or an address"))
        self._pull.word(self.tr("Download"))
        self._look_up.word(self.tr("Search"))
        self._refusal.setText(
            self.tr("That does not name a repository. It has an owner and a name: owner/name:Q4_K_M.")
        )

    def _arrange(self) -> None:
        column = self._content.column
        column.addLayout(beside(self._title, self._back, gap=10))
        column.addWidget(self._downloads)
        column.addWidget(self._installed)
        column.addWidget(self._loading)
        column.addWidget(self._trash)
        column.addLayout(in_line(self._another, self._open, gap=10))
        column.addSpacing(8)
        column.addWidget(self._endpoints)
        column.addSpacing(8)
        column.addWidget(self._hub_head)
        column.addWidget(self._hub_words)
        column.addLayout(beside(self._field, self._look_up, self._pull))
        column.addWidget(self._refusal)
        column.addWidget(self._found)
        column.addSpacing(8)
        column.addWidget(self._import)
        column.addSpacing(8)
        column.addWidget(self._score)
        column.addStretch(1)
        self._refusal.hide()
        self._loading.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._content)

    def _connect(self, bridge: EngineBridge) -> None:
        bridge.event_arrived.connect(self.model.on_event)
        bridge.event_arrived.connect(self.library.on_event)
        bridge.event_arrived.connect(self.search.on_event)
        bridge.event_arrived.connect(self._endpoints_model.on_event)
        bridge.event_arrived.connect(self._loading.on_event)
        bridge.event_arrived.connect(self.score.on_event)
        self.model.models_changed.connect(self._show_models)
        self.library.changed.connect(self._show_models)
        for part in (self._downloads, self._trash, self._import):
            part.rebuilt.connect(self._order_tabs)
        self._trash.emptied.connect(self._back.setFocus)
        self._back.clicked.connect(self.left)
        self._another.clicked.connect(self.wizard_wanted)
        self._open.clicked.connect(self._ask_file)
        self._pull.clicked.connect(self._pull_field)
        self._look_up.clicked.connect(self._search_field)
        self._field.returnPressed.connect(self._take_field)
        self._found.wanted.connect(self._pull_found)
        self._found.rebuilt.connect(self._order_tabs)
        self._endpoints.rebuilt.connect(self._order_tabs)
        self._endpoints.entered.connect(self._content.bring_into_sight)
        self._loading.entered.connect(self._content.bring_into_sight)
        self._loading.left.connect(self._back.setFocus)
        self._field.textEdited.connect(self._refusal.hide)

    def _show_models(self) -> None:
        held = holds_focus(self._model_rows)
        for row in self._model_rows:
            row.hide()
            row.deleteLater()
        self._model_rows = []
        usable = [model.path for model in self.model.models]
        damaged = [entry.model for entry in self.library.unusable if entry.model.path not in usable]
        for model in (*self.model.models, *damaged):
            if self._model_rows:
                self._add_installed(separator())
            row = ModelRow(model, self.model.answers(model), self.library, self._theme)
            row.chosen.connect(self.chosen)
            row.loading_wanted.connect(self._loading.begin)
            self._add_installed(row)
        self._installed.setVisible(bool(self._model_rows))
        if held:
            self._back.setFocus()
        tab_as_laid_out(self._content)

    def _add_installed(self, widget: QWidget) -> None:
        self._installed.column.addWidget(widget)
        self._model_rows.append(widget)

    def _order_tabs(self) -> None:
        tab_as_laid_out(self._content)

    def _pull_field(self) -> None:
        accepted = self.model.pull(self._field.text())
        self._refusal.setVisible(not accepted)
        if accepted:
            self._field.clear()

    def _search_field(self) -> None:
        self.search.search(self._field.text())

    def _take_field(self) -> None:
        """What has neither slash nor colon cannot be meant for a repository."""
        if any(mark in self._field.text() for mark in "/:"):
            self._pull_field()
        else:
            self._search_field()

    def _pull_found(self, key: tuple[str, str]) -> None:
        self.model.pull(":".join(part for part in key if part))

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Open a GGUF file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Models (*.gguf)"))
        dialog.fileSelected.connect(self._file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _file_chosen(self, path: str) -> None:
        self.chosen.emit(model_of_file(path))
