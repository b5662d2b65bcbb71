"""A download plan as JSON, so that the queue needs no hub to go on. Read as hostile."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.download.endpoints import checked_endpoint
from engine.download.names import colliding_names, name_problem
from engine.download.repositories import is_repository
from engine.download.values import DownloadPlan, Place, RemoteFile, Way
from engine.errors import DownloadError

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_FILE_BYTES = 1 << 44  # as in hub.py
_MOST_FILES = 10_000
_LONGEST_TEXT = 1000
_LONGEST_URL = 8192  # signed ones are long
_MOST_PLACES = 20


def plan_to_json(plan: DownloadPlan) -> dict[str, Any]:
    return asdict(plan)


def plan_from_json(stored: object) -> DownloadPlan | None:
    """The plan, or None for anything that the program would not have written."""
    if not isinstance(stored, dict):
        return None
    texts = [stored.get(key) for key in ("endpoint", "repository", "commit", "quantization", "folder")]
    listed = stored.get("files")
    if not all(isinstance(text, str) and len(text) <= _LONGEST_URL for text in texts):
        return None
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_FILES:
        return None
    files = tuple(file for entry in listed if (file := _file(entry)) is not None)
    if len(files) != len(listed) or colliding_names(file.path for file in files):
        return None
    plan = DownloadPlan(
        stored["endpoint"],
        stored["repository"],
        stored["commit"],
        stored["quantization"],
        files,
        stored["folder"],
    )
    return plan if _is_sound(plan) else None


def _is_sound(plan: DownloadPlan) -> bool:
    if not all(file.sha256 for file in plan.files) and not plan.at_address:
        return False
    if plan.at_address:
        return _is_sound_address(plan)
    if plan.commit:
        try:
            if checked_endpoint(plan.endpoint) != plan.endpoint or not _COMMIT.fullmatch(plan.commit):
                return False
        except DownloadError:
            return False
    elif not all(file.elsewhere for file in plan.files):
        return False
    folder = Path(plan.folder)
    owner_and_name = tuple(plan.repository.split("/"))
    return (
        is_repository(plan.repository)
        and "\0" not in plan.folder
        and folder.is_absolute()
        and folder.parts[-2:] == owner_and_name
    )


def _is_sound_address(plan: DownloadPlan) -> bool:
    try:
        checked_endpoint(plan.endpoint)
        checked_endpoint(plan.repository)
    except DownloadError:
        return False
    folder = Path(plan.folder)
    own = folder.is_absolute() and "\0" not in plan.folder
    return (
        own
        and not plan.commit
        and folder.parent.name.startswith("@")
        and all(f.elsewhere for f in plan.files)
    )


def _file(stored: object) -> RemoteFile | None:
    if not isinstance(stored, dict):
        return None
    path, size, sha256 = stored.get("path"), stored.get("size_bytes"), stored.get("sha256")
    if not isinstance(path, str) or name_problem(path) or type(size) is not int:
        return None
    if not isinstance(sha256, str) or not (sha256 == "" or _SHA256.fullmatch(sha256)):
        return None
    validator = stored.get("validator", "")
    if not isinstance(validator, str) or len(validator) > _LONGEST_TEXT:
        return None
    if not 0 < size <= _LARGEST_FILE_BYTES:
        return None
    listed = stored.get("elsewhere", [])
    places = [_place(entry) for entry in listed[:_MOST_PLACES]] if isinstance(listed, list) else []
    return RemoteFile(path, size, sha256, tuple(place for place in places if place is not None), validator)


def _place(stored: object) -> Place | None:
    """Another source of a file; one that may not be asked is left out."""
    if not isinstance(stored, dict) or not isinstance(stored.get("url"), str):
        return None
    url = stored["url"]
    try:
        way = Way(str(stored.get("way")))
        if way is not Way.FOLDER:
            checked_endpoint(url)
        elif "\0" in url or not Path(url).is_absolute():
            return None
    except (ValueError, DownloadError):
        return None
    return Place(way, url) if len(url) <= _LONGEST_URL else None
