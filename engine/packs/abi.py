"""Which build of llama.cpp is here, told without loading it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path


def engine_abi() -> str:
    """The version of the bindings, which pins llama.cpp's: "0.3.36"; "" where there are none."""
    found = importlib.util.find_spec("llama_cpp")  # which does not import it
    if found is None or found.origin is None:
        return ""
    try:
        # A frozen build has this one source beside its libraries (installer/deskside.spec).
        text = (Path(found.origin).parent / "__init__.py").read_text("utf-8")
    except OSError:
        return ""
    version = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    return version[1] if version else ""
