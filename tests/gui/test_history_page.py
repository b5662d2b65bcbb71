"""The page of what was measured over time, the meter of the context, and curves that can be held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.events import HistoryRead, JobFailed, JobId, ModelLoaded, PromptProgressed, TelemetrySampled
from engine.jobs.history import history
from engine.messages import sentence
from engine.telemetry.energy import EnergyMeter
from engine.telemetry.history import AnswerRecord, DeviceRecord, History, ScoreRecord
from engine.telemetry.sample import GpuSample, TelemetrySample
from gui.bridge import EngineBridge
from gui.graphs.history_page import HistoryPage
from gui.graphs.panel import GraphPanel
from gui.widgets.theme import ThemeSource
from tests.gui import samples
from tests.gui.chat_support import Chat, answer, conversation, make_chat, press, settle, user
from tests.gui.fake_desk import FakeDesk
from tests.gui.patience import LIMIT_MS

NOW = 1_795_700_000.0


def record(at: float, model: str = "Qwen3-4B", speed: float = 20.0) -> AnswerRecord:
    return AnswerRecord(at, model, "Q4_K_M", 100, 0, 0, 100, 50, 0, 0.0, 0.5, 0.6, 2.5, 200.0, speed, 1.0)


def device(at: float) -> DeviceRecord:
    return DeviceRecord(at, "RAM", 8 << 30, 24 << 30, 3 << 30, 0.4, 0.9, None, None)


def score(at: float) -> ScoreRecord:
    return ScoreRecord(
        at, "m", "b", "Qwen3-4B", "Q4_K_M", "x", "memory_resident_bytes", 0, 1.0, 3e9, 3.1e9, 3e9, 1
    )


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("time.time", lambda: NOW)
    path = tmp_path / "history.sqlite3"
    store = History(path)
    store.add([record(NOW - 3600 + n, speed=10.0 + n) for n in range(20)])
    store.add(
        [record(NOW - 7200, "SmolLM2-135M", 90.0), device(NOW - 600), device(NOW - 500), score(NOW - 4000)]
    )
    store.close()
    return path


class Shown:
    def __init__(self, qtbot: QtBot) -> None:
        bridge = EngineBridge()
        self.desk = FakeDesk(bridge.emit_event)
        self.page = HistoryPage(self.desk, bridge, ThemeSource())
        qtbot.addWidget(self.page)
        self.page.resize(1000, 700)
        self.page.show()
        self.page.enter()

    def tell(self, path: Path) -> None:
        job = self.desk.last("history")
        self.desk.tell(HistoryRead(job, history(path, self.desk.arguments("history")[0])))
        settle()


def test_models_are_told_apart_the_last_used_first(kept: Path) -> None:
    found = history(kept, 7)
    assert [(one.model, one.count) for one in found.models] == [("Qwen3-4B", 20), ("SmolLM2-135M", 1)]
    assert found.models[0].generation_tps == 19.5
    assert (found.models[0].predicted_bytes, found.models[0].measured_bytes) == (3_000_000_000, 3_100_000_000)
    assert [name for name, _ in found.devices] == ["RAM"]


def test_the_page_shows_a_model_and_picks_points_by_key(qtbot: QtBot, kept: Path) -> None:
    shown = Shown(qtbot)
    shown.tell(kept)
    page = shown.page
    assert page.model.currentText() == "Qwen3-4B Q4_K_M"
    assert "20 answers" in page._figures.text() and "20 tokens/s" in page._figures.text()
    assert "2.9 GiB measured" in page._memory_words.text()
    assert page.device.currentText() == "Memory and processor"
    page.speed.setFocus()
    press(page.speed, Qt.Key.Key_Left)
    assert page.speed.picked_words().endswith("29 tokens/s")
    press(page.speed, Qt.Key.Key_Left)
    assert page.speed.accessibleDescription().endswith("28 tokens/s")
    assert page.memory.isVisible()


def test_another_time_is_asked_for_and_an_empty_one_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    shown = Shown(qtbot)
    shown.page.days.setCurrentIndex(2)
    shown.page.days.activated.emit(2)
    assert shown.desk.arguments("history") == (30,)
    shown.tell(tmp_path / "none.sqlite3")
    assert shown.page._nothing.isVisible() and not shown.page.speed.isVisible()
    shown.page.read()
    shown.desk.tell(JobFailed(shown.desk.last("history"), sentence("history_unusable", reason="locked")))
    settle()
    assert "locked" in shown.page._error.text()


# the meter
def test_the_meter_tells_prompt_reasoning_answer_and_what_is_left(qtbot: QtBot) -> None:
    chat: Chat = make_chat(qtbot)
    model = replace(samples.FETCHED, name="model")  # that wrote the answers of these tests
    chat.desk.tell(ModelLoaded(JobId(0), model, samples.facts(model)))
    chat.open(conversation(user(1, "Why?"), answer(2, "So.")))
    meter = chat.page.meter
    assert meter.isVisible()
    assert meter.accessibleDescription() == "Prompt 120 · Reasoning 66 · Answer 144 · Left 7,862"
    assert meter._words.text() == "330 of 8,192 tokens"
    chat.page.new_conversation()
    assert not meter.isVisible()


def test_the_meter_grows_while_an_answer_is_written(qtbot: QtBot) -> None:
    chat: Chat = make_chat(qtbot)
    model = replace(samples.FETCHED, name="model")
    chat.desk.tell(ModelLoaded(JobId(0), model, samples.facts(model)))
    job = chat.begin_answer()
    assert not chat.page.meter.isVisible()
    chat.desk.tell(PromptProgressed(job, 120, 120, 0))
    chat.stream(job, "hm", reasoning=True)
    chat.stream(job, "one ", "two ")
    qtbot.waitUntil(
        lambda: chat.page.meter.parts is not None and chat.page.meter.parts.answer == 2, timeout=LIMIT_MS
    )
    assert chat.page.meter.parts is not None
    assert (chat.page.meter.parts.prompt, chat.page.meter.parts.reasoning) == (120, 1)


# curves
def sample(at: float, watts: float | None = None) -> TelemetrySample:
    cards = () if watts is None else (GpuSample("Card", 1, 2, 0.5, watts, 60.0),)
    return TelemetrySample(at, 8 << 30, 16 << 30, 0.5, 2 << 30, 0, cards)


def test_curves_are_held_and_tell_their_values(qtbot: QtBot) -> None:
    panel = GraphPanel(ThemeSource(), clock=lambda: 0.0)
    qtbot.addWidget(panel)
    panel.show()
    panel.on_event(TelemetrySampled(JobId(0), sample(100.0)))
    settle()
    panel.grab()
    card = panel.memory
    chart = card._chart
    assert chart is not None
    assert card.values_at(chart.right()) == ["8.0 GiB", "2.0 GiB"]
    assert card.values_at(chart.left()) == []
    move(card, chart.right(), chart.center().y())
    assert not card.grab().toImage().isNull()
    panel.pause.click()
    panel.on_event(TelemetrySampled(JobId(0), sample(150.0)))
    assert card.values_at(chart.right()) == ["8.0 GiB", "2.0 GiB"]
    assert card._newest() == 100.0
    panel.pause.click()
    assert card._newest() == 150.0
    card.setFocus()
    press(card, Qt.Key.Key_Left)
    assert card._hover is not None


def move(widget: QWidget, x: float, y: float) -> None:
    place = QPointF(x, y)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


# energy
def test_energy_is_power_over_time_where_it_is_known() -> None:
    meter = EnergyMeter()
    assert meter.joules(0, 10) == 0.0
    for at in range(21):
        meter.take(sample(float(at), 100.0))
    assert meter.joules(5, 15) == pytest.approx(1000.0)
    assert meter.joules(5.25, 5.75) == pytest.approx(50.0)
    assert meter.joules(-10, 5) == 0.0  # before anything was read
    assert meter.joules(15, 30) == 0.0  # not read to its end


def test_energy_is_not_guessed_over_a_gap() -> None:
    meter = EnergyMeter()
    for at in (0.0, 1.0, 20.0, 21.0):
        meter.take(sample(at, 100.0))
    assert meter.joules(0, 21) == 0.0
    meter.take(sample(22.0))
    assert meter.joules(20, 21) == pytest.approx(100.0)
