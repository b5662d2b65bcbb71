"""The side panel with what the machine and the model are doing now."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import attrgetter

from PySide6.QtCore import QLocale, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.events import Event, TokenDelta
from engine.telemetry.sample import GpuSample, TelemetrySample
from gui.graphs.card import Curve, Figure, GraphCard, round_top
from gui.graphs.parts_card import PartsCard
from gui.graphs.state import GraphState
from gui.widgets.bytes_text import format_bytes, format_tokens_per_second
from gui.widgets.controls import IconButton
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_RAM, _VRAM, _USE, _SPEED, _MUTED = (
    attrgetter(name) for name in ("ram", "vram", "utilisation", "speed", "muted")
)

WIDTH = 284
_SPEED_MS = 250  # how often the speed is worked out while an answer is written


class GraphPanel(View):
    """Cards for memory, processor and speed, and what the loaded model takes.

    Connect `on_event` to the bridge. `clock` gives seconds that never go back. While it is hidden events
    are taken in and nothing is worked out.
    """

    history_wanted = Signal()

    def __init__(
        self,
        theme: ThemeSource,
        parent: QWidget | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self.state = GraphState()
        self.memory = GraphCard(theme, self._memory_curves(), lines=2)
        self.processor = GraphCard(theme, self._processor_curves())
        self.speed = GraphCard(theme, self._speed_curves())
        self.parts = PartsCard(theme)
        self.pause = IconButton(theme, "pause")
        self.pause.setCheckable(True)
        self.history = IconButton(theme, "clock")
        self.pause.toggled.connect(self._pause)
        self.history.clicked.connect(self.history_wanted)
        self._speed_timer = QTimer(self)
        self._speed_timer.setInterval(_SPEED_MS)
        self._speed_timer.timeout.connect(self._follow_speed)
        self._arrange()
        self.retranslate()

    @Slot(object)
    def on_event(self, event: object) -> None:
        """Takes any event of the engine; those that concern no card are left alone."""
        if not isinstance(event, Event):
            return
        if not self.state.fold(event, self._clock()) or not self.isVisible():
            return
        if isinstance(event, TokenDelta):
            # Hundreds a second: the words follow with the timer.
            if not self._speed_timer.isActive():
                self._speed_timer.start()
            return
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._speed_timer.stop()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Live figures of the machine"))
        self.memory.set_title(self.tr("Memory"))
        self.processor.set_title(self.tr("Processor"))
        self.speed.set_title(self.tr("Speed"))
        held = self.pause.isChecked()
        self.pause.name(self.tr("Let the curves go on") if held else self.tr("Hold the curves"))
        self.history.word(self.tr("History"))
        self._show()

    def _pause(self, paused: bool) -> None:
        self.pause.set_icon_name("play" if paused else "pause")
        for card in (self.memory, self.processor, self.speed):
            card.pause(paused)
        self.retranslate()

    def _arrange(self) -> None:
        self.setProperty("kind", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        cards = QWidget()
        cards.setProperty("kind", "side")
        column = QVBoxLayout(cards)
        column.setContentsMargins(12, 14, 12, 12)
        column.setSpacing(10)
        for card in (self.memory, self.processor, self.speed, self.parts):
            column.addWidget(card)
        row = QHBoxLayout()
        row.addWidget(self.pause)
        row.addWidget(self.history, 1)
        column.addLayout(row)
        column.addStretch(1)
        area = QScrollArea()  # for windows that are not high enough
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(cards)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _memory_curves(self) -> tuple[Curve, ...]:
        state = self.state

        def ram_top() -> float:
            return float(state.sample.memory_total_bytes) if state.sample else 0.0

        return (
            Curve(state.machine_ram, _MUTED, ram_top, filled=False, describe=format_bytes),
            Curve(state.model_vram, _VRAM, lambda: float(state.vram_total), describe=format_bytes),
            Curve(state.model_ram, _RAM, ram_top, describe=format_bytes),
        )

    def _processor_curves(self) -> tuple[Curve, ...]:
        state = self.state
        return (
            Curve(state.cpu, _USE, lambda: 1.0, describe=lambda share: f"CPU {share:.0%}"),
            Curve(state.gpu, _VRAM, lambda: 1.0, describe=lambda share: f"GPU {share:.0%}"),
        )

    def _speed_curves(self) -> tuple[Curve, ...]:
        speed = self.state.speed
        return (Curve(speed, _SPEED, lambda: round_top(speed.largest()), describe=format_tokens_per_second),)

    def _follow_speed(self) -> None:
        if not self.state.tick(self._clock()):
            self._speed_timer.stop()
        self._show_speed()

    def _show(self) -> None:
        if self.state.sample is not None:
            self._show_memory(self.state.sample)
            self._show_processor(self.state.sample)
        else:
            waiting = self.tr("No figures yet.")
            self.memory.show_figures((), "", waiting)
            self.processor.show_figures((), "", waiting)
        self._show_speed()
        self.parts.show_parts(self.state.parts(), self.state.context_length)

    def _show_memory(self, sample: TelemetrySample) -> None:
        state = self.state
        ram, vram = format_bytes(sample.model_memory_bytes), format_bytes(sample.model_vram_bytes)
        machine = self.tr("Machine {used} of {total}").format(
            used=format_bytes(sample.memory_used_bytes), total=format_bytes(sample.memory_total_bytes)
        )
        figures = [_figure(ram, self.tr("{unit} model"), _RAM)]
        note = machine
        words = [self.tr("The model holds {ram} of memory.").format(ram=ram), f"{machine}."]
        if sample.gpus:
            figures = [
                _figure(vram, self.tr("{unit} VRAM"), _VRAM),
                _figure(ram, self.tr("{unit} RAM"), _RAM),
            ]
            used, total = format_bytes(state.vram_used), format_bytes(state.vram_total)
            graphics = self.tr("Graphics {used} of {total}").format(used=used, total=total)
            note = f"{machine}\n{graphics}"
            words.append(
                self.tr("The model holds {vram} of VRAM, all programs {used} of {total}.").format(
                    vram=vram, used=used, total=total
                )
            )
        self.memory.show_figures(figures, note, self._measured(words))

    def _show_processor(self, sample: TelemetrySample) -> None:
        cpu = f"{sample.cpu:.0%}".rstrip("%")
        if not sample.gpus:
            words = [self.tr("All processors together are used to {cpu} %.").format(cpu=cpu)]
            self.processor.show_figures([Figure(cpu, "% CPU", _USE)], "", self._measured(words))
            return
        gpu = f"{self.state.gpu_utilisation:.0%}".rstrip("%")
        words = [
            self.tr("All processors together are used to {cpu} %, graphics to {gpu} %.").format(
                cpu=cpu, gpu=gpu
            )
        ]
        words += [f"{one.name}: {_health(one)}." for one in sample.gpus if _health(one)]
        figures = [Figure(gpu, "% GPU", _VRAM), Figure(cpu, "% CPU", _USE)]
        note = _health(sample.gpus[0]) if len(sample.gpus) == 1 else ""
        self.processor.show_figures(figures, note, self._measured(words))

    def _show_speed(self) -> None:
        state = self.state
        now, prompt = (format_tokens_per_second(rate) for rate in (state.generation_tps, state.prompt_tps))
        notes = [self.tr("Prompt {rate} tok/s").format(rate=prompt)] if state.prompt_tps else []
        words = [self.tr("Generating {rate} tokens per second.").format(rate=now)]
        if state.prompt_tps:
            words.append(self.tr("The prompt was read at {rate} tokens per second.").format(rate=prompt))
        if state.last_generation_tps:
            last = format_tokens_per_second(state.last_generation_tps)
            words.append(self.tr("The last answer came at {rate} tokens per second.").format(rate=last))
        if state.first_token_s:
            first = QLocale().toString(state.first_token_s, "f", 2)
            notes.append(self.tr("first token {seconds} s").format(seconds=first))
            words.append(self.tr("Its first token came after {seconds} seconds.").format(seconds=first))
        figures = [Figure(now, self.tr("tok/s"), _SPEED)]
        self.speed.show_figures(figures, " · ".join(notes), self._measured(words))

    def _measured(self, words: list[str]) -> str:
        return " ".join([*words, self.tr("Measured on this machine.")])


def _figure(bytes_text: str, unit: str, colour: Callable[..., str]) -> Figure:
    number, _, size = bytes_text.rpartition(" ")
    return Figure(number, unit.format(unit=size), colour)


def _health(gpu: GpuSample) -> str:
    """ "212 W, 63 °C", as far as the card tells."""
    told = []
    if gpu.power_w is not None:
        told.append(f"{gpu.power_w:.0f} W")
    if gpu.temperature_c is not None:
        told.append(f"{gpu.temperature_c:.0f} °C")
    return ", ".join(told)
