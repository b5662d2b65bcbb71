"""Commands that are typed into the composer: "/temperature 0.3". Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from engine.chat.options import LIMITS

# name: whether it takes words behind it. What they do is said by the page.
OWN: Final = {
    "new": False,
    "system": True,
    "preset": True,
    **dict.fromkeys(LIMITS, True),
    "model": True,
    "attach": False,
    "find": False,
    "regenerate": False,
    "continue": False,
    "prompts": False,
    "options": False,
    "history": False,
    "shortcuts": False,
}


@dataclass(frozen=True, slots=True)
class Slash:
    """An entry of the list. `prompt` is the text of a person's own prompt; "" for a command."""

    name: str
    takes_words: bool = False
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    name: str
    words: str
    complete: bool  # a blank follows the name


def typed(text: str) -> Typed | None:
    """What is being typed; None where it is no command: those begin a text, and are one line."""
    if not text.startswith("/") or "\n" in text or text.startswith("//"):
        return None
    name, blank, words = text[1:].partition(" ")
    return Typed(name.casefold(), words.strip(), bool(blank))


def entries(prompts: Iterable[tuple[str, str]]) -> tuple[Slash, ...]:
    """Our commands, then a person's prompts: (name, text). Names there have their blanks replaced."""
    own = tuple(Slash(name, takes) for name, takes in OWN.items())
    return (*own, *(Slash(slash_name(name), prompt=text) for name, text in prompts))


def slash_name(name: str) -> str:
    return "-".join(name.casefold().split())


def fitting(all_entries: Iterable[Slash], now: Typed) -> tuple[Slash, ...]:
    """What can still be meant: by the beginning of its name, then by a part of it."""
    every = tuple(all_entries)
    if now.complete:
        return tuple(one for one in every if one.name == now.name)
    begins = [one for one in every if one.name.startswith(now.name)]
    within = [one for one in every if now.name in one.name and one not in begins]
    return (*begins, *within)
