"""Starts the jobs that are about downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cancellation import CancelToken
from engine.events import JobId
from engine.jobs.desk_part import DeskPart
from engine.jobs.keeping import Keeping
from engine.jobs.late import Late

if TYPE_CHECKING:
    from engine.jobs.downloads import Downloads
    from engine.planning.plan import RunPlan


class DownloadJobs(DeskPart):
    _downloads: Late[Downloads]
    _keeping: Keeping

    def pull(self, repository: str, quantization: str) -> JobId:
        return self._downloads().pull(self._threads.start, repository, quantization)

    def pull_plan(self, plan: RunPlan) -> JobId:
        return self.pull(plan.quantization.repository, plan.quantization.name)

    def go_on_with_downloads(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._downloads().pull_all(self._threads.start, self._downloads().waiting())
            self._keeping.empty_trash(job, only_old=True)

        return self._job("downloads", work)

    def list_downloads(self) -> JobId:
        return self._job("downloads", lambda job, token: self._downloads().tell())

    def pause_download(self, repository: str, quantization: str) -> JobId:
        return self._job("pause", lambda job, token: self._downloads().pause(repository, quantization))

    def pause_downloads(self) -> JobId:
        return self._job("pause", lambda job, token: self._downloads().pause_all())

    def resume_downloads(self) -> JobId:
        return self._job(
            "resume",
            lambda job, token: self._downloads().pull_all(self._threads.start, self._downloads().standing()),
        )

    def move_download(self, repository: str, quantization: str, position: int) -> JobId:
        return self._job(
            "reorder", lambda job, token: self._downloads().move(repository, quantization, position)
        )

    def discard_download(self, repository: str, quantization: str) -> JobId:
        return self._job("discard", lambda job, token: self._downloads().discard(repository, quantization))

    def test_connection(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.connecting import test_connection

            test_connection(job, token, self.settings, self._emit)

        return self._job("connection", work)
