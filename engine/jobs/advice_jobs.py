"""Starts the jobs that are about this machine: what it is, what runs on it, and how well it ran."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.events import (
    BudgetAdvised,
    BudgetProgressed,
    Calibrated,
    CalibrationProgressed,
    HardwareProgressed,
    HardwareReported,
    HistoryRead,
    JobId,
    LoadForeseen,
    ModelPlanned,
    ModelsFound,
    Recommended,
    Scored,
    WhatIfAdvised,
)
from engine.jobs.desk import USUAL_AIM
from engine.jobs.desk_part import DeskPart
from engine.settings import Loading

if TYPE_CHECKING:
    from engine.hardware.report import HardwareReport
    from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion
    from engine.planning.budget import Comparison
    from engine.planning.plan import Aim

_TELL_EVERY_S: Final = 0.1  # how far a comparison has come


class AdviceJobs(DeskPart):
    """What plans, measures and asks is imported by the job that needs it, on its own thread."""

    _library: Library

    def check(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.checking import check_machine

            checked = check_machine(
                self._paths,
                self._command,
                lambda progress: self._emit(HardwareProgressed(job, progress)),
                token,
                self.settings.overrides,
            )
            self._emit(HardwareReported(job, checked.report, checked.changes))

        return self._job("check", work)

    def correct(self, overrides: tuple[tuple[str, str], ...]) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.hardware.overrides import parse_overrides
            from engine.jobs.checking import last_report

            parse_overrides(overrides)
            self._change(lambda settings: replace(settings, overrides=overrides))
            report = last_report(self._paths, overrides)
            if report is not None:
                self._emit(HardwareReported(job, report))

        return self._job("correct", work)

    def recommend(self, report: HardwareReport, aim: Aim = USUAL_AIM) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.advising import advise

            self._emit(Recommended(job, advise(self._paths, report, aim)))

        return self._job("recommend", work)

    def ask_budget(self, question: BudgetQuestion) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.purchases import answer_budget

            told = time.monotonic()

            def heard(comparison: Comparison) -> None:
                nonlocal told
                token.raise_if_cancelled()
                if time.monotonic() - told >= _TELL_EVERY_S:
                    told = time.monotonic()
                    self._emit(BudgetProgressed(job, comparison))

            self._emit(BudgetAdvised(job, *answer_budget(question, self.settings, heard)))

        return self._job("budget", work)

    def ask_what_if(self, question: WhatIfQuestion) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.purchases import answer_what_if

            self._emit(WhatIfAdvised(job, *answer_what_if(question, self._paths, self.settings, token)))

        return self._job("what if", work)

    def calibrate(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.hardware.check import quick_report
            from engine.jobs.calibrating import calibrate
            from engine.jobs.checking import last_report

            report = last_report(self._paths, self.settings.overrides) or quick_report([self._paths.models])

            def progress(fraction: float) -> None:
                self._emit(CalibrationProgressed(job, fraction))

            found = calibrate(self._paths, self._command, report, progress, token)
            self._emit(Calibrated(job, kept=found is not None))

        return self._job("calibrate", work)

    def history(self, days: int) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.history import history

            self._emit(HistoryRead(job, history(self._paths.history, days)))

        return self._job("history", work)

    def score(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.scoring import score

            self._emit(Scored(job, score(self._paths, self._library.installed())))

        return self._job("score", work)

    def search(self, words: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.searching import last_machine, search

            found = search(self.settings.endpoint, words, last_machine(self._paths))
            token.raise_if_cancelled()
            self._emit(ModelsFound(job, found))

        return self._job("search", work)

    def foresee(self, model: InstalledModel, loading: Loading) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.foreseeing import foresee

            installed = self._library.installed()
            outlook = foresee(self._paths, self.settings, model, loading, installed)
            token.raise_if_cancelled()
            self._emit(LoadForeseen(job, outlook))

        return self._job("foresee", work)

    def plan_elsewhere(self, repository: str, quantization: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.remote_models import plan_remote

            endpoint = self.settings.endpoint
            plan = plan_remote(self._paths, self._command, endpoint, repository, quantization, token)
            self._emit(ModelPlanned(job, repository, plan))

        return self._job("plan-elsewhere", work)
