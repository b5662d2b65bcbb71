"""Starts the job that writes a report for somebody who helps."""

from __future__ import annotations

from pathlib import Path

from engine.cancellation import CancelToken
from engine.errors import DataFolderError
from engine.events import Event, JobId, ReportMade
from engine.jobs.threads import JobThreads
from engine.paths import Paths
from engine.settings import Settings


class ReportJobs:
    """For a desk to inherit."""

    settings: Settings
    _threads: JobThreads
    _paths: Paths
    _command: tuple[str, ...]

    def make_report(self, path: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.doctoring import examine, write_bundle

            findings = tuple(examine(self._paths, self.settings, self._command))
            token.raise_if_cancelled()
            try:
                write_bundle(self._paths, self.settings, findings, Path(path))
            except OSError as error:
                reason = error.strerror or str(error)
                raise DataFolderError.of("report_unwritable", path=path, reason=reason) from error
            self._emit(ReportMade(job, path, sum(not each.good for each in findings)))

        return self._threads.start("report", work)

    def _emit(self, event: Event) -> None:
        """The desk's."""
        raise NotImplementedError
