"""Searching the hub: repositories with GGUF files, as plain checked values."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from engine.download.endpoints import checked_endpoint, environment_token, shown
from engine.download.hub import asked, library
from engine.download.names import is_weights, name_problem, quantization_of
from engine.download.repositories import is_repository
from engine.errors import DownloadError

MOST_FOUND = 30
_LONGEST_WORDS = 200
_MOST_FILES = 2000
_LARGEST_COUNT = 1 << 50
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A repository as a search shows it; 0 and "" where the hub does not tell."""

    repository: str
    downloads: int  # of the last month
    gated: bool
    architecture: str
    parameters: int
    context_length: int  # tokens
    quantizations: tuple[str, ...]  # of its files


def search_models(endpoint: str, words: str) -> tuple[FoundModel, ...]:
    """What the hub (or a mirror) has of GGUF models for those words, most downloaded first.

    What makes no sense in an answer is left out. Raises: HubUnreachable, DownloadError.
    """
    endpoint = checked_endpoint(endpoint)
    api = library()
    try:
        with asked(endpoint):
            answers = api.HfApi(endpoint=endpoint).list_models(
                search=words[:_LONGEST_WORDS],
                filter="gguf",
                sort="downloads",
                limit=MOST_FOUND,
                expand=["downloads", "gated", "gguf", "siblings"],
                token=environment_token(endpoint) or False,
            )
            found = [_parsed(info) for info in itertools.islice(answers, MOST_FOUND)]
    except (api.errors.RepositoryNotFoundError, api.errors.HFValidationError) as error:
        raise DownloadError.of("hub_nonsense", endpoint=shown(endpoint)) from error
    return tuple(model for model in found if model is not None)


def _parsed(info: Any) -> FoundModel | None:
    repository = info.id
    if not isinstance(repository, str) or not is_repository(repository):
        return None
    facts = info.gguf if isinstance(info.gguf, dict) else {}
    architecture = facts.get("architecture")
    if not isinstance(architecture, str) or not architecture.isprintable():
        architecture = ""
    return FoundModel(
        repository,
        _count(info.downloads),
        bool(info.gated),
        architecture[:_LONGEST_NAME],
        _count(facts.get("total")),
        _count(facts.get("context_length")),
        _quantizations(info.siblings),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and type(value) is int and 0 <= value <= _LARGEST_COUNT else 0


def _quantizations(siblings: Any) -> tuple[str, ...]:
    names = [
        file.rfilename
        for file in itertools.islice(siblings or (), _MOST_FILES)
        if isinstance(file.rfilename, str)
    ]
    weights = (name for name in names if name_problem(name) is None and is_weights(name))
    return tuple(sorted({found for name in weights if (found := quantization_of(name))}))
