# ruff: noqa: E501  texts of a chat are as long as they are
"""The chat, and what opens over and beside it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QBuffer, QIODevice, QPoint, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from engine.catalog.image_rule import ImageRule
from engine.chat.attachments import attached, attached_image, part_of
from engine.chat.conversation import ChatMessage, Conversation, MessageState
from engine.chat.options import ChatOptions
from engine.chat.shelf import Preset, Prompt, Shelf
from engine.events import Event, JobId, MessageAdded, PromptProgressed, ShelfRead, TokenDelta
from tests.gui.chat_support import answer, conversation, user
from tests.gui.test_shell import CONTROL, SHIFT
from tests.screenshots.stage import MODEL, STATS, Scene, Stage

_CODE = '''```python
def events(lines):
    """Yields the data of each event."""
    data = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].lstrip())
        elif not line and data:  # an empty line ends an event
            yield "\\n".join(data)
            data = []
```
'''
_STREAM_EN = f"""A stream of server-sent events is **plain text**: lines that begin with a field's name, and an empty line after each event.

{_CODE}
Three things are easy to get wrong:

- `data:` may come several times in one event; the pieces are joined by line breaks.
- A line that begins with a colon is a comment, often sent so that the connection stays open.
- The end of the stream is *not* an event.

| field | meaning |
|---|---|
| `data` | the text itself |
| `event` | its kind, `message` if there is none |
| `id` | where to go on after a break |
"""
_STREAM_ZH = f"""服务器推送的事件流就是**纯文本**：每一行以字段名开头，每个事件之后有一个空行。

{_CODE}
有三点容易出错：

- 一个事件里可以有多行 `data:`，它们用换行符连接。
- 以冒号开头的行是注释，通常用来保持连接。
- 流的结束*不是*一个事件。

| 字段 | 含义 |
|---|---|
| `data` | 文本本身 |
| `event` | 事件的种类，没有时为 `message` |
| `id` | 断开之后从哪里继续 |
"""
_MATHS_EN = r"""The *softmax* turns scores $z_1, \dots, z_n$ into probabilities:

$$\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{n} e^{z_j}}$$

Adding the same number to all scores changes nothing, since $e^{z+c} = e^z e^c$. Attention uses it on the products of queries and keys:

$$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right) V$$

1. The scores are $QK^\top$, a matrix of $n \times n$.
2. They are divided by $\sqrt{d_k}$, so that their variance stays near $1$.
3. A mask sets what lies ahead to $-\infty$:

$$M_{ij} = \begin{cases} 0 & \text{if } j \le i \\ -\infty & \text{otherwise} \end{cases}$$
"""
_MATHS_ZH = r"""*Softmax* 把分数 $z_1, \dots, z_n$ 变成概率：

$$\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{n} e^{z_j}}$$

给所有分数加上同一个数，结果不变，因为 $e^{z+c} = e^z e^c$。注意力对查询与键的乘积使用它：

$$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right) V$$

1. 分数是 $QK^\top$，一个 $n \times n$ 的矩阵。
2. 再除以 $\sqrt{d_k}$，使方差保持在 $1$ 附近。
3. 掩码把后面的位置设为 $-\infty$：

