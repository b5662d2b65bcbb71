"""A person's prompts and presets: kept, sorted, and read whatever the file holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.chat.options import ChatOptions
from engine.chat.shelf import Preset, Prompt, Shelf, load_shelf, save_shelf, tidy_name
from engine.errors import StoreError


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "config" / "prompts.json"
    shelf = Shelf().with_prompt(Prompt("zeta", "Z")).with_prompt(Prompt("Alpha", "Say {{what}}"))
    shelf = shelf.with_preset(Preset("terse", ChatOptions("Be terse.", temperature=0.1)))
    save_shelf(path, shelf)
    assert load_shelf(path) == (shelf, None)
    assert [one.name for one in shelf.prompts] == ["Alpha", "zeta"]


def test_a_name_stands_once(tmp_path: Path) -> None:
    shelf = Shelf().with_prompt(Prompt("a", "1")).with_prompt(Prompt("a", "2"))
    assert shelf.prompts == (Prompt("a", "2"),)
    assert shelf.with_prompt(Prompt("b", "3"), instead_of="a").prompts == (Prompt("b", "3"),)
    assert shelf.without_prompt("a") == Shelf()
    assert Shelf().with_preset(Preset("p", ChatOptions())).without_preset("p") == Shelf()
    assert tidy_name("  a \n b ") == "a b"


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    for body in ("{", "[]", "\x00"):
        path.write_text(body)
        shelf, remark = load_shelf(path)
        assert shelf == Shelf()
        assert remark is not None and remark.code == "shelf_unreadable"
        assert not path.exists() and path.with_suffix(".damaged").exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        save_shelf(tmp_path / "file" / "prompts.json", Shelf())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "text", "options"]), inner),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompts=JSON, presets=JSON)
def test_whatever_the_file_holds_something_usable_comes_back(
    tmp_path: Path, prompts: object, presets: object
) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps({"prompts": prompts, "presets": presets}))
    shelf, remark = load_shelf(path)
    assert remark is None
    assert all(one.name and one.text for one in shelf.prompts)
    assert all(one.name for one in shelf.presets)
