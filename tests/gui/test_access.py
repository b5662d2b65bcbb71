"""Every control has a name and is reached by Tab; both languages and both themes build."""

from __future__ import annotations

import re
import sys

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QPlainTextEdit, QWidget

from engine.chat.conversation import Folder, TrashedConversation
from engine.events import ConversationsListed, DownloadPlanned, JobId, Noticed
from engine.messages import TEMPLATES, Sentence, sentence
from engine.settings import Settings
from gui.shell.window import Page
from gui.widgets.bytes_text import format_bytes, format_rate, format_seconds, format_share
from gui.widgets.icons import icon
from gui.widgets.sentences import translate
from gui.widgets.theme import DARK, LIGHT, Tokens, with_contrast
from tests.gui import samples
from tests.gui.money import answer_budget, answer_what_if
from tests.gui.window_under_test import WindowUnderTest

LOOKS = [
    Settings(language=language, theme=theme) for language in ("en", "zh_CN") for theme in ("light", "dark")
]


def focusable(window: QWidget) -> list[QWidget]:
    """What Tab should reach: visible, enabled, and of a radio group only the marked button."""
    found = []
    for widget in window.findChildren(QWidget):
        takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
        if not (takes_tab and widget.isEnabled() and widget.isVisibleTo(window)):
            continue
        group = widget.group() if isinstance(widget, QAbstractButton) else None
        if group is not None and group.exclusive() and not widget.isChecked():
            continue
        found.append(widget)
    return found


def walk(window: WindowUnderTest) -> list[QWidget]:
    """Everything that Tab reaches, in its order."""
    first = window.focused()
    reached = [first]
    for _ in range(80):
        window.press(Qt.Key.Key_Tab)
        if window.focused() is first:
            break
        reached.append(window.focused())
    return reached


def show_everything(window: WindowUnderTest, page: Page) -> None:
    shell = window.shell
    window.list_all(samples.STARTER)
    if page is Page.WIZARD:
        window.finish_check()
        return
    if page is Page.MODELS:
        window.parts.models.model.pull("unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M")
        plan = samples.plan("Qwen3-30B-A3B")
        window.tell(DownloadPlanned(window.desk.last("pull"), samples.download_plan(plan)))
    if page is Page.TRASH:
        trash = (TrashedConversation(8, "Old one", 1.7e9),)
        window.tell(ConversationsListed(JobId(0), samples.conversations(), (Folder(1, "Work"),), trash))
    {
        Page.CHAT: shell.new_chat,
        Page.SEARCH: shell.show_results,
        Page.TRASH: shell.show_trash,
        Page.MODELS: shell.show_models,
        Page.ADVICE: shell.show_advice,
        Page.PREFERENCES: shell.show_preferences,
        Page.PROMPTS: shell.show_prompts,
        Page.HISTORY: shell.show_history,
    }[page]()
    if page is Page.ADVICE:
        answer_what_if(window)
    window.tell(Noticed(JobId(0), sentence("disk_full", path="/data")))


@pytest.mark.parametrize("page", list(Page))
def test_every_control_has_a_name_and_is_reached(window: WindowUnderTest, page: Page) -> None:
    show_everything(window, page)
    wanted = focusable(window.parts.window)
    nameless = [widget for widget in wanted if not widget.accessibleName()]
    assert not nameless
    reached = walk(window)
    assert [widget.accessibleName() for widget in wanted if widget not in reached] == []


def test_the_comparison_of_machines_too(window: WindowUnderTest) -> None:
    show_everything(window, Page.ADVICE)
    window.parts.advice._tabs[1].click()
    answer_budget(window)
    wanted = focusable(window.parts.window)
    assert not [widget for widget in wanted if not widget.accessibleName()]
    reached = walk(window)
    assert [widget.accessibleName() for widget in wanted if widget not in reached] == []


@pytest.mark.parametrize("step", [1, 2])
def test_later_steps_of_the_wizard_too(window: WindowUnderTest, step: int) -> None:
    window.list_all(samples.STARTER)
    window.finish_check()
    for _ in range(step):
        window.press(Qt.Key.Key_Return)
    assert window.parts.wizard.step == step
    wanted = focusable(window.parts.window)
    assert not [widget for widget in wanted if not widget.accessibleName()]
    reached = walk(window)
    assert [widget.accessibleName() for widget in wanted if widget not in reached] == []


@pytest.mark.parametrize("window", LOOKS, indirect=True)
def test_every_page_builds_in_every_look(window: WindowUnderTest) -> None:
    window.progress_check()
    window.finish_check()
    for page in Page:
        window.parts.window.show_page(page)
        window.settle()
        image = window.parts.window.grab().toImage()
        corner = image.pixelColor(2, 2).name()
        tokens = window.theme.tokens
        assert corner in (tokens.side, tokens.window)
    chinese = window.desk.settings.language == "zh_CN"
    assert ("设置" in names(window.parts.sidebar)) is chinese
    assert ("Settings" in names(window.parts.sidebar)) is not chinese


@pytest.mark.parametrize("window", LOOKS, indirect=True)
def test_hints_in_empty_fields_can_be_read(window: WindowUnderTest) -> None:
    for page in Page:
        window.parts.window.show_page(page)
    window.settle()
    fields = [
        *window.parts.window.findChildren(QLineEdit),
        *window.parts.window.findChildren(QPlainTextEdit),
    ]
    assert len(fields) > 10
    for field in fields:
        field.ensurePolished()
        hint = field.palette().color(QPalette.ColorRole.PlaceholderText)
        assert hint.name(QColor.NameFormat.HexArgb) == "#ff" + window.theme.tokens.muted[1:]


