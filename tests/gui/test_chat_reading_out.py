"""What a screen reader is told: answers by the sentence, and blocks it can walk through by itself.

The second part runs the transcript in a process of its own on a bus of its own, and walks it with a real
AT-SPI client, as Orca does: over D-Bus.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.chat.announcer import spoken, whole_sentences

ROOT = Path(__file__).resolve().parents[2]


def test_only_whole_sentences_are_said() -> None:
    assert whole_sentences("It is 3.5 m. And the") == ("It is 3.5 m.", " And the")
    assert whole_sentences("你好。再见") == ("你好。", "再见")
    assert whole_sentences("no end") == ("", "no end")


def test_marks_are_not_read_out() -> None:
    assert spoken("## Title\n- **one**\n- `two`\n") == "Title one two"
    assert spoken("a - b") == "a - b"


@given(st.lists(st.text(st.sampled_from("a. 。\n!"), max_size=8), max_size=12))
def test_nothing_is_lost_or_said_twice(pieces: list[str]) -> None:
    said, waiting = "", ""
    for piece in pieces:
        whole, waiting = whole_sentences(waiting + piece)
        said += whole
    assert said + waiting == "".join(pieces)


@pytest.mark.skipif(sys.platform != "linux", reason="AT-SPI is Linux's")
def test_a_real_client_walks_the_blocks_of_a_conversation(tmp_path: Path) -> None:
    tools = ("dbus-run-session", "Xvfb")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    assert not missing, f"./test installs these: {missing}"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("QT_", "DBUS_", "AT_SPI"))
    }
    walked = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-m", "tests.gui.at_spi_walk"],
        cwd=ROOT,
        env={**kept, "XDG_RUNTIME_DIR": str(tmp_path), "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    lines = walked.stdout.splitlines()
    names = [line.strip() for line in lines]
    for wanted in (
        "list: Conversation",
        "list item: You",
        "paragraph: Why is the sky blue?",
        "list item: model",
        "paragraph: Light is scattered.",
        "paragraph: Blue more than red.",
    ):
        assert wanted in names, walked.stdout
    for control in (
        "text: Message",
        "push button: Stop",
        "push button: Attach text, code, a PDF or an image",
    ):
        assert control in names, walked.stdout
    assert "ended: 0" in names, walked.stdout + walked.stderr
    assert "announced: Light is scattered." in names, walked.stdout
