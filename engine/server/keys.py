"""The API key: given, or made once and kept where only its owner can read it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import UsageError
from engine.whole_file import replace_file

OWN_KEY: Final = "api_key"  # its file, in the settings folder
VARIABLE: Final = "DESKSIDE_API_KEY"
_SHORTEST: Final = 12  # characters
_LARGEST_FILE: Final = 4096  # bytes


@dataclass(frozen=True, slots=True)
class ApiKey:
    text: str
    path: Path | None  # where it is kept; None when it came from the environment
    made: bool = False  # just now


def given_key(file: Path | None, environment: Mapping[str, str]) -> ApiKey | None:
    """From the file that was named, else from the environment. Raises: UsageError."""
    if file is not None:
        return ApiKey(_checked(_read(file), str(file)), file)
    text = environment.get(VARIABLE, "")
    return ApiKey(_checked(text, VARIABLE), None) if text else None


def own_key(path: Path) -> ApiKey:
    """The key of this installation; made at the first call. Raises: UsageError."""
    if path.exists():
        return ApiKey(_checked(_read(path), str(path)), path)
    text = secrets.token_urlsafe(32)
    try:
        _write(path, text)
    except OSError as error:
        raise _unusable(path, error) from error
    return ApiKey(text, path, made=True)


def renew_key(path: Path) -> ApiKey:
    """Another key in its place; servers that run go on with the old one. Raises: UsageError."""
    text = secrets.token_urlsafe(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, f"{text}\n".encode("ascii"), private=True)
    except OSError as error:
        raise _unusable(path, error) from error
    return ApiKey(text, path, made=True)


def _write(path: Path, text: str) -> None:
    """Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Never readable by others, not even for a moment; and never through somebody's link.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")


def _unusable(path: Path, error: OSError) -> UsageError:
    return UsageError.of("serve_key_file", path=str(path), reason=error.strerror or str(error))


def _read(path: Path) -> str:
    """The first line."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise _unusable(path, error) from error
    return content.decode("utf-8", "replace").partition("\n")[0].strip()


def _checked(text: str, where: str) -> str:
    text = text.strip()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UsageError.of(
            "serve_key_unusable", where=where, reason="it has characters that a header cannot carry"
        )
    if len(text) < _SHORTEST:
        raise UsageError.of(
            "serve_key_unusable", where=where, reason=f"it is shorter than {_SHORTEST} characters"
        )
    return text
