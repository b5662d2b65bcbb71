"""The models that clients can name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.catalog.gguf import ModelUse, read_file_header, use_of
from engine.catalog.model import InstalledModel
from engine.download.library import Library, is_called
from engine.errors import ModelFileError
from engine.runtime.values import EngineStatus, LoadWish, RuntimeState
from engine.server.refusals import RequestError
from engine.settings import Loading

DEFAULT: Final = "default"
_FRESH_S: Final = 2.0  # how long a look at the folders is good for
_MOST_CHOICES: Final = 20  # in a refusal
_WORKING: Final = (RuntimeState.READY, RuntimeState.GENERATING)


class ServedModels:
    """All of the library, by ids, and `default`: the one that was chosen at the start, else the
    loaded one, else the one used last, else the starter; for embeddings the first of these that was
    made for them, else any that is installed. Loop only; disks are read beside it."""

    def __init__(
        self,
        library: Library,
        last_used: Callable[[], str],
        chosen: InstalledModel | None = None,
        context_length: int = 0,
        draft: str = "",
        how: Callable[[], tuple[Loading, ...]] = tuple,
    ) -> None:
        """`last_used` gives the path of a model, or ""; it may read a file. `context_length` of every
        load, in tokens; 0 leaves it to the planner. `draft`: path of a model that writes ahead for the chosen
        one. `how` gives what a person chose for single models; it may read a file."""
        self._library = library
        self._last_used = last_used
        self._chosen = chosen
        self._context_length = context_length
        self._draft = draft
        self._how = how
        self._loading: tuple[Loading, ...] = ()
        self._known: dict[str, InstalledModel] = {}
        self._looked = -_FRESH_S
        self._uses: dict[str, tuple[float, ModelUse]] = {}  # by path, with the file's time

    def wish(self, model: InstalledModel, embedding: bool = False) -> LoadWish:
        ahead = self._chosen is not None and model.path == self._chosen.path
        if embedding:
            return LoadWish(model, self._context_length, embedding=True)
        kept = next((each for each in self._loading if each.path == model.path), Loading(model.path))
        draft = self._draft if ahead and self._draft else kept.draft
        return LoadWish(
            model,
            self._context_length,
            device_layers=kept.device_layers,
            draft=draft,
            experts_in_ram=kept.experts_in_ram,
        )

    async def listed(self) -> dict[str, InstalledModel]:
        """By id, the chosen model too, though it may lie outside of the library."""
        if time.monotonic() - self._looked >= _FRESH_S:
            self._known = named(await asyncio.to_thread(self._library.installed), self._chosen)
            self._loading = await asyncio.to_thread(self._how)
            self._looked = time.monotonic()
        return self._known

    def is_default(self, name: str) -> bool:
        return name.strip().lower() in ("", DEFAULT)

    async def find(self, name: str) -> tuple[str, InstalledModel]:
        """Its id and itself. Names as the command line takes them, but no paths of other files.

        Raises: RequestError (404).
        """
        known = await self.listed()
        model = known.get(name) or next((each for each in known.values() if is_called(each, name)), None)
        if model is None:
            why = await asyncio.to_thread(self._library.why_not, name)
            if why is not None:
                raise RequestError(why, 404)
            choices = ", ".join(
                [*list(known)[:_MOST_CHOICES], *(["..."] if len(known) > _MOST_CHOICES else [])]
            )
            raise RequestError.answered(404, "api_model_unknown", model=name[:200], choices=choices)
        return next(key for key, each in known.items() if each is model), model

    async def default(
        self, status: EngineStatus | None, embedding: bool = False
    ) -> tuple[str, InstalledModel]:
        """For answers, or for embeddings. Raises: RequestError (404), when there is no such model."""
        known = await self.listed()
        by_path = {model.path: (key, model) for key, model in known.items()}
        running = [] if status is None else [each for each in status.models if each.state in _WORKING]
        fitting = (each for each in running if each.request.embedding is embedding)
        loaded = [each.model.path for each in sorted(fitting, key=lambda each: each.idle_s)]
        paths = [*loaded, await asyncio.to_thread(self._last_used), *by_path]  # the starter comes first
        if self._chosen is not None:
            paths.insert(0, self._chosen.path)
        uses = await asyncio.to_thread(self._read_uses, tuple(by_path))
        wanted = ModelUse.EMBEDDINGS if embedding else ModelUse.ANSWERS
        for path in paths:
            # What was loaded for embeddings by its name makes them, whatever it was made for.
            if path in by_path and (uses[path] is wanted or (embedding and path in loaded)):
                return by_path[path]
        raise RequestError.answered(404, "api_no_embedder" if embedding else "starter_missing")

    def _read_uses(self, paths: tuple[str, ...]) -> dict[str, ModelUse]:
        """On a thread of its own, though not on two at once for long: each file is read once."""
        for path in paths:
            written = _written(path)
            if path not in self._uses or self._uses[path][0] != written:
                self._uses[path] = (written, _use(path))
        return {path: self._uses[path][1] for path in paths}


def _use(path: str) -> ModelUse:
    """A file that cannot be read counts as one that answers: loading it says what is wrong."""
    try:
        return use_of(read_file_header(Path(path)))
    except ModelFileError:
        return ModelUse.ANSWERS


def named(models: tuple[InstalledModel, ...], chosen: InstalledModel | None) -> dict[str, InstalledModel]:
    """NAME:QUANTIZATION; where two models share that, REPOSITORY:QUANTIZATION; else the path."""
    if chosen is not None and chosen.path not in {model.path for model in models}:
        models = (*models, chosen)
    ids: dict[str, InstalledModel] = {}
    for model in models:
        tail = f":{model.quantization}" if model.quantization else ""
        for key in (f"{model.name}{tail}", f"{model.repository}{tail}", model.path):
            if key not in ids and not key.startswith(":"):
                ids[key] = model
                break
    return ids


def created(model: InstalledModel) -> int:
    """When its file was written, in seconds since the epoch; 0 when it has gone since."""
    return int(_written(model.path))


def _written(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
