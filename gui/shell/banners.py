"""Banners above the page: the newest are in sight, older ones a key press away; none is lost."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.messages import Sentence
from gui.shell.banner import (
    DAMAGED,
    GAVE_UP,
    RETURNS,
    SMALLER_MODELS,
    STEPS_DOWN,
    Banner,
    LoadBanner,
    ReturnBanner,
    SentenceBanner,
    StepsBanner,
    UndoBanner,
)
from gui.shell.update_banner import UpdateBanner
from gui.widgets.controls import Button
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

Kind = TypeVar("Kind", bound=Banner)

_IN_SIGHT = 3  # unless all are asked for
_MOST = 20  # kept at all


class BannerArea(View):
    """Stacks banners; the same sentence is never shown twice at once."""

    load_again = Signal()
    restore = Signal(int)  # conversation id
    models_wanted = Signal()
    copy_wanted = Signal()  # to go on with that of the chats

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._banners: list[Banner] = []
        self._all = False
        self._older = Button("flat")
        self._older.clicked.connect(self._toggle_older)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 4, 24, 4)
        self._column.setSpacing(6)
        self._column.addWidget(self._older)
        self.hide()

    def retranslate(self) -> None:
        older = len(self._banners) - _IN_SIGHT
        words = self.tr("Show fewer messages")
        if not self._all:
            words = self.tr("Show {count} older messages").format(count=older)
            words = self.tr("Show one older message") if older == 1 else words
        self._older.word(words)

    def notice(self, sentence: Sentence) -> None:
        """Something to know; a model that is brought back has a banner that goes on with it."""
        if sentence.code in RETURNS:
            self._returns(sentence)
        elif sentence.code == GAVE_UP:
            self._gave_up(sentence)
        elif sentence.code in STEPS_DOWN:
            self._stepped_down(sentence)
        else:
            self._add_sentence(sentence, "notice")

    def failure(self, sentence: Sentence) -> None:
        self._add_sentence(sentence, "failure")

    def crash(self, sentence: Sentence | None) -> None:
        """A crash or a failed load; goes away by itself when a model runs again."""
        gave_up = next((banner.gave_up for banner in self._of(LoadBanner) if banner.gave_up), None)
        self.recovered()
        banner = LoadBanner(self._theme, sentence)
        self.add(banner)
        if gave_up is not None:
            banner.give_up(gave_up)

    def recovered(self) -> None:
        for banner in self._of(LoadBanner):
            self.take_away(banner)

    def returned(self, model: str) -> None:
        """A model of that name runs again."""
        for banner in self._of(ReturnBanner):
            if banner.model == model and not banner.back:
                banner.came_back()

    def load_asked(self) -> None:
        """A model is loaded anew: what was made smaller for the last time may be so no more."""
        for banner in self._of(StepsBanner):
            self.take_away(banner)

    def deleted(self, conversation_id: int, title: str) -> None:
        for banner in self._of(UndoBanner):
            self.take_away(banner)
        self.add(UndoBanner(self._theme, conversation_id, title))

    def update_banner(self) -> UpdateBanner | None:
        """That of a newer version, whose remedy is gui/shell/update_watch's."""
        return next(iter(self._of(UpdateBanner)), None)

    def _returns(self, sentence: Sentence) -> None:
        """In place of the crash's own banner: nothing has to be done."""
        crashed = self._of(LoadBanner)
        earlier = [banner for banner in self._of(ReturnBanner) if banner.model == sentence.values["model"]]
        reason = next((banner.sentence for banner in crashed), None)
        reason = reason or next((banner.reason for banner in earlier if not banner.back), None)
        for banner in (*crashed, *earlier):
            self.take_away(banner)
        self.add(ReturnBanner(self._theme, sentence, reason))

    def _stepped_down(self, step: Sentence) -> None:
        for banner in self._of(StepsBanner):
            if banner.model == step.values.get("model"):
                banner.add(step)
                return
        self.add(StepsBanner(self._theme, step))

    def _gave_up(self, sentence: Sentence) -> None:
        reason = None
        for banner in self._of(ReturnBanner):
            if banner.model == sentence.values["model"]:
                reason = banner.reason
                self.take_away(banner)
        if not self._of(LoadBanner):
            self.add(LoadBanner(self._theme, reason))
        self._of(LoadBanner)[-1].give_up(sentence)

    def _of(self, kind: type[Kind]) -> list[Kind]:
        return [banner for banner in self._banners if isinstance(banner, kind)]

    def _add_sentence(self, sentence: Sentence, kind: str) -> None:
        for banner in self._of(SentenceBanner):
            if banner.sentence.code == sentence.code and banner.kind == kind:
                banner.add(sentence)
                self._show_newest()
                return
        if translate(sentence) not in [banner.words() for banner in self._banners]:
            self.add(SentenceBanner(self._theme, sentence, kind))

    def add(self, banner: Banner) -> None:
        while len(self._banners) >= _MOST:
            self.take_away(self._banners[0])
        banner.remedy.connect(self._remedy_pressed)
        banner.closed.connect(self._close_pressed)
        self._banners.append(banner)
        self._column.addWidget(banner)
        self._show_newest()
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, banner.words()))

    def take_away(self, banner: Banner) -> None:
        self._banners.remove(banner)
        if banner.isAncestorOf(self.focusWidget()):
            self.focusNextChild()
        banner.hide()
        banner.deleteLater()
        self._show_newest()

    def _show_newest(self) -> None:
        older = len(self._banners) - _IN_SIGHT
        self._all = self._all and older > 0
        for index, banner in enumerate(self._banners):
            banner.setVisible(self._all or index >= older)
        self.retranslate()
        self._older.show_when(older > 0)
        self.setVisible(bool(self._banners))

    def _toggle_older(self) -> None:
        self._all = not self._all
        self._show_newest()

    def _remedy_pressed(self) -> None:
        banner = self.sender()
        if isinstance(banner, UndoBanner):
            self.restore.emit(banner.conversation_id)
            self.take_away(banner)
        elif isinstance(banner, SentenceBanner) and banner.sentence.code in SMALLER_MODELS:
            self.models_wanted.emit()
        elif isinstance(banner, SentenceBanner) and banner.sentence.code in DAMAGED:
            self.take_away(banner)
            self.copy_wanted.emit()
        elif isinstance(banner, SentenceBanner):
            banner.show_all()
        elif isinstance(banner, LoadBanner | StepsBanner):
            self.take_away(banner)
            self.load_again.emit()

    def _close_pressed(self) -> None:
        banner = self.sender()
        if isinstance(banner, Banner):
            self.take_away(banner)
