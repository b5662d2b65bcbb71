"""Starts the jobs that are about the models of this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cancellation import CancelToken
from engine.events import JobId, ModelsListed
from engine.jobs.backends import Backends
from engine.jobs.desk_part import DeskPart
from engine.jobs.keeping import Keeping
from engine.jobs.threads import Work

if TYPE_CHECKING:
    from engine.download.library_values import KnownModel


class LibraryJobs(DeskPart):
    _keeping: Keeping
    _backends: Backends

    def list_models(self) -> JobId:
        return self._job("models", lambda job, token: self._list_models(job))

    def _list_models(self, job: JobId) -> None:
        self._keeping.list(job)
        self._emit(ModelsListed(job, self._backends.models(self.settings)))

    def look_for_models(self, folder: str = "") -> JobId:
        return self._job("look-for", lambda job, token: self._keeping.look(job, token, folder))

    def take_in(self, models: tuple[KnownModel, ...]) -> JobId:
        return self._keep("take-in", lambda job, token: self._keeping.take_in(models))

    def verify_model(self, path: str) -> JobId:
        return self._keep("verify", lambda job, token: self._keeping.verify(job, token, path))

    def move_model(self, path: str, folder: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            new = self._keeping.move(job, token, path, folder)
            if self.settings.last_model == path:
                self._change(lambda settings: replace(settings, last_model=new))

        return self._keep("move", work)

    def remove_model(self, path: str) -> JobId:
        return self._keep("remove", lambda job, token: self._keeping.remove(job, path))

    def restore_model(self, key: str) -> JobId:
        return self._keep("restore", lambda job, token: self._keeping.restore(key))

    def empty_trash(self) -> JobId:
        return self._keep("empty-trash", lambda job, token: self._keeping.empty_trash(job))

    def _keep(self, name: str, change: Work) -> JobId:
        """A change of the library, after which, however it ended, it is listed."""

        def work(job: JobId, token: CancelToken) -> None:
            try:
                change(job, token)
            finally:
                self._list_models(job)

        return self._job(name, work)
