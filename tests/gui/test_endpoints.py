"""Endpoints elsewhere on the models page, by keyboard: what is asked of the desk, and what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QWidget

from engine.catalog.model import InstalledModel
from engine.events import (
    JobCancelled,
    JobFailed,
    JobFinished,
    ModelLoaded,
    ModelsListed,
    RemoteTried,
    RuntimeStateChanged,
)
from engine.messages import sentence
from engine.remote.address import SOURCE, Place
from engine.runtime.values import RuntimeState
from engine.settings import Remote, Settings
from tests.gui import samples
from tests.gui.test_access import focusable, walk
from tests.gui.test_shell import press_button, state_words
from tests.gui.window_under_test import WindowUnderTest

TEAM = Remote("Team", "http://gpu.lan:8000/v1", ("big", "small"))
OTHER = Remote("", "https://api.example.com/v1", ("m",))
BIG = InstalledModel(Place(TEAM.url, "big").path, "big", "", 0, SOURCE, "Team")

pytestmark = pytest.mark.parametrize(
    "window",
    [Settings(wizard_done=True, language="en", theme="light", remotes=(TEAM, OTHER))],
    indirect=True,
)


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all(samples.STARTER, BIG)
    press_button(window, "Models")
    return window


def words(window: WindowUnderTest) -> str:
    labels = window.parts.models.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def field(window: WindowUnderTest, name: str) -> QLineEdit:
    (found,) = [each for each in window.parts.models.findChildren(QLineEdit) if each.accessibleName() == name]
    return found


def fill(window: WindowUnderTest, name: str, text: str) -> None:
    field(window, name).setFocus()
    window.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    window.press(Qt.Key.Key_Delete)
    window.type(text)


def begin(window: WindowUnderTest, address: str = "http://10.0.0.7:8000") -> None:
    press_button(window, "Add an endpoint")
    window.type(address)


def found(window: WindowUnderTest, *names: str) -> None:
    job = window.desk.last("try_remote")
    window.tell(RemoteTried(job, names), JobFinished(job))


def listed(window: WindowUnderTest, job_of: str, *remotes: Remote) -> None:
    """What the desk does when it has kept or removed an endpoint."""
    window.desk.settings = Settings(wizard_done=True, language="en", theme="light", remotes=remotes)
    models = [
        InstalledModel(Place(remote.url, name).path, name, "", 0, SOURCE, remote.name)
        for remote in remotes
        for name in remote.models
    ]
    window.tell(ModelsListed(window.desk.last(job_of), (samples.STARTER, *models)))


def test_endpoints_and_their_models_are_listed(page: WindowUnderTest) -> None:
    shown = words(page)
    for expected in ("Team", TEAM.url, "big, small", "api.example.com", "big on gpu.lan:8000"):
        assert expected in shown
    assert "what you write is sent there" in shown and "0 B" not in shown


def test_one_is_tried_and_added_by_keyboard(page: WindowUnderTest) -> None:
    begin(page)
    page.press(Qt.Key.Key_Tab)
    page.type("secret")
    assert "travels without encryption" in words(page)
    page.press(Qt.Key.Key_Return)
    assert page.desk.arguments("try_remote") == ("http://10.0.0.7:8000/v1", "secret")
    assert "asking the endpoint…" in words(page)
    found(page, "a", "b", "c")
    assert "offers 3 models" in words(page)
    page.press(Qt.Key.Key_Down)
    page.press(Qt.Key.Key_Space)
    press_button(page, "Add the endpoint")
    added = Remote("", "http://10.0.0.7:8000/v1", ("b",))
    assert page.desk.arguments("add_remote") == (added, "secret", "")
    listed(page, "add_remote", TEAM, OTHER, added)
    assert page.focused().accessibleName() == "Edit the endpoint 10.0.0.7:8000"
    assert "Address" not in words(page) and not field(page, "Key of the endpoint").text()


def test_a_click_on_a_row_ticks_it(page: WindowUnderTest) -> None:
    begin(page)
    page.press(Qt.Key.Key_Return)
    found(page, "a", "b")
    rows = page.parts.models.findChild(QListWidget)
    place = rows.visualItemRect(rows.item(1)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    press_button(page, "Add the endpoint")
    assert page.desk.arguments("add_remote")[0].models == ("b",)


def test_the_only_model_is_ticked(page: WindowUnderTest) -> None:
    begin(page)
    page.press(Qt.Key.Key_Return)
    found(page, "a")
    press_button(page, "Add the endpoint")
    assert page.desk.arguments("add_remote")[0].models == ("a",)


def test_what_is_wrong_is_a_sentence_and_the_form_stays(page: WindowUnderTest) -> None:
    begin(page)
    page.press(Qt.Key.Key_Return)
    job = page.desk.last("try_remote")
    page.tell(JobFailed(job, sentence("remote_unauthorized", host="10.0.0.7:8000", status=401)))
    assert "does not accept the key" in words(page)
    assert page.focused() is field(page, "Address of the endpoint")
    page.type("1")  # what was said is about what was written before
    assert "does not accept the key" not in words(page)


def test_a_try_is_stopped_and_its_answer_not_heard(page: WindowUnderTest) -> None:
    begin(page)
    press_button(page, "Try it")
    job = page.desk.last("try_remote")
    assert page.focused().accessibleName() == "Stop trying"
    page.press(Qt.Key.Key_Return)
    assert page.desk.cancelled == [job]
    page.tell(RemoteTried(job, ("late",)), JobCancelled(job))
    assert "offers" not in words(page)
    assert page.focused().accessibleName() == "Try it"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nonsense", "not the address of an endpoint"),
        ("https://[x", "not the address of an endpoint"),
        (TEAM.url + "/", "address already"),
        ("http://10.0.0.7:8000", "at least one model"),
    ],
)
def test_what_cannot_be_kept_is_said(page: WindowUnderTest, address: str, expected: str) -> None:
    begin(page, address)
    press_button(page, "Add the endpoint")
    assert expected in words(page)
    assert page.desk.count("add_remote") == 0


def test_a_model_that_is_not_listed_is_written(page: WindowUnderTest) -> None:
    begin(page)
    fill(page, "Name of another model", "alias")
    page.press(Qt.Key.Key_Return)
    fill(page, "Name of the endpoint", "Mine")
    page.press(Qt.Key.Key_Return)
    assert page.desk.arguments("add_remote")[0] == Remote("Mine", "http://10.0.0.7:8000/v1", ("alias",))


def test_one_is_edited_at_its_place(page: WindowUnderTest) -> None:
    press_button(page, "Edit the endpoint Team")
    key = field(page, "Key of the endpoint")
    assert key.echoMode() is QLineEdit.EchoMode.Password and not key.text()
    assert "keep the one that is stored" in key.placeholderText()
    fill(page, "Address of the endpoint", "https://gpu.lan")
    assert "only if the endpoint wants one" in key.placeholderText()
    fill(page, "Address of the endpoint", "http://gpu.lan:8000/team/v1")
    assert "keep the one that is stored" in key.placeholderText()
    press_button(page, "Save the endpoint")
    changed = Remote("Team", "http://gpu.lan:8000/team/v1", ("big", "small"))
    assert page.desk.arguments("add_remote") == (changed, "", TEAM.url)


def test_escape_puts_the_form_aside_and_forgets_the_key(page: WindowUnderTest) -> None:
    begin(page)
    fill(page, "Key of the endpoint", "secret")
    page.press(Qt.Key.Key_Escape)
    assert page.focused().accessibleName() == "Add an endpoint"
    assert not field(page, "Key of the endpoint").text()


def test_one_is_removed_after_a_second_press(page: WindowUnderTest) -> None:
    press_button(page, "Remove the endpoint Team")
    assert page.desk.count("remove_remote") == 0
    page.press(Qt.Key.Key_Return)  # the keyboard is at "Keep"
    press_button(page, "Remove the endpoint Team")
    press_button(page, "Remove the endpoint Team and its key")
    assert page.desk.arguments("remove_remote") == (TEAM.url,)
    listed(page, "remove_remote", OTHER)
    assert "gpu.lan" not in words(page)
    assert page.focused().accessibleName() == "Add an endpoint"


def test_a_failure_to_keep_it_stays_in_the_form(page: WindowUnderTest) -> None:
    begin(page)
    page.press(Qt.Key.Key_Return)
    found(page, "a")
    press_button(page, "Add the endpoint")
    failure = sentence("remote_key_invalid", host="10.0.0.7:8000", reason="it is too long")
    page.tell(JobFailed(page.desk.last("add_remote"), failure))
    assert "The key for 10.0.0.7:8000 cannot be used" in words(page)
    assert field(page, "Address of the endpoint").isVisible()


def test_a_model_can_be_taken_again_after_another_failed_to_load(page: WindowUnderTest) -> None:
    loaded = page.desk.load(samples.STARTER)
    page.tell(ModelLoaded(loaded, samples.STARTER, samples.facts()))
    press_button(page, "Use big on gpu.lan:8000")
    page.desk.settings = replace(page.desk.settings, last_model=BIG.path)
    failure = sentence("remote_refused", host="gpu.lan:8000", reason="Connection refused")
    page.tell(JobFailed(page.desk.last("load"), failure))
    press_button(page, "Models")
    press_button(page, "Use SmolLM2-135M-Instruct · Q4_1")
    assert page.desk.arguments("load") == (samples.STARTER,)


def test_a_model_of_a_removed_endpoint_is_in_use_no_more(page: WindowUnderTest) -> None:
    press_button(page, "Use big on gpu.lan:8000")
    job = page.desk.last("load")
    page.tell(
        RuntimeStateChanged(job, RuntimeState.READY, model=BIG.path),
        ModelLoaded(job, BIG, samples.facts()),
        JobFinished(job),
    )
    assert "ready" in state_words(page) and "remote" in state_words(page)
    assert "The model runs at gpu.lan:8000" in page.parts.chat.empty._words.text()
    listed(page, "list_models", OTHER)
    assert page.parts.model.model_in_use == samples.STARTER
    assert page.parts.model.runtime is RuntimeState.STOPPED
    assert "runs on this machine" in page.parts.chat.empty._words.text()


def test_tab_goes_from_top_to_bottom_though_rows_come_and_go(page: WindowUnderTest) -> None:
    listed(page, "list_models", TEAM, OTHER)
    page.parts.models._back.setFocus()
    reached = [widget.accessibleName() for widget in walk(page)]
    wanted = [
        "Back to the chat", "Use SmolLM2-135M-Instruct · Q4_1", "Use big on gpu.lan:8000",
        "Use small on gpu.lan:8000", "Use m on api.example.com", "Get another model", "Open a GGUF file…",
        "Edit the endpoint Team", "Remove the endpoint Team", "Edit the endpoint api.example.com",
        "Remove the endpoint api.example.com", "Add an endpoint",
        "Words, a repository on the hub, or an address",
    ]  # fmt: skip
    assert reached[: len(wanted)] == wanted


def test_every_control_has_a_name_and_is_reached(page: WindowUnderTest) -> None:
    begin(page)
    page.press(Qt.Key.Key_Return)
    found(page, "a", "b")
    wanted: list[QWidget] = focusable(page.parts.window)
    assert not [widget for widget in wanted if not widget.accessibleName()]
    reached = walk(page)
    assert [widget.accessibleName() for widget in wanted if widget not in reached] == []
