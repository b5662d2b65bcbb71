"""File names as a hub gives them: hostile until checked, then read for quantisation and shards.

A name is accepted only if it means the same harmless thing on Linux, macOS and Windows,
so that a models folder can be moved between machines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

_LONGEST_COMPONENT_BYTES = 200  # leaves room for ".part.journal" below the usual 255
_LONGEST_PATH_BYTES = 600
_FORBIDDEN_CHARACTERS = frozenset('<>:"|?*\\')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"]
)

_SHARD = re.compile(r"^(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})$", re.DOTALL)
_QUANTIZATION = re.compile(
    r"(?<![a-z0-9])"
    r"((?:UD-)?(?:I?Q[1-9](?:_[A-Z0-9]{1,3}){1,4}|TQ[12]_0|(?:MXFP|NVFP)4(?:_MOE)?|BF16|FP?16|FP?32))"
    r"(?![a-z0-9_])",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Shard:
    """Where a file stands in its set; a file that is no shard is number 1 of 1."""

    stem: str  # path without shard numbers and without ".gguf"
    number: int
    count: int


def name_problem(path: str) -> str | None:
    """Why a relative path from a hub must not be written to disk, or None when it is harmless."""
    if not path or len(path.encode("utf-8", "surrogatepass")) > _LONGEST_PATH_BYTES:
        return "it is empty or too long"
    for component in path.split("/"):
        problem = _component_problem(component)
        if problem:
            return problem
    return None


def _component_problem(component: str) -> str | None:
    if component in ("", ".", ".."):
        return "it leaves its folder"
    if any(unicodedata.category(character).startswith("C") for character in component):
        return "it has invisible or control characters"
    if any(character in _FORBIDDEN_CHARACTERS for character in component):
        return "it has characters that Windows forbids"
    if component[0] in " ." or component[-1] in " .":
        return "it begins or ends with a dot or a space"
    if component.split(".")[0].rstrip().casefold() in _RESERVED:
        return "Windows keeps that name for a device"
    if len(component.encode("utf-8")) > _LONGEST_COMPONENT_BYTES:
        return "it is too long"
    return None


def colliding_names(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two paths that are one file where letter case or Unicode form does not count, or None."""
    seen: dict[str, str] = {}
    for path in paths:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
        if folded in seen:
            return seen[folded], path
        seen[folded] = path
    return None


def is_weights(path: str) -> bool:
    """Whether a path is a GGUF file of weights: no vision projector, no importance matrix."""
    name = PurePosixPath(path).name.lower()
    return name.endswith(".gguf") and "mmproj" not in name and not name.startswith("imatrix")


def shard_of(path: str) -> Shard:
    """Reads `NAME-00001-of-00009.gguf`; anything else is a whole file."""
    stem = path[: -len(".gguf")] if path.lower().endswith(".gguf") else path
    match = _SHARD.match(stem)
    if match is None or not 1 <= int(match["number"]) <= int(match["count"]):
        return Shard(stem, 1, 1)
    return Shard(match["stem"], int(match["number"]), int(match["count"]))


def quantization_of(path: str) -> str:
    """The quantisation in upper case ("Q4_K_M", "UD-IQ1_S"), "" where the name has none.

    The file's own name counts before the folder it lies in.
    """
    for part in reversed(PurePosixPath(shard_of(path).stem).parts):
        found = _QUANTIZATION.findall(part)
        if found:
            return str(found[-1]).upper()
    return ""


def model_name_of(path: str) -> str:
    """A name for people: the file's name without shard numbers, quantisation and ending."""
    name = PurePosixPath(shard_of(path).stem).name
    quantization = quantization_of(name)
    if quantization:
        at = name.upper().rfind(quantization)
        name = name[:at].rstrip("-._ ") or name
    return name


def printable(text: str) -> str:
    """A name from outside, without what would steer a terminal or hide in a line."""
    return "".join("?" if unicodedata.category(mark).startswith("C") else mark for mark in text)[:200]
