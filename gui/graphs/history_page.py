"""Speed, first token and memory over days, for each model: what the engine kept of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from engine.events import Event, HistoryRead, JobFailed, JobId
from engine.figures import Origin
from engine.jobs.desk import Desk
from engine.telemetry.history import DeviceRecord
from engine.telemetry.minutes import MEMORY
from gui.bridge import EngineBridge
from gui.graphs.history_chart import HistoryChart, Point
from gui.widgets.bytes_text import format_bytes, format_count, format_share, format_tokens_per_second
from gui.widgets.controls import ChoiceBox, IconButton
from gui.widgets.labels import OriginBadge, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.history import MachineHistory, ModelHistory

_DAYS: Final = (1, 7, 30, 90)
_GIB: Final = float(1 << 30)


class HistoryPage(View):
    left = Signal()

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None
        self._history: MachineHistory | None = None
        self._title = Text("", "title")
        self._back = IconButton(theme, "back", "")
        self.model, self.days, self.device = ChoiceBox(theme), ChoiceBox(theme), ChoiceBox(theme)
        for days in _DAYS:
            self.days.addItem("", days)
        self.days.setCurrentIndex(1)
        self._figures = Text("", "strong")
        self._memory_words = Text("", "muted")
        self._origin = OriginBadge(Origin.MEASURED)
        self._nothing = Text("", "muted")
        self._error = SentenceLabel("danger")
        self.speed = HistoryChart(theme, lambda tokens: tokens.speed, self._speed_words)
        self.first = HistoryChart(theme, lambda tokens: tokens.ram, self._seconds_words)
        self.memory = HistoryChart(theme, lambda tokens: tokens.vram, format_bytes, _GIB)
        self.use = HistoryChart(theme, lambda tokens: tokens.utilisation, self._share_words)
        self._arrange()
        bridge.event_arrived.connect(self._fold)
        self._back.clicked.connect(self.left)
        self.model.activated.connect(self._show)
        self.device.activated.connect(self._show)
        self.days.activated.connect(self.read)
        self.retranslate()

    def enter(self) -> None:
        self.model.setFocus()
        self.read()

    def read(self) -> None:
        """Asks for it anew."""
        self._error.show_sentences()
        self._job = self._desk.history(self.days.currentData())

    def _arrange(self) -> None:
        content = Column(900)
        head, choices, words = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._back)
        choices.setSpacing(10)
        choices.addWidget(self.model, 3)
        choices.addWidget(self.device, 2)
        choices.addWidget(self.days, 1)
        words.addWidget(self._figures, 1)
        words.addWidget(self._origin)
        charts = QGridLayout()
        charts.setSpacing(12)
        for place, chart in enumerate((self.speed, self.first, self.memory, self.use)):
            charts.addWidget(chart, place // 2, place % 2)
        content.column.addLayout(head)
        content.column.addLayout(choices)
        content.column.addWidget(self._nothing)
        content.column.addWidget(self._error)
        content.column.addLayout(words)
        content.column.addWidget(self._memory_words)
        content.column.addLayout(charts)
        content.column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(content)

    def _fold(self, event: Event) -> None:
        if event.job != self._job:
            return
        if isinstance(event, HistoryRead):
            self._history = event.history
            self._fill(event.history)
            self._show()
        elif isinstance(event, JobFailed):
            self._error.show_sentences(event.message)

    def _fill(self, history: MachineHistory) -> None:
        """The same model and device stay chosen."""
        names = [f"{one.model} {one.quantization}".strip() for one in history.models]
        _choose_among(self.model, [(name, name) for name in names])
        _choose_among(self.device, [(name, self._device_words(name)) for name, _ in history.devices])

    def _device_words(self, name: str) -> str:
        return self.tr("Memory and processor") if name == MEMORY else name

    def _show(self) -> None:
        history = self._history
        models = history.models if history is not None else ()
        devices = history.devices if history is not None else ()
        model = models[self.model.currentIndex()] if models else None
        records = devices[self.device.currentIndex()][1] if devices else ()
        self._nothing.setVisible(not models and not devices)
        for widget in (self.speed, self.first, self._figures, self._origin, self.model):
            widget.setVisible(model is not None)
        for widget in (self.memory, self.use, self.device):
            widget.setVisible(bool(records))
        self._memory_words.setVisible(model is not None and bool(model.measured_bytes))
        if model is not None:
            self._show_model(model)
        self._show_device(records)

    def _show_model(self, model: ModelHistory) -> None:
        words = self.tr(
            "{count} answers · {speed} tokens/s · first token {first} s · prompt {prompt} tokens/s"
        )
        self._figures.setText(
            words.format(
                count=format_count(model.count),
                speed=format_tokens_per_second(model.generation_tps),
                first=f"{model.first_token_s:.2f}",
                prompt=format_tokens_per_second(model.prompt_tps),
            )
        )
        memory = self.tr("Memory after the last load: {measured} measured, {predicted} predicted.")
        self._memory_words.setText(
            memory.format(
                measured=format_bytes(model.measured_bytes), predicted=format_bytes(model.predicted_bytes)
            )
        )
        speeds: list[Point] = [
            (one.at, one.generation_tps) for one in model.answers if one.generation_tps > 0
        ]
        self.speed.show_points(self.tr("Tokens per second"), speeds)
        firsts: list[Point] = [(one.at, one.first_token_s) for one in model.answers if one.generated_tokens]
        self.first.show_points(self.tr("First token after"), firsts)

    def _show_device(self, records: tuple[DeviceRecord, ...]) -> None:
        held: list[Point] = [(one.at, float(one.model_bytes or one.used_bytes)) for one in records]
        self.memory.show_points(self.tr("Memory of the models"), held)
        used: list[Point] = [(one.at, one.utilisation * 100) for one in records]
        self.use.show_points(self.tr("Use"), used)

    def _speed_words(self, value: float) -> str:
        return self.tr("{speed} tokens/s").format(speed=format_tokens_per_second(value))

    def _seconds_words(self, value: float) -> str:
        return self.tr("{seconds} s").format(seconds=f"{value:.2f}")

    def _share_words(self, value: float) -> str:
        return format_share(value / 100)

    def retranslate(self) -> None:
        self._title.setText(self.tr("History"))
        self._back.word(self.tr("Back to the chat"))
        self.model.setAccessibleName(self.tr("Model"))
        self.device.setAccessibleName(self.tr("Device"))
        self.days.setAccessibleName(self.tr("Time"))
        words = (
            self.tr("One day"),
            self.tr("One week"),
            self.tr("One month"),
            self.tr("Three months"),
        )
        for row, text in enumerate(words):
            self.days.setItemText(row, text)
        self._nothing.setText(
            self.tr(
                "No figures in that time. Answers are measured while they are written, and the figures are "
                "kept on this machine only, unless that is switched off in the settings."
            )
        )
        if self._history is not None:
            self._fill(self._history)
        self._show()


def _choose_among(box: ChoiceBox, names: list[tuple[str, str]]) -> None:
    """What they are, and what they are called."""
    chosen = box.currentData()
    box.clear()
    for name, words in names:
        box.addItem(words, name)
    box.setCurrentIndex(max(0, box.findData(chosen)) if names else -1)
