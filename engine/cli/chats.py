"""`deskside chats`: the conversations of the window, listed, searched, written to files and taken in."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.chat.export import Form
from engine.chat.found import ChatsFound
from engine.chat.search_index import SearchIndex
from engine.cli.context import Context
from engine.cli.output import harmless
from engine.errors import UsageError
from engine.jobs.chat_files import TakenIn, export, form_of, take_in
from engine.jobs.storekeeper import StoreKeeper
from engine.messages import english

_ACTIONS: Final = ("list", "search", "export", "import")
_FORMS: Final = {"json": Form.JSON, "markdown": Form.MARKDOWN, "html": Form.HTML}
_CLOSE_S: Final = 5.0
_READ_S: Final = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Lists the conversations of the window (list), looks for words in all of them (search), writes some"
        " or all of them to a file (export), or takes in an export of Deskside or ChatGPT (import)."
    )
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", metavar="ACTION")
    parser.add_argument("words", nargs="*", metavar="WORD", help="numbers, words to look for, or a file")
    parser.add_argument("--to", metavar="FILE", default="", help="export: where to; its ending says the form")
    parser.add_argument("--form", choices=tuple(_FORMS), default="", help="export: json, markdown or html")


def run(arguments: argparse.Namespace, context: Context) -> int:
    keeper = StoreKeeper(context.paths.chats, lambda said: context.output.note(english(said)))
    try:
        _Command(arguments, context, keeper).run()
    finally:
        keeper.close(_CLOSE_S)
    return 0


class _Command:
    """One action on the store."""

    def __init__(self, arguments: argparse.Namespace, context: Context, keeper: StoreKeeper) -> None:
        self._arguments = arguments
        self._context = context
        self._output = context.output
        self._keeper = keeper

    def run(self) -> None:
        actions: dict[str, Callable[[], None]] = {
            "list": self._list,
            "search": self._search,
            "export": self._export,
            "import": self._import,
        }
        actions[self._arguments.action]()

    def _list(self) -> None:
        view = self._keeper.call(lambda store: store.filing.view())
        folders = {folder.id: folder.name for folder in view.folders}
        for chat in view.conversations:
            folder = folders.get(chat.folder_id, "") if chat.folder_id is not None else ""
            self._output.text(f"{chat.id:>6}  {_day(chat.updated_at)}  {harmless(chat.title)}", end="")
            self._output.text(f"  [{harmless(folder)}]" if folder else "")
        self._output.record("chats", conversations=view.conversations, folders=view.folders, trash=view.trash)

    def _search(self) -> None:
        words = " ".join(self._arguments.words)
        if not words.strip():
            raise UsageError.of("usage", problem="search needs words", program="deskside chats")
        found = self._find(words)
        for chat in found.conversations:
            self._output.text(f"{chat.id:>6}  {_day(chat.updated_at)}  {harmless(chat.title)}")
            for message in chat.messages:
                self._output.text(f"          {message.role.value}: {harmless(message.snippet.text)}")
        if not found.conversations:
            self._output.note("nothing found")
        self._output.record("found", words=words, conversations=found.conversations, more=found.more)

    def _find(self, words: str) -> ChatsFound:
        self._keeper.call(lambda store: None)  # there is a database, in the newest format
        index = SearchIndex(self._context.paths.chat_index, self._keeper.path)
        try:
            index.catch_up(_READ_S)
            return index.look_for(words + " ")
        finally:
            index.close()

    def _export(self) -> None:
        if not self._arguments.to:
            raise UsageError.of("usage", problem="export needs --to FILE", program="deskside chats")
        path = Path(self._arguments.to).expanduser()
        form = _FORMS.get(self._arguments.form) or form_of(path)
        count = export(self._keeper, path, form, self._numbers(), self._context.token)
        self._output.text(f"{count} chats in {path}")
        self._output.record("exported", path=str(path), form=form.value, count=count)

    def _numbers(self) -> tuple[int, ...]:
        known = set(self._keeper.call(lambda store: store.records.ids()))
        chosen = []
        for word in self._arguments.words:
            number = int(word) if word.isdecimal() and len(word) < 18 else 0
            if number not in known:
                raise UsageError.of("conversation_missing", id=word)
            chosen.append(number)
        return tuple(dict.fromkeys(chosen))

    def _import(self) -> None:
        if len(self._arguments.words) != 1:
            raise UsageError.of("usage", problem="import needs one FILE", program="deskside chats")
        path = Path(self._arguments.words[0]).expanduser()
        brought: TakenIn = take_in(self._keeper, path, self._context.token)
        self._output.text(f"{brought.taken} chats taken in, {brought.known} were there already")
        if brought.refused:
            self._output.note(f"{brought.refused} entries of the file are no chats")
        self._output.record("imported", taken=brought.taken, known=brought.known, refused=brought.refused)


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at))
