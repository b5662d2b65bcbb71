"""What the wizard knows: events of a check, an advice and a download folded into state."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.catalog.model import InstalledModel
from engine.download.mirror_choice import USUAL_ONES, might_help
from engine.download.values import DownloadPlan, DownloadProgress, QueuedDownload, TransferState
from engine.events import (
    Calibrated,
    DownloadPlanned,
    DownloadProgressed,
    DownloadsListed,
    DownloadVerified,
    Event,
    HardwareProgressed,
    HardwareReported,
    JobCancelled,
    JobFailed,
    JobId,
    ModelsListed,
    Recommended,
    UpdateSeen,
)
from engine.hardware.report import CheckProgress, CheckStep, HardwareReport
from engine.jobs.desk import Desk
from engine.messages import Sentence
from engine.planning.plan import Aim, Recommendation, RunPlan, Verdict
from gui.wizard.runtime_model import RuntimeModel

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.updates import Outlook


class Stage(Enum):
    """Where a piece of work stands."""

    IDLE = auto()
    RUNNING = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


class GetStage(Enum):
    """Where the download of the chosen plan stands."""

    NOT_STARTED = auto()
    PREPARING = auto()  # the hub is asked
    WAITING = auto()  # for its turn in the queue, or for room on the disk
    FETCHING = auto()
    PAUSED = auto()
    VERIFYING = auto()
    COMPLETE = auto()
    FAILED = auto()


UNDER_WAY = (GetStage.PREPARING, GetStage.WAITING, GetStage.FETCHING, GetStage.VERIFYING)


class WizardModel(QObject):
    """Views call the methods, read the attributes and redraw on the signals."""

    check_changed = Signal()
    advice_changed = Signal()
    get_changed = Signal()
    finished = Signal(object)  # engine.catalog.model.InstalledModel

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._check_job: JobId | None = None
        self._correct_job: JobId | None = None
        self._advice_job: JobId | None = None
        self._pull_job: JobId | None = None
        self._starter_wanted = False
        self.check_stage = Stage.IDLE
        self.check_failure: Sentence | None = None
        self.steps: dict[CheckStep, CheckProgress] = {}
        self.report: HardwareReport | None = None
        self.changes: tuple[Sentence, ...] = ()  # since the last check
        self.correct_failure: Sentence | None = None
        self.advice_stage = Stage.IDLE
        self.advice_failure: Sentence | None = None
        self.recommendation: Recommendation | None = None
        self.aim = Aim()
        self.models: tuple[InstalledModel, ...] | None = None
        self.chosen: RunPlan | None = None
        self.get_stage = GetStage.NOT_STARTED
        self.get_failure: Sentence | None = None
        self.download: DownloadPlan | None = None
        self.progress: DownloadProgress | None = None
        self.get_hold: Sentence | None = None  # why the download has to wait
        self.installed: InstalledModel | None = None
        self.outlook: Outlook | None = None  # on new versions of this program
        self.runtime = RuntimeModel(desk, self)

    # commands
    def start_check(self) -> None:
        """Begins a check, and with it forgets the advice that followed from the last one."""
        if self.check_stage is Stage.RUNNING:
            return
        self.check_stage, self.check_failure, self.report = Stage.RUNNING, None, None
        self.changes, self.correct_failure = (), None
        self.runtime.look_at(None)
        self.steps = {}
        self.advice_stage, self.advice_failure, self.recommendation = Stage.IDLE, None, None
        self._check_job = self._desk.check()
        self._desk.list_models()
        self.check_changed.emit()
        self.advice_changed.emit()

    def cancel_check(self) -> None:
        if self.check_stage is Stage.RUNNING and self._check_job is not None:
            self._desk.cancel(self._check_job)

    def correct(self, overrides: tuple[tuple[str, str], ...]) -> None:
        """Sets figures of the check by hand; what follows from them is asked for anew."""
        if self.check_stage is Stage.DONE:
            self.correct_failure = None
            self._correct_job = self._desk.correct(overrides)

    @property
    def overrides(self) -> tuple[tuple[str, str], ...]:
        return self._desk.settings.overrides

    def ask_advice(self) -> None:
        """Asks again after a failure; the first time it is asked as soon as the report is there."""
        if self.report is None:
            return
        self.advice_stage, self.advice_failure = Stage.RUNNING, None
        self._advice_job = self._desk.recommend(self.report, self.aim)
        self.advice_changed.emit()

    def choose_aim(self, aim: Aim) -> None:
        """Plans for another purpose or wish; what is shown stays until they are there."""
        if aim != self.aim:
            self.aim = aim
            self.ask_advice()

    def choose(self, plan: RunPlan | None) -> None:
        """The plan that the last step is about. A download of another one is paused."""
        if self.chosen is not None and plan is not None and _same_files(self.chosen, plan):
            self.chosen = plan
            return
        self.pause()
        self._pull_job = None
        self.chosen = plan
        self.get_failure = self.download = self.progress = self.get_hold = None
        self.installed = self._already_here(plan)
        self.get_stage = GetStage.COMPLETE if self.installed else GetStage.NOT_STARTED
        if plan is not None and not self.installed:
            self._desk.list_downloads()  # it may stand in the queue already
        self.get_changed.emit()

    def start_download(self) -> None:
        """Starts, resumes or retries: the desk goes on from what is already on the disk."""
        if self.chosen is None or self.get_stage in UNDER_WAY:
            return
        self.get_failure = None
        self.get_stage = GetStage.PREPARING
        self._pull_job = self._desk.pull_plan(self.chosen)
        self.get_changed.emit()

    @property
    def may_ask_mirrors(self) -> bool:
        """Whether others than the hub, which did not answer, might have it."""
        settings, failure = self._desk.settings, self.get_failure
        return failure is not None and might_help(failure.code, settings.endpoint, settings.mirrors)

    def ask_mirrors(self) -> None:
        """Allows the usual mirrors from now on, and tries again."""
        settings = self._desk.settings
        self._desk.change_settings(replace(settings, mirrors=(*settings.mirrors, USUAL_ONES)))
        self.start_download()

    def pause(self) -> None:
        if self.get_stage in UNDER_WAY and self._pull_job is not None:
            self._desk.cancel(self._pull_job)

    def use_installed(self) -> None:
        """Ends the wizard with the downloaded model."""
        if self.installed is not None:
            self._finish(self.installed)

    def use_starter(self) -> None:
        """Ends the wizard with the model that came with the program; a download goes on."""
        starter = next((model for model in self.models or () if model.source == "starter"), None)
        if starter is not None:
            self._finish(starter)
        elif self.models is None:
            self._starter_wanted = True
            self._desk.list_models()

    @property
    def looks_for_updates(self) -> bool:
        return self._desk.settings.look_for_updates

    def look_for_updates(self, wanted: bool) -> None:
        """Whether to be told of new versions of this program."""
        self._desk.change_settings(replace(self._desk.settings, look_for_updates=wanted))
        self._desk.look_for_update()

    def owns(self, job: JobId) -> bool:
        """True for jobs whose failure the wizard shows itself."""
        return job in (self._check_job, self._correct_job, self._advice_job, self._pull_job)

    @property
    def has_starter(self) -> bool:
        """False only when the program came without its starter model."""
        return self.models is None or any(model.source == "starter" for model in self.models)

    @property
    def runnable(self) -> bool:
        """True when at least one plan runs on this machine."""
        plans = self.recommendation.plans if self.recommendation else ()
        return any(plan.verdict is not Verdict.WILL_NOT_RUN for plan in plans)

    # events
    def on_event(self, event: Event) -> None:
        self.runtime.on_event(event)
        if isinstance(event, ModelsListed):
            self._models_listed(event)
        elif isinstance(event, Calibrated):
            if event.kept and self.recommendation is not None:
                self.ask_advice()  # what stands there was predicted without it
        elif isinstance(event, DownloadsListed):
            self._downloads_listed(event)
        elif isinstance(event, UpdateSeen):
            self.outlook = event.outlook
            self.get_changed.emit()
        elif event.job == self._check_job:
            self._on_check(event)
        elif event.job == self._correct_job:
            self._on_correction(event)
        elif event.job == self._advice_job:
            self._on_advice(event)
        elif event.job == self._pull_job or self._is_my_download(event):
            self._on_download(event)

    def _models_listed(self, event: ModelsListed) -> None:
        self.models = event.models
        if self.installed is None and self.get_stage is GetStage.NOT_STARTED:
            self.installed = self._already_here(self.chosen)
            if self.installed:
                self.get_stage = GetStage.COMPLETE
        self.get_changed.emit()
        if self._starter_wanted:
            self._starter_wanted = False
            self.use_starter()

    def _downloads_listed(self, event: DownloadsListed) -> None:
        """Tells why the chosen one waits; one that an earlier start left behind shows as paused."""
        mine = next((each for each in event.downloads if self._is_wanted(each)), None)
        hold = mine.hold if mine is not None else None
        if mine is not None and self._pull_job is None and mine.state is TransferState.PAUSED:
            self.get_stage = GetStage.PAUSED
            self.progress = DownloadProgress(mine.state, mine.done_bytes, mine.total_bytes, 0.0, None, "")
        elif hold == self.get_hold:
            return
        self.get_hold = hold
        self.get_changed.emit()

    def _is_wanted(self, download: QueuedDownload) -> bool:
        if self.chosen is None:
            return False
        wanted = self.chosen.quantization
        return (download.repository, download.quantization) == (wanted.repository, wanted.name)

    def _on_check(self, event: Event) -> None:
        if isinstance(event, HardwareProgressed):
            self._keep_step(event.progress)
        elif isinstance(event, HardwareReported):
            self.check_stage, self.report = Stage.DONE, event.report
            self.runtime.look_at(event.report)
            self.changes = tuple(change.message for change in event.changes)
            self.ask_advice()
        elif isinstance(event, JobCancelled):
            self.check_stage = Stage.CANCELLED
        elif isinstance(event, JobFailed):
            self.check_stage, self.check_failure = Stage.FAILED, event.message
        else:
            return
        self.check_changed.emit()

    def _on_correction(self, event: Event) -> None:
        if isinstance(event, HardwareReported):
            self.report = event.report
            self.runtime.look_at(event.report)
            self.ask_advice()
        elif isinstance(event, JobFailed):
            self.correct_failure = event.message
        else:
            return
        self.check_changed.emit()

    def _keep_step(self, news: CheckProgress) -> None:
        """Later news of a step that leave a value out do not take back what was known."""
        known = self.steps.get(news.step)
        if known is not None:
            news = replace(
                news,
                partial=news.partial if news.partial is not None else known.partial,
                rate_bytes_per_second=(
                    known.rate_bytes_per_second
                    if news.rate_bytes_per_second is None
                    else news.rate_bytes_per_second
                ),
            )
        self.steps[news.step] = news

    def _on_advice(self, event: Event) -> None:
        if isinstance(event, Recommended):
            self.advice_stage, self.recommendation = Stage.DONE, event.recommendation
        elif isinstance(event, JobFailed):
            self.advice_stage, self.advice_failure = Stage.FAILED, event.message
        elif isinstance(event, JobCancelled):
            self.advice_stage = Stage.CANCELLED
        else:
            return
        self.advice_changed.emit()

    def _is_my_download(self, event: Event) -> bool:
        """The same files may be fetched by a job of another page; the wizard then follows that one."""
        if not isinstance(event, DownloadPlanned) or self.chosen is None:
            return False
        wanted = self.chosen.quantization
        if (event.plan.repository, event.plan.quantization) != (wanted.repository, wanted.name):
            return False
        self._pull_job = event.job
        return True

    def _on_download(self, event: Event) -> None:
        if isinstance(event, DownloadPlanned):
            self.download, self.get_failure = event.plan, None
            self.get_stage = GetStage.WAITING if self.get_stage is GetStage.WAITING else GetStage.FETCHING
        elif isinstance(event, DownloadProgressed):
            self.progress = event.progress
            self.get_stage = _STAGES.get(event.progress.state, self.get_stage)
            if event.progress.state is TransferState.QUEUED and event.progress.waiting_for:
                self.get_stage = GetStage.WAITING
        elif isinstance(event, DownloadVerified):
            self.get_stage, self.installed = GetStage.COMPLETE, event.model
        elif isinstance(event, JobCancelled):
            self.get_stage = GetStage.PAUSED
        elif isinstance(event, JobFailed):
            self.get_stage, self.get_failure = GetStage.FAILED, event.message
        else:
            return
        self.get_changed.emit()

    def _already_here(self, plan: RunPlan | None) -> InstalledModel | None:
        if plan is None or not plan.quantization.repository:
            return None
        wanted = (plan.quantization.repository, plan.quantization.name)
        here = (model for model in self.models or () if (model.repository, model.quantization) == wanted)
        return next(here, None)

    def _finish(self, model: InstalledModel) -> None:
        if not self._desk.settings.wizard_done:
            self._desk.change_settings(replace(self._desk.settings, wizard_done=True))
        self.finished.emit(model)


# COMPLETE and FAILED wait for DownloadVerified and JobFailed, which carry the rest.
_STAGES = {
    TransferState.QUEUED: GetStage.PREPARING,
    TransferState.FETCHING: GetStage.FETCHING,
    TransferState.PAUSED: GetStage.PAUSED,
    TransferState.VERIFYING: GetStage.VERIFYING,
}


def _same_files(one: RunPlan, other: RunPlan) -> bool:
    return (one.model.name, one.quantization.name) == (other.model.name, other.quantization.name)
