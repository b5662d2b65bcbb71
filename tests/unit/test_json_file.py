"""Files of ours that hold one JSON object."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.json_file import read_object, write_object
from engine.settings import Settings, load_settings, save_settings


def test_what_is_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "made" / "settings.json"
    write_object(path, {"name": "名"})
    assert read_object(path, "settings_unreadable") == ({"name": "名"}, None)
    assert list(path.parent.iterdir()) == [path]
    assert read_object(tmp_path / "none.json", "settings_unreadable") == ({}, None)


def test_names_of_files_that_are_no_text_come_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(last_model=os.fsdecode(b"/models/m\xff.gguf"), language="zh_CN")
    save_settings(path, settings)
    assert load_settings(path) == (settings, None)


@pytest.mark.parametrize("damaged", [b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_damaged_settings_are_put_aside_with_a_sentence(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(damaged)
    settings, remark = load_settings(path)
    assert settings == Settings()
    assert remark is not None and remark.code == "settings_unreadable"
    assert path.with_suffix(".damaged").read_bytes() == damaged and not path.exists()
