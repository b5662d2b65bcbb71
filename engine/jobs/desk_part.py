"""What the parts of a desk share: how jobs start, where events go, and what is set."""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Event, JobId
from engine.jobs.threads import JobThreads, Work
from engine.paths import Paths
from engine.settings import Settings


class DeskPart:
    """Commands about one thing, for a desk to inherit, which makes what is declared here and in each part."""

    settings: Settings
    _paths: Paths
    _command: tuple[str, ...]  # starts this program; a child adds its own words
    _threads: JobThreads

    def _job(self, name: str, work: Work) -> JobId:
        return self._threads.start(name, work)

    def _emit(self, event: Event) -> None:
        """Any thread may."""
        raise NotImplementedError

    def _change(self, change: Callable[[Settings], Settings]) -> None:
        """Of what is set, by a job."""
        raise NotImplementedError

    def _list_models(self, job: JobId) -> None:
        """Tells what there is now, of the library and elsewhere."""
        raise NotImplementedError
