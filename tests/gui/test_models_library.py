"""The library on the models page: standing, verifying, moving, deleting with undo, models of others."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel

from engine.download.library_values import (
    OLLAMA,
    KnownFile,
    KnownModel,
    LibraryEntry,
    Look,
    Standing,
    TrashedModel,
)
from engine.events import (
    JobFailed,
    JobFinished,
    JobId,
    LibraryListed,
    ModelRead,
    ModelsListed,
    ModelsSeen,
)
from engine.messages import sentence
from engine.settings import Settings
from gui.models.rows import ModelRow
from tests.gui import samples
from tests.gui.samples import GIB
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)
FETCHED = samples.FETCHED
TRASHED = TrashedModel("/models/.trash/1", "Qwen3-8B", "Q4_K_M", 5 * GIB, 1.7e9)
FOUND = KnownModel((KnownFile("/o/blobs/sha256-x", 4 * GIB, 1),), "qwen3:8b", "Q4_K_M", OLLAMA)


def entry(standing: Standing = Standing.READY, folder: str = "/models") -> LibraryEntry:
    return LibraryEntry(FETCHED, (FETCHED.path,), standing, 1_750_000_000.0, folder)


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    show(window, entry())
    press_button(window, "Models")
    return window


def show(window: WindowUnderTest, *entries: LibraryEntry, trash: tuple[TrashedModel, ...] = ()) -> None:
    ready = [each.model for each in entries if each.standing is Standing.READY]
    window.tell(LibraryListed(JobId(0), entries, trash), ModelsListed(JobId(0), (samples.STARTER, *ready)))


def words(window: WindowUnderTest) -> str:
    labels = window.parts.models.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def menu(window: WindowUnderTest) -> dict[str, object]:
    """The menu of the fetched model, as it would open."""
    rows = [row for row in window.parts.models.findChildren(ModelRow) if row._model.path == FETCHED.path]
    row = next(row for row in rows if row.isVisible())
    row._fill_menu()
    return {action.text(): action for action in row._menu.actions() if action.text()}


def choose(window: WindowUnderTest, text: str) -> None:
    menu(window)[text].trigger()  # type: ignore[attr-defined]
    window.settle()


def test_when_it_was_verified_is_shown(page: WindowUnderTest) -> None:
    assert "checksum verified on 6/15/25" in words(page)


def test_verifying_shows_how_far_it_is_and_can_be_stopped(page: WindowUnderTest) -> None:
    choose(page, "Verify again")
    assert page.desk.arguments("verify_model") == (FETCHED.path,)
    job = page.desk.last("verify_model")
    page.tell(ModelRead(job, FETCHED.path, GIB, 4 * GIB))
    assert "1.0 GiB of 4.0 GiB" in words(page) and "comparing checksums" in words(page)
    assert not any(action.isEnabled() for action in menu(page).values())  # type: ignore[attr-defined]
    press_button(page, "Stop working on DeepSeek-R1-0528-Qwen3-8B · Q4_K_M")
    assert page.desk.cancelled == [job]
    bad = sentence("verify_mismatch", path=FETCHED.path)
    page.tell(JobFailed(job, bad))
    show(page, entry(Standing.CHANGED))
    text = words(page)
    assert "not what was downloaded any more" in text and "changed since" in text
    assert "comparing checksums" not in text


def test_a_damaged_download_is_fetched_again(page: WindowUnderTest) -> None:
    show(page, entry(Standing.CHANGED))
    assert "Download again" in menu(page)
    choose(page, "Download again")
    assert page.desk.arguments("pull") == (FETCHED.repository, FETCHED.quantization)


def test_moving_asks_where_to(page: WindowUnderTest) -> None:
    choose(page, "Move to another folder…")
    dialog = next(each for each in page.parts.models.findChildren(QFileDialog) if each.isVisible())
    dialog.fileSelected.emit("/mnt/disk")
    dialog.reject()
    page.settle()
    assert page.desk.arguments("move_model") == (FETCHED.path, "/mnt/disk")
    job = page.desk.last("move_model")
    page.tell(ModelRead(job, FETCHED.path, GIB, 4 * GIB, True))
    assert "copying" in words(page)
    page.tell(JobFinished(job))
    assert "copying" not in words(page)


def test_deleting_can_be_undone(page: WindowUnderTest) -> None:
    choose(page, "Delete")
    assert page.desk.arguments("remove_model") == (FETCHED.path,)
    show(page, trash=(TRASHED,))
    assert "In the trash: 5.0 GiB" in words(page)
    press_button(page, "Put Qwen3-8B · Q4_K_M back")
    assert page.desk.arguments("restore_model") == (TRASHED.key,)
    press_button(page, "Delete for good")
    assert page.desk.count("empty_trash") == 1
    show(page)
    assert "In the trash" not in words(page)


def test_files_of_others_are_only_taken_off_the_list(page: WindowUnderTest) -> None:
    show(page, entry(folder=""))
    words = {"How it is loaded…", "Verify again", "Show in its folder", "Take off the list (its files stay)"}
    assert set(menu(page)) == words


def test_models_of_other_programs_are_used_where_they_lie(page: WindowUnderTest) -> None:
    press_button(page, "Look for them")
    assert page.desk.arguments("look_for_models") == ("",)
    job = page.desk.last("look_for_models")
    assert "looking…" in words(page)
    refused = sentence("import_leads_out", path="/o/x.gguf")
    page.tell(ModelsSeen(job, Look((FOUND,), (refused,))), JobFinished(job))
    text = words(page)
    assert "qwen3:8b · Q4_K_M" in text and "4.0 GiB · Ollama" in text and "leads out of the folder" in text
    press_button(page, "Use qwen3:8b · Q4_K_M where it lies")
    assert page.desk.arguments("take_in") == ((FOUND,),)
    taken = LibraryEntry(samples.STARTER, (), Standing.READY, 0.0, "")
    page.parts.models.library.entries[FOUND.path] = taken
    page.tell(JobFinished(page.desk.last("take_in")))
    assert "4.0 GiB · Ollama" not in words(page)


def test_nothing_found_and_what_went_wrong_are_said(page: WindowUnderTest) -> None:
    press_button(page, "Look for them")
    job = page.desk.last("look_for_models")
    page.tell(ModelsSeen(job, Look((), ())), JobFinished(job))
    assert "Nothing was found" in words(page)
    press_button(page, "Look for them")
    bad = sentence("import_no_folder", path="/x", reason="gone")
    page.tell(JobFailed(page.desk.last("look_for_models"), bad))
    assert "cannot be looked through" in words(page)
