"""What slash commands do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from engine.chat.options import LIMITS, with_number

if TYPE_CHECKING:
    from gui.chat.page import ChatPage

# Those that the window knows under the same or another name.
_OF_THE_WINDOW = {
    "new": "new_chat",
    "prompts": "prompts",
    "history": "history",
    "shortcuts": "shortcuts",
    "find": "find",
    "options": "options",
    "attach": "attach",
    "regenerate": "regenerate",
    "continue": "carry_on",
}


class SlashActions(QObject):
    def __init__(self, page: ChatPage) -> None:
        super().__init__(page)
        self._page = page

    def use(self, name: str, words: str) -> None:
        """`words` is what stood behind the command."""
        page = self._page
        if name in _OF_THE_WINDOW:
            page.command_wanted.emit(_OF_THE_WINDOW[name])
        elif name == "model":
            page.model_wanted.emit(words)
        elif name == "system":
            page.options.use(replace(page.model.options, system=words))
            self._say(_tr("The system prompt of this chat is set.") if words else _tr("No system prompt."))
        elif name == "preset":
            self._use_preset(words)
        elif name in LIMITS:
            self._set_number(name, words)

    def _use_preset(self, words: str) -> None:
        wanted = words.casefold()
        presets = self._page.shelf.presets
        found = next((one for one in presets if one.name.casefold().startswith(wanted)), None)
        if found is None:
            names = ", ".join(one.name for one in presets) or _tr("none yet")
            self._say(_tr("No preset begins like that. There are: {names}.").format(names=names))
        else:
            self._page.options.use(found.options)
            self._say(_tr("The preset {name} is used.").format(name=found.name))

    def _set_number(self, name: str, words: str) -> None:
        low, high = LIMITS[name]
        try:
            value = float(words.replace(",", ".")) if words else None
            self._page.options.use(with_number(self._page.model.options, name, value))
        except (ValueError, OverflowError):
            words = _tr("{name} is a number from {low} to {high}.")
            self._say(words.format(name=name, low=low, high=high))
        else:
            self._say(f"{name}: {_tr('default') if value is None else words}")

    def _say(self, words: str) -> None:
        self._page.remark(words)


def _tr(text: str) -> str:
    return QCoreApplication.translate("SlashCommands", text)
