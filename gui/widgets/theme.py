"""The look: one table of colours for light, one for dark, and who tells when it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as "#rrggbb". Text on its background reaches a contrast of 4.5."""

    dark: bool
    window: str  # the page
    side: str  # side bars
    surface: str  # cards, menus
    field: str  # input fields
    bubble: str  # the user's messages
    hover: str
    selected: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    warning: str
    good: str
    code: str  # background of code
    selection: str  # selected text
    hit: str  # behind words that were looked for
    current_hit: str
    vram: str  # curves
    ram: str
    utilisation: str
    speed: str


LIGHT = Tokens(
    dark=False,
    window="#ffffff",
    side="#f5f5f5",
    surface="#ffffff",
    field="#f3f4f6",
    bubble="#edf0f5",
    hover="#ebebed",
    selected="#e4e6ea",
    border="#d9dce1",
    text="#1c1d21",
    muted="#5c6270",
    accent="#2f54c9",
    on_accent="#ffffff",
    danger="#b3261e",
    warning="#8a5300",
    good="#1f7a35",
    code="#f6f8fa",
    selection="#b9cdf9",
    hit="#ffedb3",
    current_hit="#ffb938",
    vram="#2f54c9",
    ram="#b05e16",
    utilisation="#1f7f36",
    speed="#7d36b8",
)

DARK = Tokens(
    dark=True,
    window="#1c1d21",
    side="#141519",
    surface="#1c1d21",
    field="#25272c",
    bubble="#2a2d33",
    hover="#25272c",
    selected="#2e3138",
    border="#383b42",
    text="#ececf0",
    muted="#a2a7b3",
    accent="#7da3f8",
    on_accent="#11141b",
    danger="#ff8a80",
    warning="#e8b15a",
    good="#83c979",
    code="#15161a",
    selection="#37517f",
    hit="#4a3f1c",
    current_hit="#7d5f10",
    vram="#7da3f8",
    ram="#e0a15f",
    utilisation="#83c979",
    speed="#c98af0",
)


def with_contrast(tokens: Tokens) -> Tokens:
    """The same look for eyes that need more: text of 7 to 1 and more, borders of 3 to 1."""
    if tokens.dark:
        return replace(
            tokens,
            window="#000000",
            side="#000000",
            surface="#000000",
            field="#101114",
            code="#0a0a0c",
            text="#ffffff",
            muted="#d4d7de",
            border="#8b909c",
            accent="#a9c4ff",
        )
    return replace(
        tokens,
        side="#ffffff",
        field="#ffffff",
        code="#ffffff",
        text="#000000",
        muted="#3a3e47",
        border="#757b87",
        accent="#1a3aa0",
        danger="#8c1009",
        warning="#6b3f00",
        good="#0f5a22",
    )


class ThemeSource(QObject):
    """Passed to every view that paints by itself; repaint on `changed`."""

    changed = Signal()

    def __init__(self, tokens: Tokens = LIGHT, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tokens = tokens
        self.calm = False  # less motion: nothing blinks, curves move once in two seconds

    @property
    def tokens(self) -> Tokens:
        return self._tokens

    def show(self, tokens: Tokens) -> None:
        if tokens != self._tokens:
            self._tokens = tokens
            self.changed.emit()
