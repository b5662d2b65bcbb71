"""What is set for a conversation: kept with it, and hostile until parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.options import LIMITS, ChatOptions, options_from_dict, options_to_dict, with_number
from engine.chat.store import ChatStore

SET = ChatOptions("You are terse.", temperature=0.0, top_k=5, seed=7, thinking=False)


@pytest.fixture
def store(tmp_path: Path):
    made = ChatStore(tmp_path / "chats.sqlite3")
    yield made
    made.close()


def test_options_are_kept_with_the_conversation(store: ChatStore, tmp_path: Path) -> None:
    plain, own = store.begin("plain"), store.begin("own", SET)
    assert store.conversation(plain).options == ChatOptions()
    assert store.conversation(own).options == SET
    other = with_number(SET, "temperature", 1.5)
    store.set_options(own, other)
    again = ChatStore(tmp_path / "chats.sqlite3")
    assert again.conversation(own).options == other
    again.close()


def test_drafts_are_kept_until_they_are_sent(store: ChatStore) -> None:
    chat = store.begin("x")
    store.keep_draft(None, "half a thought")
    store.keep_draft(chat, "你好\n")
    store.keep_draft(chat, "你好吗\n")
    assert store.drafts() == {None: "half a thought", chat: "你好吗\n"}
    store.keep_draft(None, "")
    assert store.drafts() == {chat: "你好吗\n"}


@pytest.mark.parametrize("name", LIMITS)
def test_numbers_outside_of_their_limits_are_refused(name: str) -> None:
    low, high = LIMITS[name]
    for value in (low - 1, high + 1, float("nan"), float("inf")):
        with pytest.raises(ValueError):
            with_number(ChatOptions(), name, value)
        assert options_from_dict({name: value}) == ChatOptions()
    assert options_from_dict(options_to_dict(with_number(SET, name, high))) == with_number(SET, name, high)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from([*LIMITS, "system", "thinking", "?"]), JSON) | JSON)
def test_whatever_is_stored_something_usable_comes_back(stored: object) -> None:
    options = options_from_dict(stored)
    assert isinstance(options.system, str)
    assert all(LIMITS[name][0] <= value <= LIMITS[name][1] for name, value in options.chosen().items())
    assert options_from_dict(options_to_dict(options)) == options
