"""Data that ships with the program; found with `resources.path(...)`."""

from pathlib import Path


def path(*parts: str) -> Path:
    """The file of that name inside the resources folder, also in a frozen build."""
    return Path(__file__).parent.joinpath(*parts)
