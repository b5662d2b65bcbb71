"""Step 3: fetch the chosen model, or start at once with the one that came along."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, Card, IconButton
from gui.widgets.download_view import DownloadView
from gui.widgets.labels import Text
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.update_switch import UpdateSwitch
from gui.wizard.model import UNDER_WAY, GetStage, WizardModel
from gui.wizard.step import Step


class GetStepView(Step):
    """The forward button downloads, resumes, retries or begins the chat, whichever is next."""

    def __init__(self, model: WizardModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._title = Text("", "title")
        self._card = Card()
        self._name = Text("", "heading")
        self._where = Text("", "muted")
        self._status = Text()
        self._download = DownloadView()
        self._hold = SentenceLabel("muted")
        self._failure = SentenceLabel("danger")
        self._pause = IconButton(theme, "pause", "")
        self._mirrors = Button()
        self._starter_card = Card()
        self._starter_head = Text("", "strong")
        self._starter_words = Text("", "muted")
        self._starter = IconButton(theme, "chat", "")
        self._updates = UpdateSwitch()
        self._arrange()
        self._pause.clicked.connect(model.pause)
        self._mirrors.clicked.connect(model.ask_mirrors)
        self._starter.clicked.connect(model.use_starter)
        self._updates.switched.connect(model.look_for_updates)
        model.get_changed.connect(self._show)
        self.retranslate()

    def enter(self) -> None:
        if self._model.chosen is None:
            self._starter.setFocus()
        else:
            self.setFocus()

    def forward_words(self) -> str:
        words = {
            GetStage.NOT_STARTED: self.tr("Download"),
            GetStage.PAUSED: self.tr("Resume"),
            GetStage.FAILED: self.tr("Try again"),
        }
        return words.get(self._model.get_stage, self.tr("Start chatting"))

    def can_go_forward(self) -> bool:
        return self._model.chosen is not None and self._model.get_stage not in UNDER_WAY

    def forward(self) -> bool:
        if self._model.get_stage is GetStage.COMPLETE:
            self._model.use_installed()
        else:
            self._model.start_download()
        return False

    def retranslate(self) -> None:
        self._title.setText(self.tr("Get it"))
        self._pause.word(self.tr("Pause"))
        self._mirrors.word(self.tr("Ask hf-mirror.com and ModelScope"))
        self._starter_head.setText(self.tr("Without waiting: the starter model"))
        self._starter_words.setText(
            self.tr("It is small and is already here. A download that has begun goes on meanwhile.")
        )
        self._starter.word(self.tr("Start now with the starter model"))
        self.setAccessibleName(self.tr("Get the model"))
        self._show()

    def _arrange(self) -> None:
        column = self.content.column
        column.addWidget(self._title)
        for widget in (self._name, self._where, self._status, self._download, self._hold, self._failure):
            self._card.column.addWidget(widget)
        self._card.column.addLayout(in_line(self._pause))
        self._card.column.addLayout(in_line(self._mirrors))
        column.addWidget(self._card)
        self._starter_card.column.addWidget(self._starter_head)
        self._starter_card.column.addWidget(self._starter_words)
        self._starter_card.column.addLayout(in_line(self._starter))
        column.addWidget(self._starter_card)
        column.addWidget(self._updates)
        column.addStretch(1)

    def _show(self) -> None:
        model = self._model
        self._show_plan()
        self._status.setText(self._status_words())
        self._status.setVisible(bool(self._status.text()))
        self._download.setVisible(model.get_stage in (*UNDER_WAY, GetStage.PAUSED))
        self._show_progress()
        self._failure.show_sentences(*([model.get_failure] if model.get_failure else []))
        waits = model.get_hold if model.get_stage in UNDER_WAY else None
        self._hold.show_sentences(*([waits] if waits else []))
        if self._pause.hasFocus() and model.get_stage not in UNDER_WAY:
            # Before the button goes: the focus would jump to the starter, and Enter would take it.
            self.setFocus()
        self._pause.show_when(model.get_stage in UNDER_WAY)
        self._mirrors.show_when(model.may_ask_mirrors)
        self._starter_card.setVisible(model.has_starter)
        host = model.outlook.host if model.outlook else ""
        self._updates.show_state(model.looks_for_updates, host)
        self._updates.setVisible(bool(host))
        self.changed.emit()

    def _show_plan(self) -> None:
        plan = self._model.chosen
        self._card.setVisible(plan is not None)
        if plan is None:
            return
        self._name.setText(f"{plan.model.title} · {plan.quantization.name}")
        where = self.tr("{size} from {repository}").format(
            size=format_bytes(plan.quantization.size_bytes), repository=plan.quantization.repository
        )
        self._where.setText(where)

    def _status_words(self) -> str:
        words = {
            GetStage.NOT_STARTED: self.tr("Pause at any time; a later start goes on from there."),
            GetStage.VERIFYING: self.tr("Every byte is here. Its checksum is being compared with the hub's."),
            GetStage.COMPLETE: self.tr("The model is on this machine and its checksum is right."),
        }
        installed = self._model.installed
        if self._model.get_stage is GetStage.COMPLETE and installed is not None and not installed.verified:
            return self.tr("The model is on this machine.")
        return words.get(self._model.get_stage, "")

    def _show_progress(self) -> None:
        model, news = self._model, self._model.progress
        if model.get_stage is GetStage.PREPARING:
            self._download.show_waiting(self.tr("asking the hub…"))
        elif model.get_stage is GetStage.WAITING and news is not None:
            room = news.waiting_for == "room"
            words = self.tr("waits for room on the disk") if room else self.tr("waits for its turn")
            self._download.show_paused(news.done_bytes, news.total_bytes, words)
        elif news is None:
            total = model.download.size_bytes if model.download else 0
            self._download.show_paused(0, total, "")
        elif model.get_stage is GetStage.PAUSED:
            self._download.show_paused(news.done_bytes, news.total_bytes, self.tr("paused"))
        elif model.get_stage is GetStage.VERIFYING:
            self._download.show_paused(news.done_bytes, news.total_bytes, self.tr("verifying…"))
        else:
            self._download.show_progress(
                news.done_bytes,
                news.total_bytes,
                news.speed_bytes_per_second,
                news.seconds_left,
                news.file,
                bool(news.waiting_for),
            )
