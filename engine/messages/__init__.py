"""The sentences people read, once: a code, an English template, and the values in it.

The engine makes `Sentence` values and never translates. The command line prints
`english(sentence)`; the window translates the template (context "messages") and fills
it in the same way. Every sentence about a failure says what, why and what to do.

The templates stand in a file per room. Byte sizes arrive as text ("4.6 GiB").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.messages import (
    chat,
    download,
    hardware,
    host,
    money,
    packs,
    planning,
    program,
    remote,
    runtime,
    server,
)

Value = str | int | float

TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        **program.SENTENCES,
        **hardware.SENTENCES,
        **money.SENTENCES,
        **planning.SENTENCES,
        **download.SENTENCES,
        **runtime.SENTENCES,
        **remote.SENTENCES,
        **packs.SENTENCES,
        **host.SENTENCES,
        **server.SENTENCES,
        **chat.SENTENCES,
    }
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `code` is a key of `TEMPLATES`, `values` fill its placeholders."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


def sentence(code: str, **values: Value) -> Sentence:
    """Raises: KeyError, for a code that has no template or a placeholder left without value."""
    made = Sentence(code, MappingProxyType(values))
    english(made)
    return made


def english(message: Sentence) -> str:
    """The sentence in English."""
    return fill(TEMPLATES[message.code], message.values)


def fill(template: str, values: Mapping[str, Value]) -> str:
    """Puts values into a (possibly translated) template. Values are never read as templates."""
    return template.format_map(dict(values))
