"""Data that ships with the program; found with `resources.path(...)`."""

from pathlib import Path


def path(*parts: str) -> Path:
    """The file of that name inside the resources folder, also in a frozen build."""
    return Path(__file__).parent.joinpath(*parts)


def address(folder: str) -> str:
    """Where that is published, by its `address.txt`; "" where there is no such place yet."""
    lines = path(folder, "address.txt").read_text("utf-8").splitlines()
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