def names(root: QWidget) -> list[str]:
    return [widget.accessibleName() for widget in root.findChildren(QWidget)]


def test_nothing_shows_in_a_window_of_its_own(window: WindowUnderTest) -> None:
    """A widget that shows itself before it has a parent flashes up on the desktop."""
    shown = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: object) -> bool:
            if isinstance(watched, QWidget) and watched.isWindow() and watched.isVisible():
                shown.append(watched)
            return False

    watch = Watch()
    window.application.installEventFilter(watch)
    for page in (Page.WIZARD, Page.MODELS):
        show_everything(window, page)
    window.application.removeEventFilter(watch)
    assert {type(widget).__name__ for widget in shown} <= {"MainWindow"}


@pytest.mark.parametrize("window", [Settings(language="zh_CN")], indirect=True)
def test_sentences_of_the_engine_are_translated(window: WindowUnderTest) -> None:
    assert translate(sentence("disk_full", path="/数据")).startswith("/数据 所在的磁盘已满")
    for template in TEMPLATES.values():
        assert window.application.translate("messages", template) != template


@pytest.mark.parametrize("window", [Settings(language=word) for word in ("en", "zh_CN")], indirect=True)
def test_no_sentence_shows_markup(window: WindowUnderTest) -> None:
    for code, template in TEMPLATES.items():
        values = dict.fromkeys(re.findall(r"{(\w+)}", template), "x")
        assert "`" not in translate(Sentence(code, values)), code
    told = translate(sentence("usage", problem="no `word`", program="deskside"))
    assert "“deskside --help”" in told
    assert "no `word`" in told, "what comes from outside is shown as it is"


STRONG = (with_contrast(LIGHT), with_contrast(DARK))


@pytest.mark.parametrize("tokens", STRONG, ids=["light", "dark"])
def test_more_contrast_is_more(tokens: Tokens) -> None:
    for ground in (tokens.window, tokens.side, tokens.field, tokens.surface, tokens.code):
        for words in (tokens.text, tokens.muted, tokens.danger, tokens.warning, tokens.good, tokens.accent):
            assert contrast(words, ground) >= 7.0, (words, ground)
        assert contrast(tokens.border, ground) >= 3.0


@pytest.mark.parametrize("tokens", [LIGHT, DARK, *STRONG], ids=["light", "dark", "light+", "dark+"])
def test_words_stand_out_from_their_background(tokens: Tokens) -> None:
    grounds = (tokens.window, tokens.side, tokens.field, tokens.surface, tokens.code, tokens.bubble)
    raised = (tokens.hover, tokens.selected)
    for ground in raised:
        assert contrast(tokens.text, ground) >= 4.5, ground
    for ground in (tokens.selection, tokens.hit, tokens.current_hit):
        assert contrast(tokens.text, ground) >= 4.5, ground
    for curve in (tokens.vram, tokens.ram, tokens.utilisation, tokens.speed):
        assert contrast(curve, tokens.surface) >= 4.5, curve  # their figures are words
    for words in (tokens.text, tokens.muted, tokens.danger, tokens.warning, tokens.good):
        assert all(contrast(words, ground) >= 4.5 for ground in grounds), words
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two "#rrggbb" colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_contrast_and_motion_follow_the_settings(window: WindowUnderTest) -> None:
    window.shell.show_preferences()
    page = window.parts.preferences
    for box, wanted in ((page._contrast, "more"), (page._motion, "less")):
        box.setCurrentIndex(box.findData(wanted))
        box.activated.emit(box.currentIndex())
    assert (window.desk.settings.contrast, window.desk.settings.motion) == ("more", "less")
    assert window.theme.tokens == with_contrast(LIGHT)
    assert window.theme.calm and window.application.cursorFlashTime() == 0
    for box in (page._contrast, page._motion):
        box.setCurrentIndex(box.findData("usual"))
        box.activated.emit(box.currentIndex())
    assert window.theme.tokens == LIGHT
    assert not window.theme.calm and window.application.cursorFlashTime() > 0


def test_numbers_read_well(window: WindowUnderTest) -> None:
    assert [format_bytes(size) for size in (0, 1023, 1024, 4_939_212_390, 10**15)] == [
        "0 B", "1,023 B", "1.0 KiB", "4.6 GiB", "909 TiB",
    ]  # fmt: skip
    assert format_rate(61.3e9) == "61.3 GB/s"
    assert format_rate(0) == "0 B/s"
    assert [format_seconds(value) for value in (0.4, 59.4, 200, 7500)] == [
        "0 s", "59 s", "3 min 20 s", "2 h 5 min",
    ]  # fmt: skip
    assert [format_share(share) for share in (0, 0.003, 0.04)] == ["0 %", "0.3 %", "4 %"]


@pytest.mark.parametrize("window", [Settings(language="zh_CN")], indirect=True)
def test_shares_in_chinese_have_no_space(window: WindowUnderTest) -> None:
    assert format_share(0.04) == "4%"


def test_icons_are_tinted_and_sharp(window: WindowUnderTest) -> None:
    picture = icon("check", "#ff0000", 16)
    sizes = {size.width() for size in picture.availableSizes()}
    assert {16, 32} <= sizes
    image = picture.pixmap(16).toImage()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    assert {pixel.name() for pixel in pixels if pixel.alpha() > 200} == {"#ff0000"}
    with pytest.raises(FileNotFoundError):
        icon("no such icon", "#000000")


def test_void_calls_keep_none_alive(qapp: object) -> None:
    """PySide6 6.12.0 drops a reference to None with every void call and aborts on Python 3.11."""
    widget = QWidget()
    before = sys.getrefcount(None)
    for _ in range(10_000):
        widget.setToolTip("")
    assert sys.getrefcount(None) > before - 1_000
