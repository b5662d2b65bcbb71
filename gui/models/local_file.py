"""A model file that a person points at."""

from __future__ import annotations

import os
from pathlib import Path

from engine.catalog.model import InstalledModel


def model_of_file(path: str) -> InstalledModel:
    """Only what the file system tells; the desk reads the header when it loads the file.

    A file that cannot be read is no error here: loading it says what is wrong, in words.
    """
    try:
        size = Path(path).stat().st_size
    except OSError:
        size = 0
    absolute = os.path.abspath(path)  # noqa: PTH100  not resolved: a link keeps its name
    return InstalledModel(absolute, Path(path).stem, "", size, "local")
