"""The cards: what events make of them, in words and in pixels."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.events import (
    GenerationFinished,
    ModelLoaded,
    PromptProgressed,
    RuntimeStateChanged,
    TelemetrySampled,
    TokenDelta,
    new_job_id,
)
from engine.runtime.values import MemoryShare, ModelFacts, RuntimeState, StopReason
from engine.telemetry.sample import GpuSample, TelemetrySample
from gui.graphs.card import GraphCard, round_top
from gui.graphs.panel import GraphPanel
from gui.graphs.parts_card import PartsCard
from gui.graphs.rate import TokenMeter
from gui.widgets.theme import DARK, LIGHT, ThemeSource, Tokens
from tests.gui.chat_support import settle
from tests.gui.patience import LIMIT_MS

GIB = 2**30
JOB = new_job_id()
MODEL = InstalledModel("/m.gguf", "m", "Q4_1", 1, "starter")
FACTS = ModelFacts("m", "llama", 16_384, 16_384, 1, 1.0, 1, "CPU", True)
STATS = AnswerStats(5000, 0, 812, 410.0, 39.24, 1.0)
CARD = GpuSample("RTX 4090", 10 * GIB, 24 * GIB, 0.85, 212.0, 63.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def theme() -> ThemeSource:
    return ThemeSource()


@pytest.fixture
def panel(qtbot: QtBot, theme: ThemeSource, clock: Clock) -> GraphPanel:
    made = GraphPanel(theme, clock=clock)
    qtbot.addWidget(made)
    made.resize(284, 800)
    made.show()  # hidden it works nothing out
    return made


def sampled(
    at: float, model: int = 4 * GIB, gpus: tuple[GpuSample, ...] = (), cpu: float = 0.5
) -> TelemetrySampled:
    vram = 9 * GIB if gpus else 0
    return TelemetrySampled(JOB, TelemetrySample(at, 6 * GIB, 24 * GIB, cpu, model, vram, gpus))


def cards(panel: GraphPanel) -> tuple[GraphCard, ...]:
    return panel.memory, panel.processor, panel.speed


def test_every_card_has_a_name_and_tells_its_figures_in_words(panel: GraphPanel) -> None:
    assert panel.accessibleName()
    assert len({card.accessibleName() for card in cards(panel)}) == 3
    before = [card.accessibleDescription() for card in cards(panel)]
    panel.on_event(sampled(1.0))
    panel.on_event(TokenDelta(JOB, "a", False, 1))
    panel.on_event(GenerationFinished(JOB, STATS, StopReason.END))
    after = [card.accessibleDescription() for card in cards(panel)]
    assert all(after) and all(one != other for one, other in zip(before, after, strict=True))
    assert "4.0 GiB" in after[0] and "6.0 GiB of 24.0 GiB" in after[0]
    assert "50" in after[1]
    assert "39" in after[2] and "410" in after[2] and "1.00 seconds" in after[2]
    assert all("easured" in words for words in after)
    assert [card.toolTip() for card in cards(panel)] == after


def test_figures_without_and_with_a_gpu(panel: GraphPanel) -> None:
    panel.on_event(sampled(1.0))
    assert [(one.text, one.unit) for one in panel.memory.figures] == [("4.0", "GiB model")]
    assert panel.memory.note == "Machine 6.0 GiB of 24.0 GiB"
    assert [one.text for one in panel.processor.figures] == ["50"]
    panel.on_event(sampled(2.0, gpus=(CARD,)))
    assert [(one.text, one.unit) for one in panel.memory.figures] == [("9.0", "GiB VRAM"), ("4.0", "GiB RAM")]
    assert [one.text for one in panel.processor.figures] == ["85", "50"]
    assert panel.memory.note == "Machine 6.0 GiB of 24.0 GiB\nGraphics 10.0 GiB of 24.0 GiB"
    assert panel.processor.note == "212 W, 63 °C"
    assert "RTX 4090" in panel.processor.accessibleDescription()


def test_speed_follows_the_tokens_and_falls_to_nothing(qtbot: QtBot, panel: GraphPanel, clock: Clock) -> None:
    for _ in range(40):
        clock.now += 0.1
        panel.on_event(TokenDelta(JOB, "word", False, 2))
    qtbot.waitUntil(lambda: panel.speed.figures[0].text == "20", timeout=LIMIT_MS)
    clock.now += 5
    qtbot.waitUntil(lambda: panel.speed.figures[0].text == "0.0", timeout=LIMIT_MS)
    assert panel.state.speed.largest() == pytest.approx(20)


def test_prompt_speed(panel: GraphPanel, clock: Clock) -> None:
    panel.on_event(ModelLoaded(JOB, MODEL, FACTS))
    panel.on_event(PromptProgressed(JOB, 1000, 5000, 1000))
    clock.now += 4
    panel.on_event(PromptProgressed(JOB, 5000, 5000, 1000))
    assert panel.state.prompt_tps == pytest.approx(1000)
    panel.on_event(GenerationFinished(JOB, STATS, StopReason.END))
    assert "410" in panel.speed.note and "first token 1.00 s" in panel.speed.note
    panel.on_event(RuntimeStateChanged(JOB, RuntimeState.CRASHED))
    assert panel.state.prompt_tps == 0 and panel.speed.note == ""


def test_what_concerns_no_card_is_left_alone(panel: GraphPanel) -> None:
    words = [card.accessibleDescription() for card in cards(panel)]
    panel.on_event("not an event")
    panel.on_event(RuntimeStateChanged(JOB, RuntimeState.READY))
    assert [card.accessibleDescription() for card in cards(panel)] == words


def grabbed(panel: GraphPanel) -> QImage:
    return panel.grab().toImage()


def has(image: QImage, colour: str, least: int = 20) -> bool:
    """Whether that many pixels have about that colour; a thin line's edges are softened."""
    wanted = QColor(colour)
    found = 0
    for y in range(image.height()):
        for x in range(image.width()):
            seen = image.pixelColor(x, y)
            far = max(abs(seen.red() - wanted.red()), abs(seen.green() - wanted.green()))
            found += max(far, abs(seen.blue() - wanted.blue())) <= 24
            if found >= least:
                return True
    return False


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_painted_in_the_colours_of_the_theme(panel: GraphPanel, theme: ThemeSource, tokens: Tokens) -> None:
    theme.show(tokens)
    for second in range(20):
        panel.on_event(sampled(float(second), gpus=(CARD,), cpu=0.3))
    image = grabbed(panel)
    for colour in (tokens.surface, tokens.border, tokens.ram, tokens.vram, tokens.utilisation):
        assert has(image, colour), colour


