"""Who answers: the engine on this machine, or an endpoint elsewhere; and which model is wanted."""

from __future__ import annotations

import time
from pathlib import Path

from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.jobs.late import Late
from engine.remote.address import SOURCE
from engine.remote.offers import models_of
from engine.runtime.backend import Backend
from engine.runtime.values import LoadWish
from engine.settings import Settings, usable_loading


class Backends:
    """One face for both. Thread-safe."""

    def __init__(self, local: Backend, remote: Late[Backend], library: Library) -> None:
        self.local = local
        self._remote = remote
        self._library = library

    def of(self, model: InstalledModel) -> Backend:
        return self._remote() if model.source == SOURCE else self.local

    def holding(self, path: str) -> tuple[Backend, ...]:
        """Whoever may have that model loaded; "" for any model."""
        if not path:
            made = self._remote.made
            return (self.local,) if made is None else (made, self.local)
        return (self._remote(),) if path.startswith(("http://", "https://")) else (self.local,)

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
        deadline = time.monotonic() + timeout_s
        if self._remote.made is not None:
            self._remote.made.close(timeout_s / 2)
        self.local.close(max(0.1, deadline - time.monotonic()))


def wish_for(model: InstalledModel, settings: Settings) -> LoadWish:
    """With what its user chose for it."""
    chosen = usable_loading(settings, model.path)
    return LoadWish(
        model,
        settings.context_length,
        device_layers=chosen.device_layers,
        draft=chosen.draft,
        experts_in_ram=chosen.experts_in_ram,
    )


def remote_models(settings: Settings) -> tuple[InstalledModel, ...]:
    """What the endpoints of the settings offer, as models; `path` is "URL#MODEL"."""
    return tuple(model for remote in settings.remotes for model in models_of(remote))
