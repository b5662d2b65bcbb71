"""Which llama.cpp computes here, told without loading it."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from pathlib import Path

log = logging.getLogger(__name__)


def engine_build() -> str:
    """The same as long as its libraries are; "" where they cannot be found."""
    found = importlib.util.find_spec("llama_cpp")  # which does not import it
    if found is None or found.origin is None:
        return ""
    package = Path(found.origin).parent
    digest = hashlib.sha256()
    try:
        libraries = sorted(path for path in (package / "lib").iterdir() if path.is_file())
        for library in libraries:
            digest.update(f"{library.name} {library.stat().st_size}\n".encode())
        digest.update((package / "__init__.py").read_bytes())  # its version
    except OSError as error:
        log.warning("the engine's libraries cannot be looked at: %s", error)
        return ""
    return digest.hexdigest()[:16]
