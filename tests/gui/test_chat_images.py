"""Images in the window: attached, pasted, shown small, sent, kept."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from engine.catalog.image_rule import ImageRule
from engine.catalog.model import InstalledModel
from engine.chat.attachments import attached, attached_image, part_of
from engine.chat.conversation import ChatMessage, MessageState, Part, PartKind, Role
from engine.chat.image_file import look_at_image
from engine.chat.image_parts import image_in
from engine.events import FileRead, JobFailed, JobFinished, JobId, ModelLoaded
from engine.messages import sentence
from gui.chat.part_rows import ImageRow
from gui.chat.thumbnails import MOST_SENT, MOST_SIDE, THUMBNAIL, small, thumbnail, written
from tests.gui.chat_support import Chat, answer, conversation, make_chat, settle, user
from tests.gui.patience import LIMIT_MS
from tests.gui.samples import STARTER, facts
from tests.gui.test_chat_writing import draft_key, drop
from tests.pictures import png


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    made = make_chat(qtbot)
    made.page.focus_composer()
    settle()
    return made


def attach(chat: Chat, qtbot: QtBot, path: Path, data: bytes) -> None:
    drop(chat, path)
    job = chat.desk.last("attach")
    chat.desk.tell(FileRead(job, str(path), attached_image(path.name, data)), JobFinished(job))
    qtbot.waitUntil(lambda: not chat.page.composer.chips.reading, timeout=LIMIT_MS)


def test_an_image_is_attached_shown_and_sent(chat: Chat, qtbot: QtBot, tmp_path: Path) -> None:
    attach(chat, qtbot, tmp_path / "cat.png", png(200, 100, seed=1))
    (chip,) = chat.page.composer.chips.chips
    assert "cat.png" in chip.accessibleName() and "image" in chip.accessibleName()
    assert not chip._picture.pixmap().isNull()
    assert chat.page.composer.button.isEnabled()
    draft_key(chat, Qt.Key.Key_Return)
    (file,) = chat.desk.arguments("send")[2]
    assert image_in(file.image) == png(200, 100, seed=1)  # small enough: as it was


def test_a_pasted_image_goes_along_and_words_with_a_picture_stay_words(chat: Chat, qtbot: QtBot) -> None:
    image = QImage(60, 40, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    data = QMimeData()
    data.setImageData(image)
    draft = chat.page.composer.draft
    assert draft.canInsertFromMimeData(data)
    draft.insertFromMimeData(data)
    qtbot.waitUntil(lambda: len(chat.page.composer.chips.files) == 1, timeout=LIMIT_MS)
    sent = image_in(chat.page.composer.chips.files[0].image)
    assert sent is not None and (look_at_image(sent).width, look_at_image(sent).height) == (60, 40)
    data.setText("a table")
    draft.insertFromMimeData(data)
    assert chat.page.composer.text == "a table"
    assert len(chat.page.composer.chips.chips) == 1


def test_an_image_that_cannot_be_read_says_why(chat: Chat, tmp_path: Path) -> None:
    drop(chat, tmp_path / "a.png")
    chat.desk.tell(JobFailed(chat.desk.last("attach"), sentence("image_damaged", reason="it ends too early")))
    settle()
    assert chat.page.composer.chips.chips == []
    assert "damaged" in chat.page.error.text()


def test_images_come_back_when_sending_failed(chat: Chat, qtbot: QtBot, tmp_path: Path) -> None:
    attach(chat, qtbot, tmp_path / "cat.png", png())
    draft_key(chat, Qt.Key.Key_Return)
    chat.desk.tell(JobFailed(chat.desk.last("send"), sentence("model_blind", model="SmolLM2")))
    qtbot.waitUntil(lambda: len(chat.page.composer.chips.files) == 1, timeout=LIMIT_MS)
    assert "projector" in chat.page.error.text()


def test_the_model_in_use_tells_what_an_image_takes(chat: Chat, qtbot: QtBot, tmp_path: Path) -> None:
    by_size = ImageRule(cell=28, fewest=8, most=4096, around=2)
    seeing = replace(STARTER, path="/models/seeing.gguf", name="seeing")
    chat.page.show_model(STARTER)
    attach(chat, qtbot, tmp_path / "cat.png", png(280, 140))
    (chip,) = chat.page.composer.chips.chips
    assert chip._cost.text() == "image"  # nobody knows yet
    tell_loaded(chat, seeing, by_size)
    assert chip._cost.text() == "image"  # of another model
    chat.page.show_model(seeing)
    assert chip._cost.text() == "52 tokens"
    assert "52 tokens" in chip.accessibleName()
    attach(chat, qtbot, tmp_path / "dog.png", png(28, 280))
    chips = chat.page.composer.chips
    assert chips.chips[1]._cost.text() == "12 tokens"
    assert (chips._sum.text(), chips._origin.text()) == ("Together 64 tokens", "planned")
    drop(chat, tmp_path / "a.txt")
    job = chat.desk.last("attach")
    chat.desk.tell(FileRead(job, "a.txt", attached("a.txt", "word " * 10)), JobFinished(job))
    settle()
    assert (chips._sum.text(), chips._origin.text()) == ("Together about 75 tokens", "estimated")
    chat.page.show_model(STARTER)
    assert [chip._cost.text() for chip in chips.chips[:2]] == ["image", "image"]


def test_the_meter_foretells_what_files_take(chat: Chat, qtbot: QtBot, tmp_path: Path) -> None:
    model = replace(STARTER, name="model")
    chat.page.show_model(model)
    tell_loaded(chat, model, ImageRule(cell=14, fewest=256, most=256))
    chat.open(conversation(user(1, "Why?"), answer(2, "So.")))
    meter = chat.page.meter
    assert meter._words.text() == "330 of 8,192 tokens"
    attach(chat, qtbot, tmp_path / "cat.png", png())
    assert meter._words.text() == "330 of 8,192 tokens, files 256"
    assert "Files to be sent 256 (planned)" in meter.accessibleDescription()
    assert "Left 7,606" in meter.accessibleDescription()
    chat.page.composer.chips.clear()
    assert meter._words.text() == "330 of 8,192 tokens"


def tell_loaded(chat: Chat, model: InstalledModel, rule: ImageRule) -> None:
    chat.desk.tell(ModelLoaded(JobId(0), model, replace(facts(model), sees=True, image_rule=rule)))
    settle()


def test_images_stand_above_the_question_in_the_transcript(chat: Chat, qtbot: QtBot) -> None:
    parts = (part_of(attached_image("cat.png", png(300, 200))), Part(PartKind.TEXT, "What is it?"))
    question = ChatMessage(1, None, Role.USER, parts, MessageState.COMPLETE, 0.0)
    chat.open(conversation(question, answer(2, "A cat.")))
    shown = chat.shown()
    assert shown.index("cat.png") < shown.index("What is it?")
    assert "base64" not in shown
    transcript = chat.page.transcript
    rows = [placed.row for placed in transcript._placed if isinstance(placed.row, ImageRow)]
    assert len(rows) == 1
    transcript.viewport().grab()
    qtbot.waitUntil(lambda: not transcript.thumbnails.of(parts[0].body).isNull(), timeout=LIMIT_MS)
    transcript.viewport().grab()


@pytest.mark.parametrize("size", [(4000, 100), (3000, 3000)])
def test_what_is_sent_is_as_large_as_it_needs_to_be(size: tuple[int, int]) -> None:
    address = attached_image("large.png", png(*size)).image
    data = image_in(small(address))
    assert data is not None
    facts = look_at_image(data)
    assert max(facts.width, facts.height) == MOST_SIDE
    assert len(data) <= MOST_SENT
    shown = thumbnail(address).size()
    assert shown.width() <= THUMBNAIL.width() and shown.height() <= THUMBNAIL.height()


def test_noise_becomes_a_jpeg_unless_it_is_transparent() -> None:
    noise = QImage(1400, 1400, QImage.Format.Format_RGB32)
    noise.fill(0)
    bits = noise.bits()
    bits[:] = random.Random(1).randbytes(len(bits))
    assert written(noise, "a").startswith("data:image/jpeg")
    flat = QImage(QSize(50, 50), QImage.Format.Format_ARGB32)
    flat.fill(QColor(1, 2, 3, 4))
    assert written(flat, "a").startswith("data:image/png")


def test_what_is_no_image_has_no_picture() -> None:
    assert thumbnail("data:text/plain,hello").isNull()
    assert thumbnail("data:image/png;base64,QUJD").isNull()
    assert small("nothing") == "nothing"
