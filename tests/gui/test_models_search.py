"""Searching the hub in the window: by words, with verdicts, and a closer look at a header."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.download.hub_search import FoundModel
from engine.events import JobCancelled, JobFailed, JobFinished, ModelPlanned, ModelsFound
from engine.jobs.searching import SearchResult
from engine.messages import sentence
from engine.planning.plan import Verdict
from engine.settings import Settings
from tests.gui import samples
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)
QWEN = "unsloth/Qwen3-8B-GGUF"
HUGE = "unsloth/Huge-GGUF"


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    press_button(window, "Models")
    return window


def words(window: WindowUnderTest) -> str:
    labels = window.parts.models.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def results() -> tuple[SearchResult, ...]:
    qwen = FoundModel(QWEN, 12_345, False, "qwen3", 8_190_000_000, 40_960, ("Q4_K_M",))
    huge = FoundModel(HUGE, 7, True, "", 0, 0, ())
    return SearchResult(qwen, samples.plan("Qwen3-8B")), SearchResult(huge, None)


def search(window: WindowUnderTest, text: str = "qwen3 8b") -> None:
    window.parts.models._field.setFocus()
    window.type(text)
    window.press(Qt.Key.Key_Return)


def find(window: WindowUnderTest) -> None:
    search(window)
    job = window.desk.last("search")
    window.tell(ModelsFound(job, results()), JobFinished(job))


def test_nothing_is_asked_before_someone_searches(page: WindowUnderTest) -> None:
    assert page.desk.count("search") == 0
    search(page, "   ")
    assert page.desk.count("search") == 0


def test_results_come_with_their_verdicts(page: WindowUnderTest) -> None:
    search(page)
    assert page.desk.arguments("search") == ("qwen3 8b",)
    assert "asking the hub…" in words(page)
    job = page.desk.last("search")
    page.tell(ModelsFound(job, results()), JobFinished(job))
    shown = words(page)
    for expected in (QWEN, "12,345 downloads", "Runs well", "estimated", HUGE, "needs an account"):
        assert expected in shown
    assert "asking the hub…" not in shown


def test_a_closer_look_makes_the_verdict_exact(page: WindowUnderTest) -> None:
    find(page)
    press_button(page, f"Read the header of {QWEN}")
    assert page.desk.arguments("plan_elsewhere") == (QWEN, "Q4_K_M")
    job = page.desk.last("plan_elsewhere")
    plan = samples.plan("Qwen3-8B", verdict=Verdict.WILL_NOT_RUN)
    page.tell(ModelPlanned(job, QWEN, plan), JobFinished(job))
    assert "Will not run · planned from its header" in words(page)


def test_a_header_that_cannot_be_read_is_a_sentence(page: WindowUnderTest) -> None:
    find(page)
    press_button(page, f"Read the header of {HUGE}")
    job = page.desk.last("plan_elsewhere")
    page.tell(JobFailed(job, sentence("hub_offline")))
    assert "HF_HUB_OFFLINE" in words(page)


def test_a_result_is_downloaded(page: WindowUnderTest) -> None:
    find(page)
    press_button(page, f"Download {QWEN}")
    assert page.desk.arguments("pull") == (QWEN, "Q4_K_M")


def test_a_search_is_stopped(page: WindowUnderTest) -> None:
    search(page)
    job = page.desk.last("search")
    press_button(page, "Stop searching")
    assert page.desk.cancelled == [job]
    page.tell(JobCancelled(job), ModelsFound(job, results()))
    assert QWEN not in words(page)


def test_a_hub_that_does_not_answer_is_a_sentence(page: WindowUnderTest) -> None:
    search(page)
    job = page.desk.last("search")
    page.tell(JobFailed(job, sentence("hub_unreachable", endpoint="https://hub", reason="no route")))
    assert "https://hub does not answer" in words(page)


def test_a_search_without_results_says_so(page: WindowUnderTest) -> None:
    search(page)
    job = page.desk.last("search")
    page.tell(ModelsFound(job, ()), JobFinished(job))
    assert "no GGUF model for these words" in words(page)
