"""Banners above the page: what a person should know, with the remedy as a button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from engine.messages import Sentence
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import Text
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_MOST = 3  # shown at once; the oldest goes first


class Banner(View):
    """One message; subclasses say what it reads and which remedy it offers."""

    remedy = Signal()
    closed = Signal()

    def __init__(self, theme: ThemeSource, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = Text()
        self._remedy = Button()
        self._close = IconButton(theme, "cross")
        frame = QFrame()
        frame.setProperty("kind", kind)
        row = QHBoxLayout(frame)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._words, 1)
        row.addWidget(self._remedy)
        row.addWidget(self._close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._remedy.clicked.connect(self.remedy)
        self._close.clicked.connect(self.closed)

    def words(self) -> str:
        """The message, in the language of the window."""
        return ""

    def remedy_words(self) -> str:
        """What the remedy's button says; "" for none."""
        return ""

    def retranslate(self) -> None:
        self._words.setText(self.words())
        self._remedy.word(self.remedy_words())
        self._remedy.setVisible(bool(self.remedy_words()))
        self._close.name(self.tr("Close this message"))


class SentenceBanner(Banner):
    """A sentence of the engine without a remedy of its own."""

    def __init__(self, theme: ThemeSource, sentence: Sentence, kind: str = "notice") -> None:
        super().__init__(theme, kind)
        self.sentence = sentence
        self.retranslate()

    def words(self) -> str:
        return translate(self.sentence)


class LoadBanner(Banner):
    """The model died or could not be loaded; it can be loaded again."""

    def __init__(self, theme: ThemeSource, sentence: Sentence | None) -> None:
        super().__init__(theme, "failure")
        self.sentence = sentence
        self.retranslate()

    def words(self) -> str:
        if self.sentence is not None:
            return translate(self.sentence)
        return self.tr("The model's process ended unexpectedly. Your conversations are safe.")

    def remedy_words(self) -> str:
        return self.tr("Load again")


class UndoBanner(Banner):
    """A conversation went to the trash and can be brought back."""

    def __init__(self, theme: ThemeSource, conversation_id: int, title: str) -> None:
        super().__init__(theme, "notice")
        self.conversation_id = conversation_id
        self._title = title
        self.retranslate()

    def words(self) -> str:
        return self.tr("“{title}” was deleted.").format(title=self._title)

    def remedy_words(self) -> str:
        return self.tr("Undo")


class BannerArea(QWidget):
    """Stacks banners; the same sentence is never shown twice at once."""

    load_again = Signal()
    restore = Signal(int)  # conversation id

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._banners: list[Banner] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 4, 24, 4)
        self._column.setSpacing(6)
        self.hide()

    def notice(self, sentence: Sentence) -> None:
        self._add_sentence(sentence, "notice")

    def failure(self, sentence: Sentence) -> None:
        self._add_sentence(sentence, "failure")

    def crash(self, sentence: Sentence | None) -> None:
        """A crash or a failed load; goes away by itself when a model runs again."""
        self.recovered()
        self._add(LoadBanner(self._theme, sentence))

    def recovered(self) -> None:
        for banner in [banner for banner in self._banners if isinstance(banner, LoadBanner)]:
            self._remove(banner)

    def deleted(self, conversation_id: int, title: str) -> None:
        for banner in [banner for banner in self._banners if isinstance(banner, UndoBanner)]:
            self._remove(banner)
        self._add(UndoBanner(self._theme, conversation_id, title))

    def _add_sentence(self, sentence: Sentence, kind: str) -> None:
        shown = [banner.words() for banner in self._banners]
        if translate(sentence) not in shown:
            self._add(SentenceBanner(self._theme, sentence, kind))

    def _add(self, banner: Banner) -> None:
        while len(self._banners) >= _MOST:
            self._remove(self._banners[0])
        banner.remedy.connect(self._remedy_pressed)
        banner.closed.connect(self._close_pressed)
        self._banners.append(banner)
        self._column.addWidget(banner)
        self.show()

    def _remove(self, banner: Banner) -> None:
        self._banners.remove(banner)
        if banner.isAncestorOf(self.focusWidget()):
            self.focusNextChild()
        banner.hide()
        banner.deleteLater()
        self.setVisible(bool(self._banners))

    def _remedy_pressed(self) -> None:
        banner = self.sender()
        if isinstance(banner, UndoBanner):
            self.restore.emit(banner.conversation_id)
            self._remove(banner)
        elif isinstance(banner, LoadBanner):
            self._remove(banner)
            self.load_again.emit()

    def _close_pressed(self) -> None:
        banner = self.sender()
        if isinstance(banner, Banner):
            self._remove(banner)
