"""Asks where chats are written to, and which file they are taken from."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

_ENDINGS = (".json", ".md", ".html")


class ChatFiles(QWidget):
    """Never waits: what was chosen comes as a signal."""

    export_chosen = Signal(str, object)  # path, tuple of conversation ids, () for all
    import_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()

    def ask_export(self, conversation_id: int, title: str) -> None:
        """The form is chosen with the file's type."""
        stem = "".join(" " if letter in '/\\:*?"<>|' else letter for letter in title)[:80].strip(" .")
        dialog = QFileDialog(self.window(), self.tr("Export the chat"))
        forms = (self.tr("Markdown, to read (*.md)"), self.tr("Web page (*.html)"), self._json_words())
        self._open_to_save(dialog, f"{stem or 'chat'}.md", forms, (conversation_id,))

    def ask_export_of_all(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Export all chats"))
        self._open_to_save(dialog, "deskside-chats.json", (self._json_words(),), ())

    def ask_import(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Take in chats"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(self.tr("Exports of Deskside or ChatGPT (*.zip *.json)"))
        dialog.fileSelected.connect(self.import_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _json_words(self) -> str:
        return self.tr("JSON, with everything (*.json)")

    def _open_to_save(
        self, dialog: QFileDialog, name: str, forms: tuple[str, ...], ids: tuple[int, ...]
    ) -> None:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(forms)
        dialog.selectFile(name)
        dialog.fileSelected.connect(partial(self._chosen, dialog, ids))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _chosen(self, dialog: QFileDialog, ids: tuple[int, ...], path: str) -> None:
        if Path(path).suffix.lower() not in _ENDINGS:
            path += next(ending for ending in _ENDINGS if f"*{ending}" in dialog.selectedNameFilter())
        self.export_chosen.emit(path, ids)
