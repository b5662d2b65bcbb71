"""Starts the job that writes a report for somebody who helps."""

from __future__ import annotations

from pathlib import Path

from engine.cancellation import CancelToken
from engine.errors import DataFolderError
from engine.events import JobId, ReportMade
from engine.jobs.desk_part import DeskPart


class ReportJobs(DeskPart):
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

        return self._job("report", work)
