"""Starts the jobs that are about runtime packs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.cancellation import CancelToken
from engine.events import JobId, Noticed, RuntimeProgressed, RuntimesListed
from engine.jobs.desk_part import DeskPart
from engine.jobs.late import Late

if TYPE_CHECKING:
    from engine.jobs.runtimes import Runtimes


class RuntimeJobs(DeskPart):
    _runtimes: Late[Runtimes]

    def list_runtimes(self) -> JobId:
        return self._changing_runtimes(lambda job, token: None)

    def use_runtime(self, name: str) -> JobId:
        return self._changing_runtimes(lambda job, token: self._runtimes().use(name))

    def roll_back_runtime(self) -> JobId:
        return self._changing_runtimes(lambda job, token: self._runtimes().roll_back())

    def add_runtime(self, place: str) -> JobId:
        def add(job: JobId, token: CancelToken) -> object:
            return self._runtimes().install_best(
                place,
                lambda progress: self._emit(RuntimeProgressed(job, progress)),
                token,
                lambda why: self._emit(Noticed(job, why)),
            )

        return self._changing_runtimes(add)

    def remove_runtime(self, name: str) -> JobId:
        return self._changing_runtimes(lambda job, token: self._runtimes().remove(name))

    def _changing_runtimes(self, change: Callable[[JobId, CancelToken], object]) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            change(job, token)
            runtimes = self._runtimes()
            self._emit(RuntimesListed(job, runtimes.here(), runtimes.published))

        return self._job("runtimes", work)
