"""How the places that models come from are reached: mirrors, proxy, certificates; and a test of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from engine.download.mirror_choice import NONE, USUAL_ONES
from engine.events import ConnectionTested, Event, JobCancelled, JobFailed, JobFinished, JobId
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button, CheckBox
from gui.widgets.labels import ElidedLine, Line, Text
from gui.widgets.rows import beside
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import LINE_TOP, View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.download.reaching import Reached

_ENDINGS = (JobFinished, JobCancelled, JobFailed)


class ConnectionSettings(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None  # a test that goes on
        self._found: list[Reached] = []
        self._labels = (Line(), Line(), Line())
        self._fastest = CheckBox()
        self._mirrors, self._proxy = QLineEdit(), QLineEdit()
        self._certificates = ElidedLine()
        self._choose, self._usual, self._test = Button(), Button(), Button()
        self._state = Text("", "muted")
        self._good, self._bad = SentenceLabel("muted"), SentenceLabel("danger")
        self._arrange()
        self._fastest.clicked.connect(self._save)
        self._mirrors.editingFinished.connect(self._save)
        self._proxy.editingFinished.connect(self._save)
        self._choose.clicked.connect(self._ask_file)
        self._usual.clicked.connect(self._take_usual)
        self._test.clicked.connect(self._test_pressed)
        bridge.event_arrived.connect(self.on_event)
        self.retranslate()

    def show_settings(self) -> None:
        settings = self._desk.settings
        named = (mirror for mirror in settings.mirrors if mirror not in (NONE, USUAL_ONES))
        self._mirrors.setText(", ".join(named))
        self._fastest.setChecked(USUAL_ONES in settings.mirrors)
        self._proxy.setText(settings.proxy)
        self._certificates.setText(settings.certificates or self.tr("Those of the system"))
        self._usual.show_when(bool(settings.certificates))

    def retranslate(self) -> None:
        names = (self.tr("Mirrors"), self.tr("Proxy"), self.tr("Certificates"))
        for label, name in zip(self._labels, names, strict=True):
            label.setText(name)
        self._mirrors.setAccessibleName(names[0])
        self._mirrors.setPlaceholderText(self.tr("none; or addresses and folders"))
        fastest = self.tr("Ask hf-mirror.com and ModelScope too; the fastest is taken")
        self._fastest.setText(fastest)
        self._fastest.setAccessibleName(fastest)
        self._fastest.setToolTip(
            self.tr(
                "Both then hear which models you fetch. What differs from what the hub holds is not taken."
            )
        )
        self._proxy.setAccessibleName(names[1])
        self._proxy.setPlaceholderText(self.tr("as the system; or http://… or socks5://…; or direct"))
        self._choose.word(self.tr("Change…"))
        self._choose.setAccessibleName(self.tr("Choose a file of certificates"))
        self._usual.word(self.tr("Use the default"))
        self._usual.setAccessibleName(self.tr("Trust the certificates of the system only"))
        self._word_test()
        self.show_settings()

    def on_event(self, event: Event) -> None:
        if event.job != self._job or self._job is None:
            return
        if isinstance(event, ConnectionTested):
            self._found.append(event.reached)
        elif isinstance(event, _ENDINGS):
            self._job = None
            if isinstance(event, JobFailed):
                self._bad.show_sentences(event.message)
                self._word_test()
                return
        self._show_found()

    def _arrange(self) -> None:
        row = beside(self._certificates, self._choose, self._usual, gap=10)
        test = QHBoxLayout()
        test.setSpacing(10)
        test.addWidget(self._test)
        test.addWidget(self._state, 1)
        form = QFormLayout(self)
        form.setContentsMargins(0, LINE_TOP, 0, 0)
        form.setHorizontalSpacing(28)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self._fastest)
        form.addRow(self._labels[0], self._mirrors)
        form.addRow(self._labels[1], self._proxy)
        form.addRow(self._labels[2], row)
        form.addRow(test)
        form.addRow(self._good)
        form.addRow(self._bad)

    def _test_pressed(self) -> None:
        if self._job is not None:
            self._desk.cancel(self._job)
            return
        self._found = []
        self._job = self._desk.test_connection()
        self._show_found()

    def _show_found(self) -> None:
        self._good.show_sentences(*(each.message for each in self._found if each.good))
        self._bad.show_sentences(*(each.message for each in self._found if not each.good))
        self._word_test()

    def _word_test(self) -> None:
        self._test.word(self.tr("Test the connection") if self._job is None else self.tr("Stop the test"))
        self._state.setText("" if self._job is None else self.tr("asking each of them…"))

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Certificates to trust besides the system's"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Certificates (*.pem *.crt *.cer)"))
        dialog.fileSelected.connect(self._take_certificates)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_certificates(self, path: str) -> None:
        self._change(certificates=path)

    def _take_usual(self) -> None:
        self._change(certificates="")

    def _save(self) -> None:
        usual = (USUAL_ONES,) if self._fastest.isChecked() else ()
        named = tuple(part for each in self._mirrors.text().split(",") if (part := each.strip()))
        self._change(mirrors=usual + named, proxy=self._proxy.text().strip())

    def _change(self, **values: str | tuple[str, ...]) -> None:
        settings = replace(self._desk.settings, **values)  # type: ignore[arg-type]
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit()
        self.show_settings()
