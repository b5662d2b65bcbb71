"""How good predictions were, on the models page, and a calibration from there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar

from engine.events import (
    Calibrated,
    CalibrationProgressed,
    JobCancelled,
    JobFailed,
    JobFinished,
    Scored,
)
from engine.jobs.scoring import Accuracy, Score
from engine.messages import sentence
from engine.settings import Settings
from engine.telemetry.history import Quantity
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

ENGLISH = Settings(wizard_done=True, language="en", theme="light")
CHINESE = Settings(wizard_done=True, language="zh_CN", theme="dark")
english = pytest.mark.parametrize("window", [ENGLISH], indirect=True)


def accuracy(quantity: Quantity, error: float, count: int) -> Accuracy:
    return Accuracy(quantity, "", "", count, 0, error, error * 3, 1.0, error * 2, error, error * 2)


def scored(window: WindowUnderTest, *found: Accuracy, calibrated: bool = False) -> None:
    job = window.desk.last("score")
    window.tell(Scored(job, Score(90, calibrated, found, (), ())), JobFinished(job))


def words(window: WindowUnderTest) -> str:
    labels = window.parts.models.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def open_page(window: WindowUnderTest, name: str = "Models") -> None:
    window.list_all()
    press_button(window, name)


@english
def test_the_page_says_how_good_predictions_were(window: WindowUnderTest) -> None:
    open_page(window)
    scored(window, accuracy(Quantity.GENERATION, 0.043, 1200), accuracy(Quantity.RESERVED, 0.004, 7))
    shown = words(window)
    assert "Generation: predictions were within 4 % (median of 1,200), the newest within 4 %" in shown
    assert "Memory reserved: predictions were within 0.4 % (median of 7)" in shown
    assert "measured" in shown
    assert "Not calibrated yet" in shown
    assert "Time to load" not in shown


@english
def test_before_the_first_answer_it_says_what_will_come(window: WindowUnderTest) -> None:
    open_page(window)
    scored(window)
    assert "None has been yet" in words(window)


@english
def test_a_calibration_with_progress_and_what_it_changed(window: WindowUnderTest) -> None:
    open_page(window)
    scored(window)
    press_button(window, "Calibrate")
    job = window.desk.last("calibrate")
    window.tell(CalibrationProgressed(job, 0.4))
    bar = next(bar for bar in window.parts.models.findChildren(QProgressBar) if bar.isVisible())
    assert (bar.value(), bar.accessibleName()) == (400, "Calibration")
    asked = window.desk.count("score")
    window.tell(Calibrated(job, kept=True), JobFinished(job))
    assert "Calibrated. Predictions rest on this machine's own speed" in words(window)
    assert window.desk.count("score") == asked + 1
    assert not bar.isVisible()


@english
def test_a_calibration_by_keyboard_that_is_stopped(window: WindowUnderTest) -> None:
    open_page(window)
    window.parts.models._score._calibrate.setFocus()
    window.press(Qt.Key.Key_Return)
    job = window.desk.last("calibrate")
    window.press(Qt.Key.Key_Return)  # the focus is on "Stop calibrating"
    assert window.desk.cancelled == [job]
    window.tell(JobCancelled(job))
    assert "Calibrating was stopped" in words(window)
    assert window.focused().accessibleName() == "Calibrate"


@english
def test_a_busy_machine_and_a_failure_are_said(window: WindowUnderTest) -> None:
    open_page(window)
    press_button(window, "Calibrate")
    job = window.desk.last("calibrate")
    window.tell(Calibrated(job, kept=False), JobFinished(job))
    assert "Other programs were busy" in words(window)
    press_button(window, "Calibrate")
    job = window.desk.last("calibrate")
    window.tell(JobFailed(job, sentence("calibration_failed", reason="it hung")))
    assert "it hung" in words(window)
    assert "Other programs" not in words(window)


@pytest.mark.parametrize("window", [CHINESE], indirect=True)
def test_in_chinese(window: WindowUnderTest) -> None:
    open_page(window, "模型")
    scored(window, accuracy(Quantity.GENERATION, 0.043, 12))
    assert "4%" in words(window) and "12" in words(window)
    assert "predictions" not in words(window)
    press_button(window, "校准")


@english
def test_advice_is_asked_for_again_after_a_calibration(window: WindowUnderTest) -> None:
    open_page(window)
    press_button(window, "Get another model")
    window.finish_check()
    asked = window.desk.count("recommend")
    window.parts.models.score.calibrate()
    job = window.desk.last("calibrate")
    window.tell(Calibrated(job, kept=False), JobFinished(job))
    assert window.desk.count("recommend") == asked
    window.tell(Calibrated(job, kept=True), JobFinished(job))
    assert window.desk.count("recommend") == asked + 1