def test_a_curve_is_drawn_once_there_are_readings(panel: GraphPanel) -> None:
    empty = grabbed(panel)
    panel.on_event(sampled(1.0))
    panel.on_event(sampled(30.0, model=12 * GIB))
    assert grabbed(panel) != empty


def test_a_flood_of_events_repaints_at_most_ten_times_a_second(
    qtbot: QtBot, panel: GraphPanel, clock: Clock
) -> None:
    panel.hide()
    painted = Painted(panel.memory)
    for index in range(500):
        panel.on_event(sampled(float(index), model=index * 2**20))
    qtbot.wait(300)
    assert painted.count == 0  # hidden
    with qtbot.waitExposed(panel, timeout=LIMIT_MS):
        panel.show()
    qtbot.wait(50)
    painted.count = 0
    began = time.monotonic()
    for index in range(60):
        panel.on_event(sampled(1000.0 + index, model=index * 2**20))
        qtbot.wait(5)
    qtbot.waitUntil(lambda: painted.count > 0, timeout=LIMIT_MS)
    assert painted.count <= 10 * (time.monotonic() - began) + 5


class Painted(QObject):
    """Counts the paint events of a widget."""

    def __init__(self, card: GraphCard) -> None:
        super().__init__(card)
        self.count = 0
        card.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_readings_that_come_faster_than_it_repaints_are_shown_while_they_come(
    qtbot: QtBot, panel: GraphPanel
) -> None:
    with qtbot.waitExposed(panel, timeout=LIMIT_MS):
        panel.show()
    qtbot.wait(50)
    painted = Painted(panel.memory)
    began, index = time.monotonic(), 0
    while painted.count < 3 and time.monotonic() - began < LIMIT_MS / 1000:
        panel.on_event(sampled(float(index), model=index * 2**20))
        qtbot.wait(10)
        index += 1
    assert painted.count >= 3


def test_cards_are_reached_by_keyboard(qtbot: QtBot, panel: GraphPanel) -> None:
    with qtbot.waitExposed(panel, timeout=LIMIT_MS):
        panel.show()
    panel.activateWindow()
    panel.memory.setFocus()
    order = []
    card = panel.memory
    for _ in range(3):
        order.append(card)
        card = card.nextInFocusChain()
    assert order == list(cards(panel))


