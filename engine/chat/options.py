"""What a person sets for one conversation: words that go before it, and how answers are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Final

MOST_SYSTEM: Final = 100_000  # characters

# The least and largest value of each number; what lies outside is never kept.
LIMITS: Final = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "top_k": (0, 1000),
    "repeat_penalty": (0.5, 2.0),
    "seed": (0, 2**31 - 1),
    "max_tokens": (1, 1_000_000),
}
_WHOLE: Final = ("top_k", "seed", "max_tokens")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """None leaves a value to the model, or to the program's defaults."""

    system: str = ""
    temperature: float | None = None
    top_p: float | None = None
    min_p: float | None = None
    top_k: int | None = None
    repeat_penalty: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    thinking: bool | None = None  # of models that can do with and without

    def chosen(self) -> dict[str, float | int]:
        """The numbers that a person set, by name."""
        named = ((name, getattr(self, name)) for name in LIMITS)
        return {name: value for name, value in named if value is not None}


NOTHING_SET: Final = ChatOptions()


def with_number(options: ChatOptions, name: str, value: float | None) -> ChatOptions:
    """Raises: ValueError, for a number outside of its limits; KeyError, for a name that is none."""
    low, high = LIMITS[name]
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} lies between {low} and {high}")
    kept = value if value is None or name not in _WHOLE else round(value)
    changed: dict[str, Any] = {name: kept}
    return replace(options, **changed)


def options_to_dict(options: ChatOptions) -> dict[str, Any]:
    """Only what was set, so that what is kept stays short."""
    return {
        entry.name: value
        for entry in fields(ChatOptions)
        if (value := getattr(options, entry.name)) != getattr(NOTHING_SET, entry.name)
    }


def options_from_dict(stored: Any) -> ChatOptions:
    """What cannot be read falls back to the default; never raises."""
    if not isinstance(stored, dict):
        return NOTHING_SET
    system, thinking = stored.get("system"), stored.get("thinking")
    options = ChatOptions(
        system=system[:MOST_SYSTEM] if isinstance(system, str) else "",
        thinking=thinking if isinstance(thinking, bool) else None,
    )
    for name in LIMITS:
        value = stored.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                options = with_number(options, name, value)
            except (ValueError, OverflowError):
                continue  # of another version, or tampered with: the default is as good as any
    return options
