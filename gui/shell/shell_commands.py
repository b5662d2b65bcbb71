"""Every command of the window, with its usual keys; and what the palette offers beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.shell.command_words import command_words
from gui.shell.palette import Entry
from gui.shell.window import Page
from gui.widgets.commands import Command
from gui.widgets.places import model_words

if TYPE_CHECKING:
    from gui.shell.parts import Parts
    from gui.shell.shell import Shell

_MOST_CHATS = 200  # in the palette


class ShellCommands(QObject):
    def __init__(self, parts: Parts, shell: Shell) -> None:
        super().__init__(shell)
        self._parts = parts
        self._shell = shell
        self._add_all()

    def _add_all(self) -> None:
        shell, parts, chat = self._shell, self._parts, self._parts.chat
        self._add("new_chat", "Ctrl+N", shell.new_chat)
        self._add("palette", "Ctrl+Shift+P", self.open_palette)
        self._add("find", "Ctrl+F", shell.find)
        self._add("search", "Ctrl+Shift+F", shell.search)
        self._add("next_chat", "Ctrl+PgDown", partial(self._step_chat, 1))
        self._add("previous_chat", "Ctrl+PgUp", partial(self._step_chat, -1))
        self._add("message", "Ctrl+L", shell.show_chat)
        self._add("transcript", "Ctrl+T", chat.transcript.setFocus, self._in_chat)
        self._add("attach", "Ctrl+O", chat.attach, self._in_chat)
        self._add("options", "Ctrl+Shift+O", chat.toggle_options, self._in_chat)
        self._add("regenerate", "Ctrl+R", chat.asking.regenerate_last, self._in_chat)
        self._add("carry_on", "Ctrl+Shift+R", chat.asking.carry_on_last, self._in_chat)
        self._add("stop", "Ctrl+.", chat.asking.stop, self._in_chat)
        self._add("copy_answer", "Ctrl+Shift+C", chat.copy_last, self._in_chat)
        self._add("model", "Ctrl+M", parts.top_line.open_menu, self._in_chat)
        self._add("models", "Ctrl+Shift+M", shell.show_models, self._outside_wizard)
        self._add("settings", "Ctrl+,", shell.show_preferences, self._outside_wizard)
        self._add("shortcuts", "Ctrl+/", shell.show_shortcuts, self._outside_wizard)
        self._add("prompts", "Ctrl+Shift+L", shell.show_prompts, self._outside_wizard)
        self._add("advice", "Ctrl+Shift+B", shell.show_advice, self._outside_wizard)
        self._add("history", "Ctrl+Shift+H", shell.show_history, self._outside_wizard)
        self._add("trash", "", shell.show_trash, self._outside_wizard)
        self._add("graphs", "F9", parts.window.toggle_graphs)
        self._add("check", "", shell.show_wizard)
        self._add("free_memory", "", parts.model.unload, lambda: parts.model.loaded is not None)
        self._add("quit", "Ctrl+Q", parts.window.close)

    def _add(
        self, name: str, keys: str, run: Callable[[], object], ready: Callable[[], bool] = lambda: True
    ) -> None:
        self._parts.commands.add(Command(name, keys, partial(command_words, name), run, ready))

    def open_palette(self) -> None:
        commands = self._parts.commands
        entries = [
            Entry(command.words(), commands.shown_keys(command.id), partial(commands.run, command.id))
            for command in commands.all()
            if command.id != "palette" and command.ready()
        ]
        self._parts.palette.open([*entries, *self._models(), *self._prompts(), *self._chats()])

    def _models(self) -> list[Entry]:
        model = self._parts.model
        use = command_words("use_model")
        return [
            Entry(use.format(model=model_words(each)), "", partial(model.load, each)) for each in model.models
        ]

    def _prompts(self) -> list[Entry]:
        words = command_words("use_prompt")
        return [
            Entry(words.format(prompt=prompt.name), "", partial(self._shell.use_prompt, prompt.text))
            for prompt in self._parts.chat.shelf.prompts
        ]

    def _chats(self) -> list[Entry]:
        words = command_words("open_chat")
        chats = self._parts.model.conversations[:_MOST_CHATS]
        return [
            Entry(words.format(title=chat.title), "", partial(self._shell.open_chat, chat.id))
            for chat in chats
        ]

    def _step_chat(self, step: int) -> None:
        ids = [chat.id for chat in self._parts.model.conversations]
        current = self._parts.chat.model.conversation_id
        if ids:
            place = ids.index(current) + step if current in ids else 0
            self._shell.open_chat(ids[place % len(ids)])

    def _in_chat(self) -> bool:
        return self._parts.window.page is Page.CHAT

    def _outside_wizard(self) -> bool:
        return self._parts.window.page is not Page.WIZARD
