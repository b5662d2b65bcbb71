"""What the library holds. Values only; sizes in bytes, times in seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.catalog.model import InstalledModel
from engine.messages import Sentence

# Values of `InstalledModel.source` for files that another program keeps; "local" for any folder.
LM_STUDIO, OLLAMA, HF_CACHE, LOCAL = "lm_studio", "ollama", "hf_cache", "local"
ELSEWHERE = (LM_STUDIO, OLLAMA, HF_CACHE, LOCAL)


class Standing(StrEnum):
    READY = "ready"
    CHANGED = "changed"  # a file is not the one any more that was verified or added
    MISSING = "missing"  # a file is gone, or its disk is not there


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that is used where it lies."""

    path: str
    size_bytes: int
    mtime_ns: int  # with the size tells whether it is still the same
    sha256: str = ""  # as its keeper names it, or as it was read the first time; "" while unknown


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that is used where another program or a person keeps it."""

    files: tuple[KnownFile, ...]  # in the order of the shards
    name: str
    quantization: str
    source: str  # one of ELSEWHERE
    repository: str = ""
    verified_at: float = 0.0  # when its checksum was last compared or first read

    @property
    def path(self) -> str:
        return self.files[0].path

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A model of the library, whether or not it can be used now."""

    model: InstalledModel
    files: tuple[str, ...]
    standing: Standing
    verified_at: float  # 0: never
    folder: str  # models folder of a download, "" for what others keep: only downloads are moved and deleted

    @property
    def is_ours(self) -> bool:
        return bool(self.folder)


@dataclass(frozen=True, slots=True)
class Look:
    """What a search for models of other programs brought."""

    found: tuple[KnownModel, ...]
    refused: tuple[Sentence, ...]  # why something was left out; the first few


@dataclass(frozen=True, slots=True)
class TrashedModel:
    """A deleted model that can still be had back."""

    key: str  # path of its place in the trash
    name: str
    quantization: str
    size_bytes: int
    removed_at: float
