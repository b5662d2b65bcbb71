"""ModelScope's protocol: which files a repository has, and where they are. Its answers are hostile."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlencode

import httpx2

from engine.download.endpoints import shown
from engine.download.hub import ListedFile, asked, checked_file, web_client
from engine.download.names import name_problem
from engine.errors import DownloadError

_MOST_FOLDERS: Final = 100
_MOST_FILES: Final = 20_000
_REVISION: Final = "master"


def modelscope_address(base: str, repository: str, path: str) -> str:
    query = urlencode({"Revision": _REVISION, "FilePath": path})
    return f"{base}/api/v1/models/{repository}/repo?{query}"


def modelscope_files(base: str, repository: str) -> tuple[ListedFile, ...]:
    """All files, folder by folder: one answer for the whole is cut short without a word.

    Raises: DownloadError.
    """
    folders = [""]
    files: list[ListedFile] = []
    with asked(base), web_client() as client:
        for _ in range(_MOST_FOLDERS):
            if not folders or len(files) > _MOST_FILES:
                break
            for entry in _entries(client, base, repository, folders.pop()):
                path = str(entry["Path"])
                if entry.get("Type") != "tree":
                    files.append(checked_file(path, entry.get("Size"), entry.get("Sha256")))
                elif name_problem(path) is None:
                    folders.append(path)
    return tuple(files)


def _entries(client: httpx2.Client, base: str, repository: str, folder: str) -> list[dict[str, Any]]:
    """Raises: DownloadError; what `asked` turns into sentences."""
    query = urlencode({"Revision": _REVISION, "Root": folder, "Recursive": "False"})
    response = client.get(f"{base}/api/v1/models/{repository}/repo/files?{query}")
    if response.status_code == 404:
        raise DownloadError.of("repository_missing", repository=repository, endpoint=shown(base))
    if response.status_code != 200:
        raise DownloadError.of("hub_refused", endpoint=shown(base), status=response.status_code)
    entries = json.loads(response.content)["Data"]["Files"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("no list of files")
    return entries
