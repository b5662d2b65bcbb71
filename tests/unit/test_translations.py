"""Every text of the window and every sentence of the engine has its Chinese, with the same values."""

from __future__ import annotations

import importlib.util
import pkgutil
import string
from pathlib import Path
from types import ModuleType

import pytest

from engine import messages

ROOT = Path(__file__).resolve().parents[2]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "installer" / "translations.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


translations = _script()
CHINESE = translations.read_translations(translations.TRANSLATIONS / "deskside_zh_CN.ts")
WANTED = translations.texts_of_window(ROOT / "gui") | translations.texts_of_engine()


def placeholders(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def test_every_text_has_its_chinese() -> None:
    missing = sorted(WANTED - set(CHINESE))
    assert not missing, "run installer/translations.py and translate what it marks unfinished"


def test_the_file_holds_no_text_that_is_gone() -> None:
    assert set(CHINESE) <= WANTED


def test_translations_fill_the_same_values() -> None:
    wrong = [key for key in WANTED & set(CHINESE) if placeholders(key[1]) != placeholders(CHINESE[key])]
    assert not wrong


def test_translations_hold_chinese() -> None:
    """A translation that only repeats the English was forgotten."""
    same = {text for (_, text), chinese in CHINESE.items() if text == chinese}
    # Nothing but values and signs.
    assert all(not any(part.strip(" /·()") for part, *_ in string.Formatter().parse(text)) for text in same)


# Other words for what is called 内存, 对话, 电脑, 账号, 分片, 设置, 永久删除 and 词元 elsewhere; sizes
# counted as layers; spaces that Chinese does not have.
STRAY = (
    *("主内存", "聊天", "计算机", "账户", "分卷", "偏好设置", "彻底删除"),
    *(" token", "{rest} 层", "} %", "词元 的", "词元 中"),
)


def test_chinese_calls_one_thing_by_one_word() -> None:
    assert not [(word, text) for text in CHINESE.values() for word in STRAY if word in text]


def test_a_sentence_stands_in_one_room() -> None:
    rooms = [
        importlib.import_module(f"engine.messages.{one.name}")
        for one in pkgutil.iter_modules(messages.__path__)
    ]
    assert rooms and sum(len(room.SENTENCES) for room in rooms) == len(messages.TEMPLATES)


def test_finds_calls_however_they_are_written() -> None:
    source = """
from PySide6.QtCore import QCoreApplication
class Page:
    def words(self):
        self.tr("one")
        self.tr(
            "two "
            "parts"
        )
        painter.translate(1, 2)
        return _tr("three"), QCoreApplication.translate(
            "Other", "four"
        )
def _tr(text):
    return QCoreApplication.translate("Helper", text)
"""
    found = translations.texts_of_source(source, "page.py")
    assert found == {("Page", "one"), ("Page", "two parts"), ("Helper", "three"), ("Other", "four")}


def test_refuses_what_could_never_be_translated() -> None:
    with pytest.raises(ValueError, match=r"page\.py:1"):
        translations.texts_of_source("self.tr(f'{x}')", "page.py")


def test_written_translations_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deskside_xx.ts"
    wanted = {("A", "open <&> close"), ("A", "new"), ("B", "same")}
    translations.write_translations(path, wanted, {("A", "open <&> close"): "开 <&> 关"}, "xx")
    assert translations.read_translations(path) == {("A", "open <&> close"): "开 <&> 关"}
    assert path.read_text("utf-8").count('type="unfinished"') == 2
