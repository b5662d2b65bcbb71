"""One banner: what a person should know, with its remedy as a button."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from engine.messages import Sentence
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import Text
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

# What the engine did to make a model fit: loading it again, with more memory free, undoes it.
STEPS_DOWN: Final = frozenset(
    {
        "fit_no_repack",
        "fit_cache",
        "fit_context",
        "fit_fewer_layers",
        "fit_experts_in_ram",
        "fit_experts_divided",
        "fit_batch",
        "fit_streams",
    }
)
SMALLER_MODELS: Final = frozenset({"fit_smaller_here", "fit_smaller_there"})
_LINES: Final = 2  # of one kind, unless all are asked for
_MOST_LINES: Final = 50
DAMAGED: Final = frozenset({"chats_damaged", "chats_read_only"})
RETURNS: Final = frozenset({"host_restarts", "host_restarts_lower", "host_restarts_plain"})
GAVE_UP: Final = "host_gave_up"


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
        words = self.words()
        self._words.setText(words)
        self.setAccessibleName(words)
        self._remedy.word(self.remedy_words())
        self._remedy.setVisible(bool(self.remedy_words()))
        self._close.name(self.tr("Close this message"))


class SentenceBanner(Banner):
    """A sentence of the engine, with a remedy where the window has one; more of its kind join it."""

    def __init__(self, theme: ThemeSource, sentence: Sentence, kind: str = "notice") -> None:
        super().__init__(theme, kind)
        self.sentence = sentence
        self.kind = kind
        self._others: list[Sentence] = []  # newest first
        self._all = False
        self.retranslate()

    def add(self, sentence: Sentence) -> None:
        """The same about something else."""
        known = [each for each in (self.sentence, *self._others) if translate(each) != translate(sentence)]
        self.sentence, self._others = sentence, known[:_MOST_LINES]
        self.retranslate()

    def show_all(self) -> None:
        self._all = True
        self.retranslate()

    def words(self) -> str:
        lines = [translate(each) for each in (self.sentence, *self._others)]
        left = len(lines) - _LINES
        if left > 0 and not self._all:
            lines[_LINES:] = [self.tr("and {count} more like these").format(count=left)]
        return "\n".join(lines)

    def remedy_words(self) -> str:
        if self.sentence.code in DAMAGED:
            return self.tr("Go on with the copy")
        if self.sentence.code in SMALLER_MODELS:
            return self.tr("Models…")
        return self.tr("Show all") if len(self._others) >= _LINES and not self._all else ""


class StepsBanner(Banner):
    """Everything that was made smaller so that one model fits; loading it again may undo it."""

    def __init__(self, theme: ThemeSource, step: Sentence) -> None:
        super().__init__(theme, "notice")
        self.model = step.values.get("model")
        self._steps = {step.code: step}
        self.retranslate()

    def add(self, step: Sentence) -> None:
        """A further step, or a later word about the same one."""
        self._steps[step.code] = step
        self.retranslate()

    def words(self) -> str:
        return "\n".join(translate(step) for step in self._steps.values())

    def remedy_words(self) -> str:
        return self.tr("Load again")


class LoadBanner(Banner):
    """The model died or could not be loaded; it can be loaded again."""

    def __init__(self, theme: ThemeSource, sentence: Sentence | None) -> None:
        super().__init__(theme, "failure")
        self.sentence = sentence
        self.gave_up: Sentence | None = None
        self.retranslate()

    def give_up(self, sentence: Sentence) -> None:
        """It is not loaded again by itself; the reason of its last end stands below."""
        self.gave_up = sentence
        self.retranslate()

    def words(self) -> str:
        both = [translate(sentence) for sentence in (self.gave_up, self.sentence) if sentence is not None]
        if both:
            return "\n".join(both)
        return self.tr("The model's process ended unexpectedly. Your conversations are safe.")

    def remedy_words(self) -> str:
        return self.tr("Load again")


class ReturnBanner(Banner):
    """A model ended unexpectedly and is brought back; afterwards it tells that this has happened."""

    def __init__(self, theme: ThemeSource, notice: Sentence, reason: Sentence | None) -> None:
        super().__init__(theme, "notice")
        self.model = str(notice.values.get("model", ""))
        self.back = False
        self._notice = notice
        self.reason = reason
        self.retranslate()

    def came_back(self) -> None:
        self.back = True
        self.retranslate()

    def words(self) -> str:
        head = self._back_words().format(model=self.model) if self.back else translate(self._notice)
        return head if self.reason is None else f"{head}\n{translate(self.reason)}"

    def _back_words(self) -> str:
        if self._notice.code == "host_restarts_lower":
            return self.tr(
                "{model} was loaded again with smaller settings, because memory ran out or it crashed. "
                "An answer that was interrupted can be carried on."
            )
        return self.tr(
            "{model} ended unexpectedly and was loaded again. "
            "An answer that was interrupted can be carried on."
        )


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
