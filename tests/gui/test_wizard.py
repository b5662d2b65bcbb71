"""The wizard by keyboard: three steps, each with its failures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QProgressBar

from engine.events import (
    DownloadPlanned,
    DownloadProgressed,
    DownloadVerified,
    HardwareReported,
    JobCancelled,
    JobFailed,
    JobFinished,
    ModelsListed,
    Recommended,
    RuntimesListed,
)
from engine.hardware.comparison import Change, Part
from engine.hardware.overrides import apply_overrides, parse_overrides
from engine.hardware.report import GpuInfo
from engine.messages import sentence
from engine.planning.plan import Verdict
from engine.settings import Settings
from gui.plans.plan_card import PlanCard
from gui.shell.window import Page
from gui.widgets.controls import Button
from gui.widgets.sentences import SentenceLabel
from gui.wizard.advice_step import machine_bytes
from gui.wizard.check_step import CheckStepView
from gui.wizard.correct_form import CorrectForm
from gui.wizard.model import GetStage, Stage
from gui.wizard.runtime_offer import RuntimeOffer
from tests.gui import samples
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest


def shown(window: WindowUnderTest) -> str:
    """Every word that can be seen in the wizard."""
    labels = window.parts.wizard.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def to_advice(window: WindowUnderTest) -> None:
    window.list_all(samples.STARTER)
    window.finish_check()
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 1


def to_download(window: WindowUnderTest) -> None:
    to_advice(window)
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 2


def test_first_start_begins_with_the_check(window: WindowUnderTest) -> None:
    assert window.parts.window.page is Page.WIZARD
    assert window.desk.count("check") == 1
    assert not window.parts.sidebar.isVisible()
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 0, "Enter must not leave an unfinished check"


@pytest.mark.parametrize("window", [Settings(wizard_done=True)], indirect=True)
def test_later_starts_show_the_chat(window: WindowUnderTest) -> None:
    assert window.parts.window.page is Page.CHAT
    assert window.desk.count("check") == 0


def test_the_check_is_shown_while_it_happens(window: WindowUnderTest) -> None:
    window.progress_check()
    words = shown(window)
    assert "Ryzen 9 7950X" in words
    assert "16 cores, 32 threads" in words
    assert "58.2 GB/s" in words
    bars = [bar for bar in window.parts.wizard.findChildren(QProgressBar) if bar.isVisible()]
    assert [bar.value() for bar in bars] == [700]
    assert "412 GiB" not in words


def test_a_cancelled_check_can_be_done_again(window: WindowUnderTest) -> None:
    window.progress_check()
    job = window.desk.last("check")
    window.press(Qt.Key.Key_Tab)
    window.press(Qt.Key.Key_Return)
    assert window.desk.cancelled == [job]
    window.tell(JobCancelled(job))
    assert "cancelled" in shown(window)
    assert not window.parts.wizard.model.report
    again = next(
        button
        for button in window.parts.wizard.findChildren(type(window.parts.wizard._back))
        if button.accessibleName() == "Check again" and button.isVisible()
    )
    again.setFocus()
    window.press(Qt.Key.Key_Return)
    assert window.desk.count("check") == 2
    window.tell(HardwareReported(job, samples.report()))
    assert window.parts.wizard.model.check_stage is Stage.RUNNING, "a stale report was taken"


def test_a_failed_check_says_why(window: WindowUnderTest) -> None:
    window.tell(JobFailed(window.desk.last("check"), sentence("disk_full", path="/data")))
    assert "The disk that holds /data is full" in shown(window)
    assert not window.parts.banners.isVisible(), "the wizard's failures belong to the wizard"


def test_the_focus_waits_on_the_way_forward(window: WindowUnderTest) -> None:
    window.finish_check()
    assert window.focused().accessibleName() == "Next"


def test_advice_is_ranked_and_ends_with_the_flagship(window: WindowUnderTest) -> None:
    to_advice(window)
    cards = window.parts.wizard.findChildren(PlanCard)
    assert [card.plan.model.title for card in cards][-1] == "DeepSeek-R1-0528 671B"
    assert cards[0].isChecked() and cards[0].hasFocus()
    words = shown(window)
    for expected in (
        "8.1 to 10 tokens/s",
        "Runs well",
        "Runs, but slowly",
        "Will not run",
        "estimated",
        "planned",
    ):
        assert expected in words
    assert "needs 9.0 GiB of 64.0 GiB" in words


def test_arrow_keys_choose_and_what_cannot_run_is_refused(window: WindowUnderTest) -> None:
    to_advice(window)
    for _ in range(3):
        window.press(Qt.Key.Key_Down)
    assert "This one will not run here" in shown(window)
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 1
    window.press(Qt.Key.Key_Up)
    window.press(Qt.Key.Key_Up)
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 2
    chosen = window.parts.wizard.model.chosen
    assert chosen is not None and chosen.model.title == "Qwen3-30B-A3B"


def test_escape_goes_back_and_keeps_the_results(window: WindowUnderTest) -> None:
    to_download(window)
    window.press(Qt.Key.Key_Escape)
    window.press(Qt.Key.Key_Escape)
    assert window.parts.wizard.step == 0
    assert window.desk.count("check") == 1
    assert "Ryzen" in shown(window)


def test_failed_advice_can_be_asked_again(window: WindowUnderTest) -> None:
    window.tell(HardwareReported(window.desk.last("check"), samples.report()))
    window.tell(JobFailed(window.desk.last("recommend"), sentence("disk_full", path="/data")))
    window.press(Qt.Key.Key_Return)
    assert "is full" in shown(window)
    window.press(Qt.Key.Key_Tab)
    window.press(Qt.Key.Key_Space)
    assert window.desk.count("recommend") == 2


def test_that_the_machine_was_busy_stands_before_the_plans(window: WindowUnderTest) -> None:
    """Speeds measured on a busy machine put small models first."""
    remarks = (sentence("disk_full", path="/data"), sentence("advice_busy"))
    window.tell(HardwareReported(window.desk.last("check"), samples.report()))
    window.tell(
        Recommended(window.desk.last("recommend"), replace(samples.recommendation(), remarks=remarks))
    )
    window.press(Qt.Key.Key_Return)
    visible = [each for each in window.parts.window.findChildren(SentenceLabel) if each.isVisible()]
    (busy,) = (each for each in visible if "busy" in each.text())
    card = window.parts.window.findChildren(PlanCard)[0]
    assert "is full" not in busy.text() and "is full" in shown(window)
    assert busy.mapToGlobal(QPoint()).y() < card.mapToGlobal(QPoint()).y()


def test_where_nothing_runs_the_starter_is_left(window: WindowUnderTest) -> None:
    window.list_all()
    nothing = samples.plan(verdict=Verdict.WILL_NOT_RUN)
    advice = replace(samples.recommendation(), plans=(nothing,))
    window.tell(HardwareReported(window.desk.last("check"), samples.report()))
    window.tell(Recommended(window.desk.last("recommend"), advice))
    window.press(Qt.Key.Key_Return)
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 2
    assert window.parts.wizard.model.chosen is None
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("load") == (samples.STARTER,)


def test_a_download_from_start_to_chat(window: WindowUnderTest) -> None:
    to_download(window)
    window.press(Qt.Key.Key_Return)
    plan = window.desk.arguments("pull_plan")[0]
    job = window.desk.last("pull_plan")
    window.tell(
        DownloadPlanned(job, samples.download_plan(plan)),
        DownloadProgressed(job, samples.progress(plan, 0.37)),
    )
    words = shown(window)
    assert "1.7 GiB of 4.7 GiB" in words
    assert "24.5 MB/s, 2 min 9 s left" in words
    window.tell(DownloadVerified(job, samples.FETCHED), JobFinished(job))
    assert "checksum is right" in shown(window)
    window.press(Qt.Key.Key_Return)
    assert window.desk.settings.wizard_done
    assert window.desk.arguments("load") == (samples.FETCHED,)
    assert window.parts.window.page is Page.CHAT


def test_pause_and_resume(window: WindowUnderTest) -> None:
    to_download(window)
    window.press(Qt.Key.Key_Return)
    first = window.desk.last("pull_plan")
    plan = window.desk.arguments("pull_plan")[0]
    window.tell(DownloadProgressed(first, samples.progress(plan, 0.5)))
    window.parts.wizard.model.pause()
    assert window.desk.cancelled == [first]
    window.tell(JobCancelled(first))
    assert "paused" in shown(window)
    window.press(Qt.Key.Key_Return)
    assert window.desk.count("pull_plan") == 2
    window.tell(DownloadProgressed(first, samples.progress(plan, 0.9)))
    assert window.parts.wizard.model.get_stage is GetStage.PREPARING, "news of the old job was taken"


def test_a_failed_download_is_tried_again_by_enter(window: WindowUnderTest) -> None:
    to_download(window)
    window.press(Qt.Key.Key_Return)
    window.tell(JobFailed(window.desk.last("pull_plan"), sentence("disk_full", path="/data")))
    assert "The disk that holds /data is full" in shown(window)
    window.press(Qt.Key.Key_Return)
    assert window.desk.count("pull_plan") == 2
    assert "is full" not in shown(window)


def test_where_the_hub_is_away_mirrors_are_asked_only_if_a_person_says_so(window: WindowUnderTest) -> None:
    to_download(window)
    window.press(Qt.Key.Key_Return)
    away = sentence("hub_unreachable", endpoint="https://huggingface.co", reason="none")
    window.tell(JobFailed(window.desk.last("pull_plan"), away))
    assert window.desk.settings.mirrors == ()
    press_button(window, "Ask hf-mirror.com and ModelScope")
    assert window.desk.settings.mirrors == ("usual",)
    assert window.desk.count("pull_plan") == 2


def test_start_now_by_keyboard(window: WindowUnderTest) -> None:
    to_download(window)
    for _ in range(12):
        if window.focused().accessibleName() == "Start now with the starter model":
            break
        window.press(Qt.Key.Key_Tab)
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("load") == (samples.STARTER,)
    assert window.parts.window.page is Page.CHAT
    assert window.desk.settings.wizard_done


def test_a_model_that_is_here_needs_no_download(window: WindowUnderTest) -> None:
    window.tell(ModelsListed(window.desk.last("list_models"), (samples.STARTER, samples.FETCHED)))
    window.finish_check()
    window.press(Qt.Key.Key_Return)
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.model.get_stage is GetStage.COMPLETE
    assert window.desk.count("pull_plan") == 0


def test_skipping_leads_to_the_chat(window: WindowUnderTest) -> None:
    window.parts.wizard.left.emit()
    assert window.parts.window.page is Page.CHAT
    assert window.desk.settings.wizard_done
    assert window.desk.count("load") == 0


def test_unusable_cards_do_not_count_as_memory() -> None:
    report = samples.report()
    assert machine_bytes(report) == 64 * samples.GIB
    usable = replace(report, gpus=(replace(samples.GPU, usable=True),))
    assert machine_bytes(usable) == 76 * samples.GIB


def test_figures_are_corrected_by_hand_and_changes_shown(window: WindowUnderTest) -> None:
    found = samples.report()
    change = Change(Part.DISK, sentence("change_disk_new", path="/data"))
    window.tell(HardwareReported(window.desk.last("check"), found, (change,)))
    assert "/data is a disk that was not there at the last check." in shown(window)
    step = window.parts.wizard.findChild(CheckStepView)
    button = next(one for one in step.findChildren(Button) if one.text() == "Correct by hand")
    button.setFocus()
    window.press(Qt.Key.Key_Return)
    form = step.findChild(CorrectForm)
    field = next(one for one in form.findChildren(QLineEdit) if one.accessibleName() == "Memory in all")
    assert window.focused() is field, "the form is reached by the keyboard at once"
    window.type("64GiB")
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 0
    assert window.desk.arguments("correct") == ((("memory.total", "64GiB"),),)
    refused = sentence("override_refused", key="memory.total", value="x", wanted="a size")
    window.tell(JobFailed(window.desk.last("correct"), refused))
    assert "memory.total cannot be set to x." in shown(window)
    overrides = parse_overrides((("memory.bandwidth", "50GB/s"),))
    window.tell(HardwareReported(window.desk.last("correct"), apply_overrides(found, overrides)))
    assert "set by hand" in shown(window)
    assert "Set by hand, not found by the check: memory.bandwidth." in shown(window)


# a runtime for a card that lies idle


IDLE = replace(
    samples.GPU, reason=sentence("gpu_engine_cpu_only", name="NVIDIA GeForce RTX 3060", vendor="NVIDIA")
)


def check_finds(window: WindowUnderTest, gpu: GpuInfo) -> None:
    job = window.desk.last("check")
    window.tell(HardwareReported(job, replace(samples.report(), gpus=(gpu,))), JobFinished(job))


def test_no_runtime_is_offered_where_none_would_help(window: WindowUnderTest) -> None:
    check_finds(window, samples.GPU)
    assert not window.parts.wizard.findChild(RuntimeOffer).isVisible()
    assert window.desk.count("list_runtimes") == 0


def test_a_card_that_lies_idle_is_offered_a_runtime_and_looked_at_again(window: WindowUnderTest) -> None:
    check_finds(window, IDLE)
    offer = window.parts.wizard.findChild(RuntimeOffer)
    assert "A runtime for NVIDIA GeForce RTX 3060" in shown(window) and "CUDA, else Vulkan" in shown(window)
    assert not offer._source._fetch.isEnabled(), "nobody said where from"
    window.tell(RuntimesListed(window.desk.last("list_runtimes"), (), "https://runtimes.example/list"))
    assert window.desk.count("add_runtime") == 0, "nothing is fetched unasked"
    press_button(window, "Fetch and try")
    job = window.desk.last("add_runtime")
    assert "trying" in shown(window)
    window.tell(RuntimesListed(job, ()), JobFinished(job))
    assert window.desk.count("check") == 2
    assert not offer.isVisible()


def test_a_runtime_that_fails_says_why_and_may_come_from_elsewhere(window: WindowUnderTest) -> None:
    check_finds(window, IDLE)
    offer = window.parts.wizard.findChild(RuntimeOffer)
    offer._source._field.setFocus()
    offer._source._field.setText("/mnt/stick")
    window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == 0, "Enter in the field leaves the page"
    assert window.desk.arguments("add_runtime") == ("/mnt/stick",)
    assert window.desk.settings.runtimes_from == "/mnt/stick"
    job = window.desk.last("add_runtime")
    window.tell(JobFailed(job, sentence("pack_driver_old", name="cuda-1", needed="570", have="550.54")))
    assert "needs version 570" in shown(window) and window.desk.count("check") == 1
    press_button(window, "Fetch and try")
    press_button(window, "Stop")
    assert window.desk.cancelled[-1] == window.desk.last("add_runtime")
    window.tell(JobCancelled(window.desk.last("add_runtime")))
    assert "needs version" not in shown(window) and "trying" not in shown(window)
