"""Models that other programs or a person keep: found by looking, used where they lie, never touched.

Everything found is hostile: links that lead out of the folder that is looked through are not
followed, nor links to folders at all, so that loops cannot be; pipes and devices are never opened.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.download.library import check_gguf, known_file
from engine.download.library_values import HF_CACHE, LM_STUDIO, LOCAL, OLLAMA, KnownModel, Look
from engine.download.names import is_weights, model_name_of, printable, quantization_of, shard_of
from engine.download.ollama import ollama_models
from engine.download.repositories import is_repository
from engine.download.stores import Store, known_stores
from engine.errors import DesksideError, ModelFileError
from engine.messages import Sentence, sentence

_DEEPEST = 12
_MOST_LOOKED_AT = 200_000
_MOST_FOUND = 2_000
_MOST_REFUSED = 20
_SHA256_DIGITS = 64


def look_for_models(token: CancelToken, folder: Path | None = None) -> Look:
    """What LM Studio, Ollama and the Hugging Face cache hold; or what is in `folder`, of whatever kind.

    Raises: Cancelled; ModelFileError, where `folder` is no folder that can be read.
    """
    stores = known_stores() if folder is None else (_store_of(folder),)
    found: dict[str, KnownModel] = {}
    refused: list[Sentence] = []
    for store in stores:
        models = ollama_models(store.folder) if store.source == OLLAMA else _in_folder(store, token)
        for each in models:
            token.raise_if_cancelled()
            if isinstance(each, Sentence):
                refused.append(each)
            elif len(found) < _MOST_FOUND:
                found.setdefault(os.path.realpath(each.path), each)
    return Look(tuple(found.values()), tuple(refused[:_MOST_REFUSED]))


def check_found(model: KnownModel) -> KnownModel:
    """The same model as its files are now, to be noted. Raises: ModelFileError."""
    files = []
    for file in model.files:
        check_gguf(Path(file.path))
        files.append(known_file(Path(file.path), file.sha256))
    return replace(model, files=tuple(files))


def _store_of(folder: Path) -> Store:
    folder = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100  links keep their names
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
        os.listdir(folder)  # noqa: PTH208
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelFileError.of("import_no_folder", path=str(folder), reason=reason) from error
    if not is_folder:
        raise ModelFileError.of("import_no_folder", path=str(folder), reason="it is a file")
    if (folder / "manifests").is_dir() and (folder / "blobs").is_dir():
        return Store(OLLAMA, folder)
    known = {store.folder: store for store in known_stores()}
    return known.get(folder, Store(LOCAL, folder))


def _in_folder(store: Store, token: CancelToken) -> Iterator[KnownModel | Sentence]:
    """Every model below a folder, and why others are left out."""
    root = os.path.realpath(store.folder)
    sets: dict[str, list[Path]] = defaultdict(list)
    for path in _files(store.folder, token):
        if isinstance(path, Sentence):
            yield path
        elif is_weights(path.name):
            if not Path(os.path.realpath(path)).is_relative_to(root):
                yield sentence("import_leads_out", path=str(path))
            else:
                shard = shard_of(path.name)
                sets[f"{path.with_name(shard.stem)}/{shard.count}"].append(path)
    for paths in sets.values():
        try:
            yield _model(store, sorted(paths))
        except DesksideError as error:
            yield error.message


def _files(top: Path, token: CancelToken) -> Iterator[Path | Sentence]:
    """All files below a folder; a sentence where that has no end."""
    looked_at = 0
    waiting = [(top, 0)]
    while waiting:
        folder, depth = waiting.pop()
        token.raise_if_cancelled()
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    looked_at += 1
                    if looked_at > _MOST_LOOKED_AT:
                        yield sentence("import_too_large", path=str(top), most=_MOST_LOOKED_AT)
                        return
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEEPEST and not entry.name.startswith("."):
                            waiting.append((Path(entry.path), depth + 1))
                    elif entry.name.lower().endswith(".gguf"):
                        yield Path(entry.path)
        except OSError as error:
            yield sentence("import_unreadable", path=str(folder), reason=error.strerror or str(error))


def _model(store: Store, paths: list[Path]) -> KnownModel:
    """Raises: ModelFileError, where a file is no GGUF or a shard is missing."""
    count = shard_of(paths[0].name).count
    if len(paths) != count:
        raise ModelFileError.of("import_shards_missing", path=str(paths[0]), there=len(paths), count=count)
    files = []
    for path in paths:
        check_gguf(path)
        files.append(known_file(path, _claimed_sha256(store, path)))
    relative = paths[0].relative_to(store.folder)
    return KnownModel(
        tuple(files),
        printable(model_name_of(paths[0].name)),
        quantization_of(relative.as_posix()),
        store.source,
        _repository(store, relative),
    )


def _claimed_sha256(store: Store, path: Path) -> str:
    """The Hugging Face cache names the bytes of large files after their checksum."""
    if store.source != HF_CACHE:
        return ""
    name = Path(os.path.realpath(path)).name
    is_sha256 = len(name) == _SHA256_DIGITS and all(digit in "0123456789abcdef" for digit in name)
    return name if is_sha256 else ""


def _repository(store: Store, relative: Path) -> str:
    """LM Studio keeps OWNER/NAME/FILE, the Hugging Face cache models--OWNER--NAME/snapshots/..."""
    text = ""
    if store.source == LM_STUDIO:
        text = "/".join(relative.parts[:2])
    elif store.source == HF_CACHE and relative.parts[0].startswith("models--"):
        text = "/".join(relative.parts[0].split("--")[1:3])
    return text if is_repository(text) else ""
