"""`deskside chats` as a person or another program uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.chat.conversation import Part, PartKind, Role
from engine.chat.store import ChatStore
from tests.service.test_cli_library import deskside, environment

__all__ = ["environment"]  # a fixture


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    """Two conversations, as the window leaves them."""
    path = tmp_path / "data" / "deskside" / "chats.sqlite3"
    store = ChatStore(path)
    for title, body in (("Wolves", "The wolf and 人工智能"), ("Sheep", "Nothing of the kind")):
        chat = store.begin(title)
        store.add(chat, None, Role.USER, [Part(PartKind.TEXT, body)])
    store.filing.make_folder("Work")
    store.close()
    return path


def test_chats_are_listed_searched_and_go_from_one_place_to_another(
    environment: dict[str, str],
    chats: Path,
    tmp_path: Path,
) -> None:
    code, records, stderr = deskside(environment, "chats")
    assert code == 0, stderr
    listed = records[-1]["conversations"]
    assert [chat["title"] for chat in listed] == ["Sheep", "Wolves"]
    assert [folder["name"] for folder in records[-1]["folders"]] == ["Work"]

    code, records, _ = deskside(environment, "chats", "search", "智能", "wolf")
    assert code == 0
    (found,) = records[-1]["conversations"]
    assert found["title"] == "Wolves" and len(found["messages"][0]["snippet"]["marks"]) == 2
    code, records, _ = deskside(environment, "chats", "search", "wol")
    assert records[-1]["conversations"] == [], "it was typed to its end"

    code, records, _ = deskside(environment, "chats", "export", "--to", str(tmp_path / "all.json"))
    assert (code, records[-1]["count"]) == (0, 2)
    page = tmp_path / "one.html"
    code, records, _ = deskside(environment, "chats", "export", str(found["id"]), "--to", str(page))
    assert code == 0 and "The wolf" in page.read_text("utf-8")

    elsewhere = {
        **environment,
        "XDG_DATA_HOME": str(tmp_path / "other"),
        "XDG_STATE_HOME": str(tmp_path / "s"),
    }
    for brought in ((2, 0), (0, 2)):
        code, records, _ = deskside(elsewhere, "chats", "import", str(tmp_path / "all.json"))
        assert (records[-1]["taken"], records[-1]["known"]) == brought
    assert json.loads((tmp_path / "all.json").read_text("utf-8"))["format"] == "deskside-chats"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("search",), 2),
        (("export",), 2),
        (("export", "4711", "--to", "x.json"), 2),
        (("import", "missing.json"), 2),
        (("import",), 2),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    environment: dict[str, str],
    words: tuple[str, ...],
    code: int,
) -> None:
    given, records, _ = deskside(environment, "chats", *words)
    assert given == code
    assert records[-1]["event"] == "error" and records[-1]["message"]