def test_meter_over_the_last_moments() -> None:
    meter = TokenMeter()
    assert meter.rate(5.0) == 0.0
    for index in range(21):
        meter.add(10.0 + index / 10, 3)
    assert meter.rate(12.0) == pytest.approx(30.0, rel=0.06)
    assert meter.rate(13.0) == pytest.approx(15.0, rel=0.1)
    assert meter.rate(14.5) == 0.0
    meter.add(20.0, 3)
    meter.add(20.5, 5)
    assert meter.rate(20.5) == pytest.approx(10.0)


@pytest.mark.parametrize(("largest", "top"), [(0, 10), (10, 10), (11, 20), (34, 50), (99, 100), (1200, 2000)])
def test_upper_edge(largest: float, top: float) -> None:
    assert round_top(largest) == top


# memory by part
MIB = 2**20
PLANNED = (
    MemoryShare("RAM", "weights", 900 * MIB),
    MemoryShare("RAM", "kv_cache", 64 * MIB),
    MemoryShare("RAM", "compute", 30 * MIB),
    MemoryShare("RAM", "overhead", 96 * MIB),
    MemoryShare("GPU", "weights", 3 * GIB),
)
ALLOCATED = (
    MemoryShare("CPU", "weights", 900 * MIB),
    MemoryShare("CPU", "kv_cache", 64 * MIB),
    MemoryShare("CPU", "compute", 40 * MIB),
    MemoryShare("CUDA0", "weights", 3 * GIB),
)
LOADED = replace(FACTS, memory=ALLOCATED, planned=PLANNED)
RESERVED = sum(share.size_bytes for share in ALLOCATED)


def rows(card: PartsCard) -> dict[str, tuple[str, str]]:
    return {name: (planned, measured) for name, planned, measured in card.rows}


def test_memory_by_part_beside_what_was_planned(panel: GraphPanel) -> None:
    assert not panel.parts.isVisible()
    panel.on_event(ModelLoaded(JOB, MODEL, LOADED))
    assert panel.parts.isVisible()
    assert rows(panel.parts) == {
        "Weights": ("3.9 GiB", "3.9 GiB"),
        "KV cache": ("64.0 MiB", "64.0 MiB"),
        "Compute": ("30.0 MiB", "40.0 MiB"),
        "Overhead": ("96.0 MiB", "–"),
    }
    words = panel.parts.accessibleDescription()
    assert "Compute: 30.0 MiB planned, 40.0 MiB measured." in words
    assert "16384 tokens" in words.replace(",", "")
    assert panel.parts.toolTip() == words
    panel.on_event(RuntimeStateChanged(JOB, RuntimeState.STOPPED))
    assert not panel.parts.isVisible()


def test_overhead_is_what_the_process_holds_beside_it(panel: GraphPanel) -> None:
    panel.on_event(ModelLoaded(JOB, MODEL, LOADED))
    panel.on_event(sampled(1.0, model=RESERVED + 100 * MIB))
    assert rows(panel.parts)["Overhead"] == ("96.0 MiB", "100 MiB")
    panel.on_event(sampled(2.0, model=RESERVED - 1))  # pages of the file were given back
    assert rows(panel.parts)["Overhead"] == ("96.0 MiB", "–")


def test_parts_of_what_was_not_planned_or_is_elsewhere(panel: GraphPanel) -> None:
    panel.on_event(ModelLoaded(JOB, MODEL, replace(LOADED, planned=())))
    assert rows(panel.parts)["Weights"] == ("–", "3.9 GiB")
    panel.on_event(ModelLoaded(JOB, MODEL, FACTS))  # an endpoint tells no sizes
    assert not panel.parts.isVisible()


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_parts_are_painted_in_their_colours(
    panel: GraphPanel, theme: ThemeSource, tokens: Tokens
) -> None:
    theme.show(tokens)
    panel.on_event(ModelLoaded(JOB, MODEL, LOADED))
    settle()
    image = panel.parts.grab().toImage()
    for colour in (tokens.accent, tokens.speed, tokens.ram):
        assert has(image, colour), colour


def test_hidden_nothing_is_worked_out_and_shown_again_it_is_up_to_date(panel: GraphPanel) -> None:
    panel.on_event(sampled(1.0))
    panel.hide()
    before = panel.memory.accessibleDescription()
    panel.on_event(sampled(2.0, model=12 * GIB))
    panel.on_event(ModelLoaded(JOB, MODEL, LOADED))
    panel.on_event(TokenDelta(JOB, "a", False, 1))
    assert panel.memory.accessibleDescription() == before
    assert not panel._speed_timer.isActive()
    panel.show()
    assert "12.0 GiB" in panel.memory.accessibleDescription()
    assert rows(panel.parts)["Weights"] == ("3.9 GiB", "3.9 GiB")