$$M_{ij} = \begin{cases} 0 & j \le i \\ -\infty & j > i \end{cases}$$
"""
_THOUGHT_EN = (
    "The user wants a parser.\n\nAn empty line ends an event, so I collect `data:` lines until then."
)
_THOUGHT_ZH = "用户想要一个解析器。\n\n空行结束一个事件，所以在那之前收集 `data:` 行。"


def _stream(made: Stage) -> Conversation:
    question = made.say(
        "How do I read a stream of server-sent events in Python, without a library?",
        "不用任何库，怎样在 Python 里读取服务器推送的事件流？",
    )
    thinking = replace(STATS, reasoning_tokens=142, reasoning_s=2.1)
    told = answer(
        2,
        made.say(_STREAM_EN, _STREAM_ZH),
        1,
        reasoning=made.say(_THOUGHT_EN, _THOUGHT_ZH),
        stats=thinking,
    )
    return _by_model(made, 2, user(1, question), told)


_LANDSCAPE = (480, 320)  # px


def _by_model(made: Stage, number: int, *messages: ChatMessage) -> Conversation:
    written = (replace(one, model=MODEL.name) if one.model else one for one in messages)
    return conversation(*written, number=number)


def _ready(made: Stage) -> None:
    made.list_all()
    made.load_model()


def chat(made: Stage) -> None:
    _ready(made)
    made.open(_stream(made))
    bar = made.parts.chat.transcript.verticalScrollBar()
    bar.setValue(0)


def chat_empty(made: Stage) -> None:
    _ready(made)
    made.window.shell.new_chat()


def chat_maths(made: Stage) -> None:
    _ready(made)
    question = made.say("Explain softmax and attention, with formulas.", "请用公式解释 Softmax 和注意力。")
    told = answer(2, made.say(_MATHS_EN, _MATHS_ZH), 1, stats=STATS)
    made.open(_by_model(made, 1, user(1, question), told))


def chat_details(made: Stage) -> None:
    """What is known about an answer, its reasoning opened."""
    made.window.desk.settings = replace(made.window.desk.settings, kwh_price=0.56)
    made.parts.chat.show_settings(made.window.desk.settings)
    chat(made)
    made.parts.chat.transcript.toggle_thought(1)
    made.parts.chat.transcript.toggle_details(1)
    made.parts.chat.transcript.go_to_end()


def chat_settings(made: Stage) -> None:
    _ready(made)
    show_shelf(made)
    made.open(_stream(made))
    system = made.say("You answer briefly and name your sources.", "回答要简短，并说明依据。")
    made.parts.chat.toggle_options()
    made.parts.chat.options.use(ChatOptions(system=system, temperature=0.7, top_p=0.9, max_tokens=2000))
    made.parts.chat.transcript.verticalScrollBar().setValue(0)


def show_shelf(made: Stage) -> None:
    prompts = (
        Prompt(
            made.say("Review", "代码审查"),
            made.say("Review this {{language}} code: {{code}}", "请审查这段 {{语言}} 代码：{{代码}}"),
        ),
        Prompt(
            made.say("Shorten", "缩写"),
            made.say("Say the same in half as many words.", "用一半的字数表达同样的意思。"),
        ),
        Prompt(made.say("Translate", "翻译"), made.say("Translate into {{language}}:", "翻译成{{语言}}：")),
    )
    presets = (Preset(made.say("Exact", "严谨"), ChatOptions(temperature=0.1)),)
    made.window.tell(ShelfRead(JobId(0), Shelf(prompts, presets)))


def attachments(made: Stage) -> None:
    chat(made)
    chips = made.parts.chat.composer.chips
    for name, length, pages in (("parser.py", 3_400, 0), (made.say("report.pdf", "报告.pdf"), 41_000, 12)):
        chips.show_file(chips.add(name), attached(name, "word " * (length // 5), pages))
    made.parts.chat.composer.set_text(
        made.say("Does the parser do what the report says?", "这个解析器符合报告里的说法吗？")
    )


def chat_images(made: Stage) -> None:
    """A picture that was sent, and one that is about to be."""
    _ready(made)
    question = user(1, made.say("What is in this photo?", "这张照片里有什么？"))
    photo = attached_image("ridges.png", _landscape())
    told = made.say(
        "The answer stands here. The picture was drawn for this page, and no vision model was run.",
        "回答会显示在这里。图片是为这一页画的，没有运行视觉模型。",
    )
    asked = replace(question, parts=(part_of(photo), *question.parts))
    made.open(_by_model(made, 1, asked, answer(2, told, 1, stats=STATS)))
    chips = made.parts.chat.composer.chips
    chips.show_rule(ImageRule(cell=28, fewest=8, most=4096, around=2))
    second = replace(attached_image("second.png", _landscape()), size=_LANDSCAPE)
    chips.show_file(chips.add("second.png"), second)


def _landscape() -> bytes:
    """As a PNG file."""
    picture = QImage(*_LANDSCAPE, QImage.Format.Format_RGB32)
    sky = QLinearGradient(0, 0, 0, 320)
    sky.setColorAt(0, QColor("#7fb0e6"))
    sky.setColorAt(1, QColor("#f2dfc4"))
    with QPainter(picture) as painter:
        painter.fillRect(picture.rect(), sky)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, x, y, radius in (
            ("#fff3c4", 350, 90, 28),
            ("#8ea3c4", 240, 460, 260),
            ("#4c6b57", 90, 520, 280),
        ):
            painter.setBrush(QColor(colour))
            painter.drawEllipse(QPoint(x, y), radius, radius)
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(data, "PNG")  # type: ignore[call-overload]
    return bytes(data.data().data())


def slash(made: Stage) -> None:
    chat(made)
    show_shelf(made)
    made.parts.chat.focus_composer()
    made.window.type("/")


def palette(made: Stage) -> None:
    chat(made)
    made.window.press(Qt.Key.Key_P, CONTROL | SHIFT)
    made.window.settle()


def find(made: Stage) -> None:
    chat(made)
    made.window.press(Qt.Key.Key_F, CONTROL)
    made.parts.chat.find_bar.field.setText(made.say("event", "事件"))


def interrupted(made: Stage) -> None:
    _ready(made)
    question = made.say("Tell me about the lighthouses of Brittany.", "介绍一下布列塔尼的灯塔。")
    half = made.say(
        "Along the coast of Brittany stand some of the most exposed lighthouses of Europe. *Ar-Men*, built from 1867 to 1881 on a rock that is bare for a few hours only,",
        "布列塔尼沿岸矗立着欧洲一些最险峻的灯塔。*阿尔芒灯塔*建于 1867 年至 1881 年，所在的礁石每天只露出水面几个小时，",
    )
    stopped = answer(2, half, 1, MessageState.INTERRUPTED, stats=replace(STATS, generated_tokens=54))
    made.open(_by_model(made, 3, user(1, question), stopped))


def context_full(made: Stage) -> None:
    _ready(made)
    full = replace(STATS, prompt_tokens=15_010, generated_tokens=1_374, reasoning_tokens=420)
    first = _stream(made).messages
    more = user(3, made.say("And how do I write one?", "那么怎样写一个呢？"))
    cut = answer(4, made.say(_STREAM_EN, _STREAM_ZH), 3, MessageState.CUT, stats=full)
    made.open(_by_model(made, 2, *first, more, cut))


def writing(made: Stage) -> None:
    """An answer while it is written."""
    made.list_all()
    made.load_model(writes=True)
    made.window.shell.new_chat()
    made.parts.chat.composer.set_text(
        made.say("Compare three ways to cache results.", "比较三种缓存结果的方法。")
    )
    made.parts.chat.composer.button.click()
    job = made.window.desk.last("send")
    question = user(1, made.say("Compare three ways to cache results.", "比较三种缓存结果的方法。"))
    begun = replace(answer(2, "", 1, MessageState.STREAMING, stats=None), model=MODEL.name)
    made.window.tell(MessageAdded(job, 12, question), MessageAdded(job, 12, begun))
    text = made.say(
        "The **simplest** way keeps results in a dictionary:\n\n```python\ncache = {}\n\ndef get(key):\n    if key not in cache:\n        cache[key] = compute(key)\n    return cache[key]\n```\n\nIt never forgets, so",
        "**最简单**的方法是用字典保存结果：\n\n```python\ncache = {}\n\ndef get(key):\n    if key not in cache:\n        cache[key] = compute(key)\n    return cache[key]\n```\n\n它从不遗忘，因此",
    )
    made.window.tell(*_tokens(job, text))


def _tokens(job: JobId, text: str) -> list[Event]:
    return [PromptProgressed(job, 312, 312, 0), *(TokenDelta(job, piece, False, 1) for piece in text)]


CHAT_SCENES: dict[str, Scene] = {
    "chat": chat,
    "chat-empty": chat_empty,
    "chat-writing": writing,
    "chat-maths": chat_maths,
    "chat-details": chat_details,
    "chat-settings": chat_settings,
    "chat-find": find,
    "chat-interrupted": interrupted,
    "chat-context": context_full,
    "attachments": attachments,
    "chat-images": chat_images,
    "slash": slash,
    "palette": palette,
}
