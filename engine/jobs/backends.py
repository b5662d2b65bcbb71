"""Who answers: the engine on this machine, or an endpoint elsewhere; and which model is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.runtime.backend import Backend
from engine.runtime.values import LoadWish
from engine.settings import Remote, Settings

REMOTE_SOURCE: Final = "remote"


class Backends:
    """One face for both. Thread-safe."""

    def __init__(self, local: Backend, library: Library) -> None:
        self.local = local
        self._library = library

    def of(self, model: InstalledModel) -> Backend:
        return self.local

    def models(self, settings: Settings) -> tuple[InstalledModel, ...]:
        """Everything that can answer: what is on this machine, then what endpoints offer."""
        return (*self._library.installed(), *remote_models(settings))

    def wanted(self, settings: Settings) -> InstalledModel:
        """The model that answers next: the one used last, else the starter.

        Raises: DesksideError, when there is none.
        """
        last = settings.last_model
        for model in remote_models(settings):
            if model.path == last:
                return model
        if last and Path(last).exists():
            return self._library.local(Path(last))
        return self._library.starter()

    def close(self, timeout_s: float) -> None:
        self.local.close(timeout_s)


def wish_for(model: InstalledModel, settings: Settings) -> LoadWish:
    return LoadWish(model, settings.context_length)


def remote_models(settings: Settings) -> tuple[InstalledModel, ...]:
    """What the endpoints of the settings offer, as models; `path` is "URL#MODEL"."""
    return tuple(_model(remote, name) for remote in settings.remotes for name in remote.models)


def _model(remote: Remote, name: str) -> InstalledModel:
    return InstalledModel(f"{remote.url}#{name}", name, "", 0, REMOTE_SOURCE, remote.name)
