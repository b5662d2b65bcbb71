"""Step 1: the machine, filled in while it is looked at."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.hardware.report import (
    BandwidthMeasurement,
    CheckStep,
    CpuInfo,
    DiskInfo,
    HardwareReport,
    MemoryInfo,
)
from engine.messages import Sentence, sentence
from gui.widgets.bytes_text import format_rate
from gui.widgets.controls import Button, Card, IconButton
from gui.widgets.labels import Text, separator
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.wizard.check_row import CheckRow
from gui.wizard.correct_form import CorrectForm
from gui.wizard.model import Stage, WizardModel
from gui.wizard.runtime_offer import RuntimeOffer
from gui.wizard.step import Step
from gui.wizard.words import cpu_words, disk_words, further_disk_words, gpu_words, memory_words

# Each row of the page and the steps of the check that fill it.
_ROWS = {
    "cpu": (CheckStep.CPU,),
    "memory": (CheckStep.MEMORY, CheckStep.MEMORY_BANDWIDTH),
    "gpu": (CheckStep.GPU,),
    "disk": (CheckStep.DISK,),
}


class CheckStepView(Step):
    """Starts the check when it is first shown."""

    def __init__(self, model: WizardModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._title = Text("", "title")
        self._intro = Text("", "muted")
        self._rows = {name: CheckRow(theme, name) for name in _ROWS}
        self._outcome = Text()
        self._failure = SentenceLabel("danger")
        self._remarks = SentenceLabel("muted")
        self._offer = RuntimeOffer(model.runtime)
        self._changes_title = Text("", "strong")
        self._changes = SentenceLabel()
        self._correct = Button()
        self._form = CorrectForm()
        self._form.setVisible(False)
        self._form_failure = SentenceLabel("danger")
        self._shown_report: HardwareReport | None = None
        self._cancel = Button()
        self._again = IconButton(theme, "retry", "")
        self._arrange()
        self._cancel.clicked.connect(model.cancel_check)
        self._again.clicked.connect(self._check_again)
        self._correct.clicked.connect(self._open_form)
        self._form.corrected.connect(model.correct)
        model.runtime.installed.connect(self._check_with_it)
        model.check_changed.connect(self._show)
        self.retranslate()

    def enter(self) -> None:
        if self._model.check_stage is Stage.IDLE:
            self._model.start_check()
        self.setFocus()

    def can_go_forward(self) -> bool:
        return self._model.check_stage is Stage.DONE

    def retranslate(self) -> None:
        self._title.setText(self.tr("What is in this machine"))
        self._intro.setText(
            self.tr("Memory and disk are measured, which takes some seconds. Nothing leaves this machine.")
        )
        self._rows["cpu"].set_name(self.tr("Processor"))
        self._rows["memory"].set_name(self.tr("Memory"))
        self._rows["gpu"].set_name(self.tr("Graphics card (GPU)"))
        self._rows["disk"].set_name(self.tr("Disk"))
        self._cancel.word(self.tr("Cancel"))
        self._again.word(self.tr("Check again"))
        self._correct.word(self.tr("Correct by hand"))
        self._changes_title.setText(self.tr("Since the last check"))
        self.setAccessibleName(self.tr("Check of this machine"))
        self._show()

    def _arrange(self) -> None:
        column = self.content.column
        column.addWidget(self._title)
        column.addWidget(self._intro)
        card = Card()
        for index, row in enumerate(self._rows.values()):
            if index:
                card.column.addWidget(separator())
            card.column.addWidget(row)
        column.addWidget(card)
        column.addWidget(self._outcome)
        column.addWidget(self._failure)
        column.addWidget(self._changes_title)
        column.addWidget(self._changes)
        column.addWidget(self._remarks)
        column.addWidget(self._offer)
        column.addLayout(in_line(self._cancel, self._again, self._correct))
        column.addWidget(self._form)
        column.addWidget(self._form_failure)
        column.addStretch(1)

    def _open_form(self) -> None:
        self._form.setVisible(self._form.isHidden())
        if not self._form.isHidden():
            self._form.enter()

    def _show_corrections(self) -> None:
        model = self._model
        done = model.check_stage is Stage.DONE and model.report is not None
        self._correct.show_when(done)
        self._form.setVisible(done and not self._form.isHidden())
        # Not while somebody types: only a new report fills the fields anew.
        if done and model.report is not self._shown_report and model.report is not None:
            self._form.show_report(model.report, model.overrides)
        self._shown_report = model.report
        self._form_failure.show_sentences(*([model.correct_failure] if model.correct_failure else []))
        self._changes_title.setVisible(bool(model.changes))
        self._changes.show_sentences(*model.changes)

    def _check_again(self) -> None:
        self._model.start_check()
        self.setFocus()

    def _check_with_it(self) -> None:
        """A runtime was added; not while somebody is elsewhere, whose models may be at work."""
        if self.isVisible():
            self._check_again()

    def _show(self) -> None:
        model = self._model
        for name, steps in _ROWS.items():
            self._show_row(self._rows[name], steps)
        self._show_found()
        running = model.check_stage is Stage.RUNNING
        self._cancel.show_when(running)
        self._again.show_when(not running)
        words = {
            Stage.DONE: self.tr("The check is done."),
            Stage.CANCELLED: self.tr("The check was cancelled. Nothing was changed; check again to go on."),
        }
        self._outcome.setText(words.get(model.check_stage, ""))
        self._outcome.setVisible(model.check_stage in words)
        self._failure.show_sentences(*([model.check_failure] if model.check_failure else []))
        self._remarks.show_sentences(*(_all_remarks(model.report) if model.report else ()))
        self._show_corrections()
        self.changed.emit()

    def _show_row(self, row: CheckRow, steps: tuple[CheckStep, ...]) -> None:
        done = sum(self._model.steps[step].fraction for step in steps if step in self._model.steps)
        fraction = done / len(steps)
        row.show_state(self._state_words(fraction), fraction)
        rates = [self._model.steps[step].rate_bytes_per_second for step in steps if step in self._model.steps]
        rate = next((rate for rate in reversed(rates) if rate), None)
        measured = self._measured(steps[-1])
        if measured is not None:
            rate = measured.bytes_per_second
        words = self.tr("reads {rate}").format(rate=format_rate(rate)) if rate else ""
        report = self._model.report
        if rate and report is not None and len(report.disks) > 1 and steps[-1] is CheckStep.DISK:
            place = report.disks[0].mount_point
            words = self.tr("{place} reads {rate}").format(place=place, rate=format_rate(rate))
        if measured is not None and measured.by_hand:
            row.show_rate(f"{words} ({self.tr('set by hand')})", measured=False)
        else:
            row.show_rate(words)

    def _measured(self, step: CheckStep) -> BandwidthMeasurement | None:
        """Of the finished report, which may hold figures that a person gave."""
        report = self._model.report
        if report is None:
            return None
        if step is CheckStep.MEMORY_BANDWIDTH:
            return report.memory.bandwidth
        return report.disks[0].read if step is CheckStep.DISK and report.disks else None

    def _state_words(self, fraction: float) -> str:
        stage = self._model.check_stage
        if fraction >= 1 or stage is Stage.DONE:
            return self.tr("done")
        if stage is Stage.RUNNING:
            return self.tr("checking…") if fraction > 0 else self.tr("waiting")
        return self.tr("not checked") if stage is not Stage.IDLE else ""

    def _show_found(self) -> None:
        cpu, memory, gpus, disk = self._found()
        self._rows["cpu"].show_found(cpu_words(cpu) if isinstance(cpu, CpuInfo) else "")
        self._rows["memory"].show_found(memory_words(memory) if isinstance(memory, MemoryInfo) else "")
        self._rows["gpu"].show_found(gpu_words(gpus) if isinstance(gpus, tuple) else "")
        further = report.disks[1:] if (report := self._model.report) else ()
        lines = [disk_words(disk)] if isinstance(disk, DiskInfo) else []
        self._rows["disk"].show_found("\n".join([*lines, *map(further_disk_words, further)]))

    def _found(self) -> tuple[object, object, object, object]:
        """From the report when it is there, else from what the steps told so far."""
        report = self._model.report
        if report is not None:
            return report.cpu, report.memory, report.gpus, report.disks[0] if report.disks else None
        partial = {step: news.partial for step, news in self._model.steps.items()}
        return (
            partial.get(CheckStep.CPU),
            partial.get(CheckStep.MEMORY_BANDWIDTH) or partial.get(CheckStep.MEMORY),
            partial.get(CheckStep.GPU),
            partial.get(CheckStep.DISK),
        )


def _all_remarks(report: HardwareReport) -> tuple[Sentence, ...]:
    """Those of the check, and why a GPU or the disk has no figure."""
    reasons = [gpu.reason for gpu in report.gpus if gpu.reason]
    reasons += [disk.reason for disk in report.disks if disk.reason]
    said = {(remark.code, tuple(remark.values.items())) for remark in report.remarks}
    fresh = [reason for reason in reasons if (reason.code, tuple(reason.values.items())) not in said]
    if report.overridden:
        fresh.append(sentence("report_overridden", keys=", ".join(report.overridden)))
    return (*report.remarks, *fresh)
