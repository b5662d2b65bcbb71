"""Exports of ChatGPT in the shapes that they came in over the years."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.chat.importing import read_records
from engine.errors import ImportRefused


def conversation(title: str, **odd: Any) -> dict[str, Any]:
    message = {
        "author": {"role": "user"},
        "content": {"content_type": "text", "parts": [f"in {title}"]},
        **odd,
    }
    node = {"message": message, "parent": None}
    return {"title": title, "conversation_id": title, "current_node": "a", "mapping": {"a": node}}


def titles(path: Path) -> list[str]:
    return [record.conversation.title for record in read_records(path) if record is not None]


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/") + ".json", text)
    return path


def test_a_large_export_of_several_files_comes_in_whole(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "export.zip",
        **{
            "user": '{"id": "me"}',
            "conversations-001": json.dumps([conversation("c")]),
            "data__conversations-000": json.dumps([conversation("a"), conversation("b")]),
            "conversations-002": "[]",
            "shared_conversations": json.dumps([conversation("not mine")]),
        },
    )
    assert sorted(titles(path)) == ["a", "b", "c"]


def test_the_file_may_have_another_name_beside_others(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "export.zip", user='{"id": "me"}', broken="{", chats=json.dumps([conversation("a")])
    )
    assert titles(path) == ["a"]


def test_a_damaged_one_among_several_is_said(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "export.zip",
        **{"conversations-000": json.dumps([conversation("a")]), "conversations-001": "[{"},
    )
    with pytest.raises(ImportRefused, match=r"export\.zip"):
        read_records(path)


def test_several_files_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.chat.importing.MOST_BYTES", 5_000)
    many = json.dumps([conversation("a" * 100) for _ in range(10)])
    assert 1_667 < len(many) < 5_000
    path = archive(tmp_path / "export.zip", **{f"conversations-{number}": many for number in range(3)})
    with pytest.raises(ImportRefused):
        read_records(path)


def test_words_to_nobody_in_particular_are_words(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    told = [conversation("a", recipient=None), conversation("b", recipient="python")]
    path.write_text(json.dumps(told), "utf-8")
    found = [len(record.conversation.messages) for record in read_records(path) if record is not None]
    assert found == [1, 0]
