"""How a model is loaded, chosen by keyboard on the models page, with what that costs told before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.catalog.model import InstalledModel
from engine.download.library_values import LibraryEntry, Standing
from engine.events import JobFailed, JobId, LibraryListed, LoadForeseen, ModelsListed
from engine.jobs.foreseeing import LoadOutlook
from engine.messages import sentence
from engine.settings import EVERY_LAYER, Loading, Settings
from gui.models.load_form import LoadForm
from gui.models.rows import ModelRow
from tests.gui import samples
from tests.gui.samples import GIB
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)
MODEL = samples.FETCHED
SMALL = InstalledModel("/models/small.gguf", "Qwen3-0.6B", "Q8_0", GIB // 2, "hub", "", "", True)


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    entry = LibraryEntry(MODEL, (MODEL.path,), Standing.READY, 1.7e9, "/models")
    window.tell(LibraryListed(JobId(0), (entry,), ()), ModelsListed(JobId(0), (samples.STARTER, MODEL)))
    press_button(window, "Models")
    return window


def form(window: WindowUnderTest) -> LoadForm:
    return window.parts.models.findChild(LoadForm)


def words(window: WindowUnderTest) -> str:
    labels = form(window).findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def begin(window: WindowUnderTest) -> None:
    rows = [row for row in window.parts.models.findChildren(ModelRow) if row._model == MODEL]
    row = next(row for row in rows if row.isVisible())
    row._fill_menu()
    next(one for one in row._menu.actions() if one.text() == "How it is loaded…").trigger()
    window.settle()


def answer(
    window: WindowUnderTest, layers: int = 0, draft_bytes: int = 0, devices: bool = True, experts: int = 0
) -> None:
    """What the engine foresees of what was asked last."""
    usual = samples.plan()
    memory = replace(usual.memory, ram=3 * GIB, vram=(("RTX 3060", 2 * GIB),) if layers else ())
    shape = replace(usual.model.shape, experts=experts)
    plan = replace(
        usual,
        model=replace(usual.model, shape=shape),
        n_gpu_layers=layers + 1 if layers else 0,
        memory=memory,
    )
    _, loading = window.desk.arguments("foresee")
    away = min(loading.experts_in_ram or 0, 36)
    plan = replace(plan, experts_away=tuple(range(away)), experts_kept=36 - away)
    outlook = LoadOutlook(
        loading, plan, usual, ("RTX 3060",) if devices else (), draft_bytes, (SMALL,) if devices else ()
    )
    window.tell(LoadForeseen(window.desk.last("foresee"), outlook))


def test_layers_are_chosen_by_keyboard_and_their_cost_is_told_before(page: WindowUnderTest) -> None:
    begin(page)
    assert page.desk.arguments("foresee") == (MODEL, Loading(MODEL.path))
    assert page.focused() is form(page)._place
    answer(page)
    assert "As planned: 8.1 to 10 tokens/s" in words(page) and "Like this" not in words(page)
    page.press(Qt.Key.Key_Down)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, 0)
    page.press(Qt.Key.Key_Down)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, 36)
    page.press(Qt.Key.Key_Tab)
    assert page.focused() is form(page)._layers
    for _ in range(24):
        page.press(Qt.Key.Key_Down)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, 12)
    answer(page, layers=12)
    assert "Like this" in words(page) and "12 of 36 layers on the GPU" in words(page)
    assert "3.0 GiB of main memory" in words(page) and "2.0 GiB on RTX 3060" in words(page)
    assert page.desk.count("change_settings") == 0 and page.desk.count("load") == 0
    press_button(page, "Load it like this from now on")
    assert page.desk.settings.loading == (Loading(MODEL.path, 12),)
    assert not form(page).isVisible()


def test_a_smaller_model_that_writes_ahead(page: WindowUnderTest) -> None:
    begin(page)
    answer(page)
    form(page)._draft.setFocus()
    page.press(Qt.Key.Key_Down)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, -1, SMALL.path)
    answer(page, draft_bytes=640 << 20)
    assert "The smaller model takes 640 MiB of main memory besides" in words(page)
    press_button(page, "Load it like this from now on")
    begin(page)
    assert page.desk.arguments("foresee")[1].draft == SMALL.path
    press_button(page, "As planned")
    press_button(page, "Load it like this from now on")
    assert page.desk.settings.loading == ()


def test_experts_are_put_into_main_memory_by_keyboard(page: WindowUnderTest) -> None:
    """Of a mixture, where there is a device that could hold them; their cost is told before."""
    begin(page)
    answer(page)
    assert not form(page)._experts.isVisible()
    answer(page, layers=36, experts=128)
    assert form(page)._experts.isVisible()
    form(page)._experts.setFocus()
    page.press(Qt.Key.Key_Down)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, experts_in_ram=EVERY_LAYER)
    answer(page, layers=36, experts=128)
    assert "Like this" in words(page) and "experts in main memory, the rest on the GPU" in words(page)
    assert page.focused() is form(page)._experts
    press_button(page, "Load it like this from now on")
    assert page.desk.settings.loading == (Loading(MODEL.path, experts_in_ram=EVERY_LAYER),)
    begin(page)
    page.settle()
    assert form(page)._experts.currentText().startswith("in main memory")
    press_button(page, "As planned")
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path)


def test_experts_of_some_layers_are_put_into_main_memory_by_keyboard(page: WindowUnderTest) -> None:
    """As many as a person says; a number that is kept comes back."""
    begin(page)
    answer(page, layers=36, experts=128)
    assert not form(page)._away.isVisible()
    form(page)._experts.setFocus()
    page.press(Qt.Key.Key_End)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, experts_in_ram=18)
    assert form(page)._away.isVisible()
    page.press(Qt.Key.Key_Tab)
    assert page.focused() is form(page)._away
    page.press(Qt.Key.Key_Up)
    assert page.desk.arguments("foresee")[1] == Loading(MODEL.path, experts_in_ram=19)
    answer(page, layers=36, experts=128)
    assert "experts of 19 layers in main memory, the rest on the GPU" in words(page)
    answer(page, layers=24, experts=128)
    assert "24 of 36 layers on the GPU, the experts of 19 of them in main memory" in words(page)
    press_button(page, "Load it like this from now on")
    assert page.desk.settings.loading == (Loading(MODEL.path, experts_in_ram=19),)
    begin(page)
    page.settle()
    assert form(page)._experts.currentText().endswith("as I say")
    answer(page, layers=36, experts=128)
    assert form(page)._away.isVisible() and form(page)._away.value() == 19
    press_button(page, "As planned")
    assert not form(page)._away.isVisible()


def test_without_a_device_there_is_nothing_to_choose_for_experts(page: WindowUnderTest) -> None:
    begin(page)
    answer(page, experts=128, devices=False)
    assert not form(page)._experts.isVisible()


def test_without_devices_and_smaller_models_that_is_said(page: WindowUnderTest) -> None:
    begin(page)
    answer(page, devices=False)
    assert "nothing beside the processor" in words(page) and "No smaller model" in words(page)
    assert not form(page)._draft.isEnabled()


def test_escape_changes_nothing_and_ends_the_question(page: WindowUnderTest) -> None:
    begin(page)
    job = page.desk.last("foresee")
    page.press(Qt.Key.Key_Escape)
    assert not form(page).isVisible() and page.desk.cancelled == [job]
    assert page.desk.count("change_settings") == 0
    assert page.parts.models._back.hasFocus()


def test_a_file_that_cannot_be_read_is_said(page: WindowUnderTest) -> None:
    begin(page)
    page.tell(JobFailed(page.desk.last("foresee"), sentence("header_ends_in_header")))
    assert "header" in words(page)


def test_only_the_last_question_is_answered(page: WindowUnderTest) -> None:
    begin(page)
    first, loading = page.desk.last("foresee"), page.desk.arguments("foresee")[1]
    answer(page)
    page.press(Qt.Key.Key_Down)
    late = LoadOutlook(loading, samples.plan("Late"), samples.plan("Late"), (), 99 << 20, ())
    page.tell(LoadForeseen(first, late))
    assert "nothing beside" not in words(page)
