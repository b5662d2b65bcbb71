"""Numbers as people type them."""

from __future__ import annotations

import re

_BETWEEN_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def typed_number(text: str) -> float:
    """ "5,000" is five thousand. Raises: ValueError, for what is no number."""
    return float(_BETWEEN_THOUSANDS.sub("", text))
