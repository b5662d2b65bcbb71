"""What the check ends with where a graphics card lies idle: a runtime for it, fetched and tried at once."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.controls import Card
from gui.widgets.labels import Text
from gui.widgets.runtime_source import RuntimeSource
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View
from gui.wizard.runtime_model import RuntimeModel

_KINDS: Final = {"NVIDIA": "CUDA", "AMD": "ROCm", "Apple": "Metal"}  # the others have Vulkan


class RuntimeOffer(View):
    """Hidden while no card is in want of a runtime."""

    def __init__(self, model: RuntimeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._head, self._words = Text("", "strong"), Text("", "muted")
        self._source = RuntimeSource()
        self._failure = SentenceLabel("danger")
        card = Card()
        for widget in (self._head, self._words, self._source, self._failure):
            card.column.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        self._source.show_place(model.place)
        self._source.wanted.connect(model.fetch)
        self._source.stopped.connect(model.stop)
        self._source.edited.connect(model.keep_place)
        model.changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._show()

    def _show(self) -> None:
        model = self._model
        names = ", ".join(dict.fromkeys(card.name for card in model.cards))
        self._head.setText(self.tr("A runtime for {cards}").format(cards=names))
        self._words.setText(
            self.tr(
                "Models can compute there once a runtime is fetched ({kinds}). It is taken only if its"
                " signature is right and it passes a trial; then this machine is checked again."
            ).format(kinds=self._kinds())
        )
        self._source.show_published(model.published)
        done, total = (model.progress.done_bytes, model.progress.total_bytes) if model.progress else (0, 0)
        self._source.show_fetching(model.fetching, done, total)
        self._failure.show_sentences(*([model.failure] if model.failure else []))
        self.setVisible(bool(model.cards))

    def _kinds(self) -> str:
        """The best first, as they are tried."""
        own = [*dict.fromkeys(_KINDS[card.vendor] for card in self._model.cards if card.vendor in _KINDS)]
        if not own or own == ["Metal"]:
            return "Metal" if own else "Vulkan"
        return self.tr("{best}, else Vulkan").format(best=", ".join(own))
