"""From a reference like OWNER/NAME:Q4_K_M to a plan: which files, how large, with which checksums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.download.endpoints import checked_endpoint, environment_token, shown
from engine.download.hub import ListedFile, Listing, list_files
from engine.download.mirror_choice import is_folder
from engine.download.mirrors import address_in, listing_of, side_by_side
from engine.download.names import colliding_names, is_weights, name_problem, quantization_of, shard_of
from engine.download.projectors import projector_for
from engine.download.repositories import repository_folder
from engine.download.values import DownloadPlan, RemoteFile
from engine.errors import DownloadError, HubUnreachable, UsageError

_PREFERRED = "Q4_K_M"
_MOST_CHOICES_SHOWN = 40
_PATIENCE_SECONDS = 30.0


def plan_download(
    endpoint: str,
    repository: str,
    quantization: str,
    folder: Path,
    hub_token: str | None = None,
    mirrors: Sequence[str] = (),
) -> DownloadPlan:
    """Asks the hub once and pins what a transfer will fetch; where the hub cannot be reached, the first
    of the mirrors that answers, whose checksums then count (the plan's `endpoint` says so).

    `folder` is the models folder; the plan's own folder is `folder/OWNER/NAME`. Without a
    `hub_token` the one in HF_TOKEN is used, for the hub itself only.

    Raises: UsageError, HubUnreachable, DownloadError; each with the choices or the remedy.
    """
    endpoint = checked_endpoint(endpoint)
    destination = repository_folder(folder, repository)
    token = hub_token or environment_token(endpoint)
    vouching, listing = endpoint, None
    try:
        listing = list_files(endpoint, repository, token)
    except HubUnreachable:
        vouching, listing = _mirrored(mirrors, repository)
        if listing is None:
            raise
    if listing.gated and token is None:
        raise DownloadError.of("repository_gated", repository=repository)
    label, chosen = _choose(repository, listing.files, quantization)
    files = (*_checked(repository, chosen), *_projector(chosen[0], listing.files))
    if vouching != endpoint:
        files = tuple(
            replace(file, elsewhere=(address_in(vouching, repository, listing.commit, file.path),))
            for file in files
        )
        vouching = checked_endpoint(vouching.removeprefix("modelscope+"))
    return DownloadPlan(vouching, repository, listing.commit, label, files, str(destination))


def _mirrored(mirrors: Sequence[str], repository: str) -> tuple[str, Listing | None]:
    """The first of the mirrors that lists a repository, and what it lists."""
    asked = [mirror for mirror in mirrors if not is_folder(mirror)]
    answers = side_by_side([partial(listing_of, mirror, repository) for mirror in asked], _PATIENCE_SECONDS)
    for mirror, answer in zip(asked, answers, strict=True):
        if answer is not None:
            return mirror, answer
    return "", None


def _choose(
    repository: str, files: tuple[ListedFile, ...], wanted: str
) -> tuple[str, tuple[ListedFile, ...]]:
    """The one set of files that is wanted, with the name of its quantisation."""
    sets = _sets(files)
    if not sets:
        raise DownloadError.of("no_gguf", repository=repository)
    found = _matching(sets, wanted)
    if not found and not wanted:
        found = [next(iter(sets))] if len(sets) == 1 else _matching(sets, _PREFERRED)
    if not found:
        code = "quantization_not_there" if wanted else "quantization_open"
        raise UsageError.of(code, repository=repository, wanted=shown(wanted), choices=_choices(sets))
    if len(found) > 1:
        choices = ", ".join(sorted(shown(sets[stem][0].path) for stem in found)[:_MOST_CHOICES_SHOWN])
        raise UsageError.of("quantization_ambiguous", repository=repository, choices=choices)
    chosen = sets[found[0]]
    return quantization_of(chosen[0].path), tuple(sorted(chosen, key=lambda file: shard_of(file.path).number))


def _sets(files: tuple[ListedFile, ...]) -> dict[str, list[ListedFile]]:
    """Files that belong together, by their path without shard numbers."""
    sets: dict[str, list[ListedFile]] = defaultdict(list)
    for file in files:
        if is_weights(file.path):
            shard = shard_of(file.path)
            sets[f"{shard.stem}/{shard.count}"].append(file)
    return sets


def _matching(sets: dict[str, list[ListedFile]], wanted: str) -> list[str]:
    """Keys of the sets of a quantisation; the path of a file, or its name, is understood too."""
    folded = wanted.casefold()
    named = [
        key
        for key, files in sets.items()
        for file in files
        if folded and folded in (file.path.casefold(), file.path.casefold().rpartition("/")[2])
    ]
    by_quantization = [
        key for key, files in sets.items() if folded and quantization_of(files[0].path).casefold() == folded
    ]
    return named[:1] or by_quantization


def _choices(sets: dict[str, list[ListedFile]]) -> str:
    names = {quantization_of(files[0].path) or shown(files[0].path) for files in sets.values()}
    return ", ".join(sorted(names)[:_MOST_CHOICES_SHOWN])


def _checked(repository: str, files: tuple[ListedFile, ...]) -> tuple[RemoteFile, ...]:
    for file in files:
        problem = name_problem(file.path)
        if problem:
            raise DownloadError.of("file_name_refused", name=shown(file.path), reason=problem)
    collision = colliding_names(file.path for file in files)
    if collision:
        raise DownloadError.of("file_names_collide", first=collision[0], second=collision[1])
    numbers = [shard_of(file.path).number for file in files]
    if numbers != list(range(1, shard_of(files[0].path).count + 1)):
        raise DownloadError.of("shards_missing_on_hub", repository=repository, name=files[0].path)
    return tuple(_complete(file) for file in files)


def _complete(file: ListedFile) -> RemoteFile:
    if file.sha256 is None or file.size_bytes is None:
        raise DownloadError.of("checksum_missing", name=file.path)
    return RemoteFile(file.path, file.size_bytes, file.sha256)


def _projector(weights: ListedFile, listed: tuple[ListedFile, ...]) -> tuple[RemoteFile, ...]:
    """What a model sees with, where the repository has it. One without a checksum, or with a name that must
    not be written here, is left out: the model reads text without it."""
    chosen = projector_for(weights.path, (file.path for file in listed))
    found = next((file for file in listed if file.path == chosen), None)
    if found is None or name_problem(found.path) or colliding_names((weights.path, found.path)):
        return ()
    if found.sha256 is None or found.size_bytes is None:
        return ()
    return (_complete(found),)
