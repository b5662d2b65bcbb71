"""The engine of Deskside: pure Python, never imports Qt, usable from a script."""

from typing import Final

__version__: Final = "0.1.0"
