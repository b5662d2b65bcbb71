"""A file of ours that holds one JSON object: read with suspicion, replaced whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.messages import Sentence, sentence
from engine.whole_file import replace_file


def read_object(path: Path, damaged: str) -> tuple[dict[str, Any], Sentence | None]:
    """What is in it; nothing where there is no such file. One that cannot be read is put aside, which the
    sentence `damaged` says (of `path`, `reason` and `aside`)."""
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError, RecursionError) as error:
        return {}, _put_aside(path, str(error), damaged)
    if not isinstance(stored, dict):
        return {}, _put_aside(path, "not a JSON object", damaged)
    return stored, None


def write_object(path: Path, body: dict[str, Any], errors: str = "strict") -> None:
    """Replaces the file atomically, other processes included. `errors`: what becomes of letters that UTF-8
    has not, as `open` takes it. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        content = json.dumps(body, indent=2, ensure_ascii=False).encode("utf-8", errors)
    except UnicodeEncodeError:  # names of files may hold bytes that are no text: escaped they come back
        content = json.dumps(body, indent=2).encode("ascii")
    replace_file(path, content)


def _put_aside(path: Path, reason: str, damaged: str) -> Sentence:
    aside = path.with_suffix(".damaged")
    try:
        path.replace(aside)
    except OSError as error:
        reason = f"{reason}; {error}"
    return sentence(damaged, path=str(path), reason=reason, aside=str(aside))
