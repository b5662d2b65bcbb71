"""Other places that hold what the hub holds: mirrors of it, ModelScope, folders.

A place counts for a file only where it lists the size and SHA-256 that are wanted (a folder: the size
and the name); what comes from it is verified like anything else. Places that do not answer are left out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

from engine.download.endpoints import checked_endpoint, origin_of
from engine.download.hub import ListedFile, Listing, list_files
from engine.download.mirror_choice import is_folder
from engine.download.modelscope import modelscope_address, modelscope_files
from engine.download.origin import hub_address
from engine.download.values import DownloadPlan, Place, RemoteFile, Way
from engine.errors import DownloadError

T = TypeVar("T")
_MODELSCOPE: Final = "modelscope+"  # before an address of that protocol elsewhere
_MODELSCOPE_HOSTS: Final = ("modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai")
_PATIENCE_SECONDS: Final = 8.0


def listing_of(mirror: str, repository: str) -> Listing:
    """What a mirror lists; its `commit` is "" where it has none. Raises: DownloadError."""
    base = modelscope_base(mirror)
    if base:
        return Listing("", False, modelscope_files(base, repository))
    return list_files(mirror, repository, None)


def address_in(mirror: str, repository: str, commit: str, path: str) -> Place:
    """Where a mirror has a file of a listing of it."""
    base = modelscope_base(mirror)
    if base:
        return Place(Way.PLAIN, modelscope_address(base, repository, path))
    return Place(Way.HUB, hub_address(checked_endpoint(mirror), repository, commit, path))


def with_mirrors(plan: DownloadPlan, mirrors: Sequence[str]) -> DownloadPlan:
    """The plan with all places that list its files; asks for some seconds at most."""
    mirrors = [mirror for mirror in mirrors if is_folder(mirror) or not _is_same(mirror, plan.endpoint)]
    if not mirrors:
        return plan
    answers = side_by_side([partial(_places, plan, mirror) for mirror in mirrors], _PATIENCE_SECONDS)
    files = []
    for number, file in enumerate(plan.files):
        places = [answer[number] for answer in answers if answer is not None]
        more = [place for place in places if place is not None and place not in file.elsewhere]
        files.append(replace(file, elsewhere=(*file.elsewhere, *more)))
    return replace(plan, files=tuple(files))


def side_by_side(questions: Sequence[Callable[[], T]], most_seconds: float) -> list[T | None]:
    """Answers in the order of the questions; None where there was none in time."""
    answers: list[T | None] = [None] * len(questions)

    def ask(number: int) -> None:
        try:
            answers[number] = questions[number]()
        except (DownloadError, OSError):
            return  # a place that does not answer is none; the hub says what is wrong

    threads = [threading.Thread(target=ask, args=(each,), daemon=True) for each in range(len(questions))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + most_seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(answers)


def _places(plan: DownloadPlan, mirror: str) -> list[Place | None]:
    if is_folder(mirror):
        return [_in_folder(Path(mirror), file) for file in plan.files]
    listing = listing_of(mirror, plan.repository)
    known = {file.path: file for file in listing.files}
    return [
        address_in(mirror, plan.repository, listing.commit, file.path)
        if _is_listed(file, known.get(file.path))
        else None
        for file in plan.files
    ]


def _is_listed(file: RemoteFile, listed: ListedFile | None) -> bool:
    return listed is not None and (listed.size_bytes, listed.sha256) == (file.size_bytes, file.sha256)


def _in_folder(folder: Path, file: RemoteFile) -> Place | None:
    """By its path or by its name alone. Raises: OSError."""
    for path in (folder / file.path, folder / PurePosixPath(file.path).name):
        if path.is_file() and path.stat().st_size == file.size_bytes:
            return Place(Way.FOLDER, str(path))
    return None


def modelscope_base(mirror: str) -> str:
    """The address of a place that speaks ModelScope's protocol, "" for any other."""
    if mirror.startswith(_MODELSCOPE):
        return checked_endpoint(mirror.removeprefix(_MODELSCOPE))
    return checked_endpoint(mirror) if origin_of(mirror)[1] in _MODELSCOPE_HOSTS else ""


def _is_same(mirror: str, endpoint: str) -> bool:
    try:
        return origin_of(mirror.removeprefix(_MODELSCOPE)) == origin_of(endpoint)
    except ValueError:
        return True  # no address at all
