"""What is copied out of the transcript, as text and as Markdown; lists with code; what is folded."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from engine.chat.markdown import parse_markdown
from engine.chat.markdown_writer import markdown_of
from gui.chat.code_rows import CodeRow
from gui.chat.finder import Finder
from tests.gui.chat_support import Chat, answer, conversation, make_chat, press, user

RICH = """# Head *it*

Some **bold** `co*de` [x](https://a.org) 1 \\* 2 and $x_1$.

1. one
2. two

   ```py
   x = "```"
   y = 2
   ```

   after
3. three
   - deep

> said
> - a

| a | b |
|:---|---:|
| 1 | **2** |
| 3 | 4 |

```sh
ls
```

---"""


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    return make_chat(qtbot)


@pytest.mark.parametrize(
    "source",
    [
        RICH,
        "a_b_c and _it_ **b** ***c***",
        "1\\. no list\n\\# no head\n\\- none",
        "`` a`b `` and `` ` ``",
        "- a\n\n  b\n\n- c",
        "> > deep\n>\n> x",
        "````\n```\n````",
        "$$\nx\n$$\n\ntext \\$5 and \\$6",
        "[a *b*](https://a.org) https://b.org ![i](https://c.org)",
        "a | b\n\n\\| c",
        "~~gone~~ \\~ \\<b>",
    ],
)
def test_what_is_written_reads_as_the_same_blocks(source: str) -> None:
    blocks = parse_markdown(source)
    assert parse_markdown("\n\n".join(map(markdown_of, blocks))) == blocks


def test_a_whole_message_is_copied_as_it_was_written(chat: Chat) -> None:
    chat.open(conversation(user(1, "a *b*"), answer(2, RICH)))
    transcript = chat.page.transcript
    press(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(transcript, Qt.Key.Key_C, both)
    assert QGuiApplication.clipboard().text() == f"a *b*\n\n{RICH}"


def test_a_part_is_copied_as_markdown_of_that_part(chat: Chat) -> None:
    text = "Some **bold words** here\n\n```py\na = 1\nb = 2\n```\n\n4. one\n5. two *it* more"
    chat.open(conversation(user(1, "Q"), answer(2, text)))
    transcript = chat.page.transcript
    transcript._selection.anchor, transcript._selection.cursor = (1, 0, 7), (1, 2, 10)
    assert transcript.selected_markdown() == (
        "**ld words** here\n\n```py\na = 1\nb = 2\n```\n\n4. one\n5. two *it*"
    )
    assert transcript.selected_text() == "ld words here\n\na = 1\nb = 2\n\none\ntwo it"
    transcript._selection.anchor, transcript._selection.cursor = (1, 1, 4), (1, 1, 9)
    assert transcript.selected_markdown() == "```py\n1\nb =\n```"


def test_rows_of_a_table_keep_their_header(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nend")))
    transcript = chat.page.transcript
    document = transcript.row_document(1, 0)
    assert document is not None
    place = document.toPlainText().replace("\n", "").find("3")
    start = next(at for at in range(document.characterCount()) if document.characterAt(at) == "3")
    assert place >= 0
    transcript._selection.anchor, transcript._selection.cursor = (1, 0, start), (1, 1, 2)
    assert transcript.selected_markdown() == "| a | b |\n|---|---|\n| 3 | 4 |\n\nen"


def test_code_in_a_list_has_its_header_and_copies(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, RICH)))
    transcript = chat.page.transcript
    code = [row for row in transcript.visible_rows if isinstance(row, CodeRow)]
    assert [row.code.language for row in code] == ["py", "sh"]
    assert code[0].place.depth == 1
    targets = [target for target, action in transcript._targets() if action.key == "copy_code"]
    transcript._activate(targets[0])
    assert QGuiApplication.clipboard().text() == 'x = "```"\ny = 2'
    shown = chat.shown()
    assert "2. two" in shown and "after" in shown and "3. three" in shown


def test_what_is_folded_is_found_and_opened(chat: Chat) -> None:
    chat.open(
        conversation(
            user(1, "needle"), answer(2, "a needle", reasoning="one **needle**\n\nand needle"), user(3, "x")
        )
    )
    transcript = chat.page.transcript
    finder = Finder(transcript)
    finder.open()
    finder.look_for("needle")
    assert finder.total == 4 and finder.number == 1
    assert not transcript._boxes[1].opened
    finder.step(True)
    assert transcript._boxes[1].opened and finder.number == 2
    assert finder.line() == "one needle"
    finder.step(True)
    finder.step(True)
    assert finder.line() == "a needle"
    assert finder.total == 4
    transcript.toggle_thought(1)
    assert finder.line() == "a needle" and finder.number == 4
    finder.step(False)
    assert transcript._boxes[1].opened and finder.line() == "and needle"
    transcript.toggle_thought(1)
    assert not transcript._boxes[1].opened and finder.total == 4


def test_controls_that_turn_letters_round_are_shown_to_everyone(chat: Chat) -> None:
    chat.open(conversation(user(1, "ask\u202eksa"), answer(2, "an\u2067swer\n\n```py\nx\u202ey\n```")))
    assert "\u202e" not in chat.shown() and chat.shown().count("\ufffd") == 3
    transcript = chat.page.transcript
    press(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert "\u202e" not in transcript.selected_text()
