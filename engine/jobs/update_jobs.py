"""Starts the jobs that are about new versions of this program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cancellation import CancelToken
from engine.errors import DesksideError
from engine.events import JobId, UpdateFetched, UpdateProgressed, UpdateSeen
from engine.jobs.desk_part import DeskPart
from engine.jobs.late import Late

if TYPE_CHECKING:
    from engine.jobs.updates import Updates


class UpdateJobs(DeskPart):
    _updates: Late[Updates]

    def look_for_update(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            try:
                seen = UpdateSeen(job, self._updates().look_if_due(self.settings))
            except DesksideError as error:
                # Nobody waits for this: what is known stays, and the reason stands beside it.
                seen = UpdateSeen(job, self._updates().look(self.settings), error.message)
            self._emit(seen)

        return self._job("update", work)

    def fetch_update(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            fetched = self._updates().fetch(
                self.settings, lambda progress: self._emit(UpdateProgressed(job, progress)), token
            )
            self._emit(UpdateFetched(job, fetched))

        return self._job("fetch-update", work)
