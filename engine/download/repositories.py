"""Names of repositories: OWNER/NAME, and which quantisation of one is meant."""

from __future__ import annotations

import re
from pathlib import Path

from engine.download.endpoints import shown
from engine.download.names import name_problem
from engine.errors import UsageError

_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95}", re.ASCII)


def parse_reference(text: str) -> tuple[str, str]:
    """Splits `OWNER/NAME[:QUANT]`; the quantisation is "" where none is given.

    Raises: UsageError.
    """
    repository, _, quantization = text.strip().partition(":")
    bad_quantization = ":" in text and not quantization.strip()
    if not is_repository(repository) or bad_quantization:
        raise UsageError.of("reference_invalid", text=shown(text))
    return repository, quantization.strip()


def is_repository(text: str) -> bool:
    """Whether it is OWNER/NAME, in characters that every system takes for a folder."""
    return _REPOSITORY.fullmatch(text) is not None and name_problem(text) is None


def repository_folder(models: Path, repository: str) -> Path:
    """Where the files of a repository lie. Raises: UsageError for a name that is no repository."""
    owner, _, name = parse_reference(repository)[0].partition("/")
    return models / owner / name
