"""How smooth the transcript is: opens a long conversation, then streams an answer into it.

    xvfb-run -a python -m tests.bench.transcript [--messages 2000] [--seconds 6]

Prints the time to open, and for each rate the stalls of the event loop (p50, p99, max: how much
later than asked a 1 ms timer came) and the CPU time for each token, with ten messages before, as a
reference of the same run; then find, scrolling, resizing, memory, and what the live cards cost. All with a
selection, formulas and accessibility switched on. Run it where nothing else is at work.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from engine.chat.conversation import ChatMessage, MessageState
from engine.events import JobId, TelemetrySampled
from engine.telemetry.sample import GpuSample, TelemetrySample
from engine.typesetting.main import TYPESETTING_WORD
from engine.typesetting.typesetter import Typesetter
from gui.chat.finder import Finder
from gui.chat.transcript import Transcript
from gui.graphs.panel import GraphPanel
from gui.widgets.style import Style
from gui.widgets.theme import ThemeSource
from tests.gui.chat_support import answer, user

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"
ANSWER = """## Part {n}

The **quick** brown `fox` jumps over the lazy dog, 敏捷的棕色狐狸跳过懒狗, again: $x_{{{n}}}^2$ times.

$$\\frac{{a}}{{b}} = {n}$$

- first point with *emphasis*
- second point with [a link](https://example.org)

```python
def part_{n}(value: int) -> int:
    return value * {n}  # 注释
```

| a | b |
|---|--:|
| {n} | 2 |

"""


def messages(count: int) -> list[ChatMessage]:
    made: list[ChatMessage] = []
    for n in range(0, count, 2):
        made += [user(n + 1, f"question {n}", n or None), answer(n + 2, ANSWER.format(n=n), n + 1)]
    return made


def spread(times_ms: list[float]) -> str:
    ordered = sorted(times_ms)
    last = len(ordered) - 1
    return f"p50 {ordered[last // 2]:.1f}  p99 {ordered[last * 99 // 100]:.1f}  max {ordered[last]:.1f} ms"


def stream(transcript: Transcript, rate: int, seconds: float, before: int) -> float:
    """Appends `rate` tokens a second and watches the event loop. Returns the CPU seconds."""
    source = "".join(ANSWER.format(n=n) for n in range(200))
    tokens = [source[at : at + 4] for at in range(0, len(source), 4)]
    stalls: list[float] = []
    clock = QElapsedTimer()
    clock.start()
    fed = 0
    last = time.perf_counter()

    def tick() -> None:
        nonlocal fed, last
        now = time.perf_counter()
        stalls.append((now - last) * 1000)
        last = now
        due = min(int(clock.elapsed() / 1000 * rate), len(tokens))
        for token in tokens[fed:due]:
            transcript.append_text(token, False)
        fed = due
        if clock.elapsed() > seconds * 1000:
            loop.quit()

    loop = QEventLoop()  # quitting the application would close the window
    timer = QTimer(interval=1)
    timer.timeout.connect(tick)
    timer.start()
    cpu = time.process_time()
    loop.exec()
    timer.stop()
    cpu_ms = (time.process_time() - cpu) * 1000
    each = f"CPU {cpu_ms / max(fed, 1):.2f} ms/token"
    print(f"{before:5d} messages, {rate:4d} tokens/s  stall {spread(stalls)}  {each}", flush=True)
    return cpu_ms / 1000


def timed(application: QApplication, times: int, act: object) -> list[float]:
    taken: list[float] = []
    for number in range(times):
        begin = time.perf_counter()
        act(number)  # type: ignore[operator]
        application.processEvents()
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def find(application: QApplication, transcript: Transcript) -> None:
    """Looks for words: at once, and again when all Markdown has been read; then from hit to hit."""
    finder = Finder(transcript)
    print("find open", spread(timed(application, 1, lambda n: finder.open())))
    words = ("e", "fox", "jumps over", "敏捷", "def part_19", "nothing like it")
    print("find, Markdown unread", spread([_looking(finder, needle) for needle in words]))
    begin = time.perf_counter()
    pauses = []
    while finder.reads:
        before = time.perf_counter()
        application.processEvents()
        pauses.append((time.perf_counter() - before) * 1000)
    print(f"find reads all in {time.perf_counter() - begin:.1f} s, event loop", spread(pauses))
    print("find", spread([_looking(finder, needle) for needle in words * 5]))
    finder.look_for("fox")
    print(f"find step and draw, {finder.total} hits", spread(_steps(application, finder)))
    finder.close()


def _steps(application: QApplication, finder: Finder) -> list[float]:
    """From hit to hit as fast as a key that is held down repeats, 30 times a second."""
    taken: list[float] = []
    for _ in range(200):
        taken += timed(application, 1, lambda n: finder.step(True))
        end = time.perf_counter() + 0.033
        while time.perf_counter() < end:
            application.processEvents()
    return taken


def _looking(finder: Finder, needle: str) -> float:
    begin = time.perf_counter()
    finder.look_for(needle)
    return (time.perf_counter() - begin) * 1000


def rss_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


def streams(transcript: Transcript, shown: list[ChatMessage], seconds: float) -> None:
    """Both rates, after ten messages and after all."""
    cpu: dict[int, float] = {}
    for before in (shown[:10], shown):
        live = answer(10**9, "", before[-1].id, MessageState.STREAMING)
        for rate in (100, 500):
            transcript.show_messages([*before, live], live.id)
            transcript.select_part(len(before) - 1, 1, 0, 5)
            cpu[rate] = stream(transcript, rate, seconds, len(before))
    print(f"CPU at 500 of that at 100 tokens/s {cpu[500] / cpu[100]:.2f}")


def cards(application: QApplication, theme: ThemeSource, seconds: float) -> None:
    """What the live cards cost at 10 Hz, seen and hidden, beside what the same loop costs without them."""
    panel = GraphPanel(theme)
    panel.resize(284, 800)
    took = {"loop alone": _share(application, seconds, lambda event: None)}
    for shown in (True, False):
        panel.setVisible(shown)
        took["seen" if shown else "hidden"] = _share(application, seconds, panel.on_event)
    alone = took.pop("loop alone")
    each = ", ".join(f"{name} {share - alone:.2%}" for name, share in took.items())
    print(f"live cards: {each} of a core; the loop that feeds them takes {alone:.2%}")
    panel.deleteLater()


def _share(application: QApplication, seconds: float, take: Callable[[TelemetrySampled], object]) -> float:
    """Of a core, while ten readings come in a second."""
    begin, cpu = time.perf_counter(), time.process_time()
    feed = QTimer(interval=100)
    feed.timeout.connect(lambda: take(sample()))
    feed.start()
    while time.perf_counter() - begin < seconds:
        application.processEvents()
        time.sleep(0.005)
    feed.stop()
    return (time.process_time() - cpu) / (time.perf_counter() - begin)


def sample() -> TelemetrySampled:
    moment = time.monotonic()
    gib, share = 2**30, 0.5 + 0.3 * (moment % 1)
    card = GpuSample("card", 10 * gib, 24 * gib, share, 212.0, 63.0)
    told = TelemetrySample(moment, 6 * gib, 24 * gib, share, 4 * gib, 2 * gib, (card,))
    return TelemetrySampled(JobId(0), told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=6)
    chosen = parser.parse_args()
    application = QApplication([])
    QAccessible.setActive(True)
    theme = ThemeSource()
    Style(application, theme).choose("light")
    typesetter = Typesetter((sys.executable, str(PROGRAM), TYPESETTING_WORD))
    transcript = Transcript(theme)
    transcript.formulas.draw_with(typesetter)
    transcript.resize(900, 900)
    transcript.show()
    application.processEvents()
    shown = messages(chosen.messages)
    before = rss_mib()
    begin = time.perf_counter()
    transcript.show_messages(shown)
    application.processEvents()
    transcript.grab()
    print(f"open {len(shown)} messages {1000 * (time.perf_counter() - begin):.0f} ms")
    streams(transcript, shown, chosen.seconds)
    bar = transcript.verticalScrollBar()
    print("scroll", spread(timed(application, 300, lambda n: bar.setValue(bar.value() - 120))))
    print("resize", spread(timed(application, 60, lambda n: transcript.resize(700 + 5 * n, 900))))
    print(f"memory grown by {rss_mib() - before:.0f} MiB")
    find(application, transcript)
    print(f"documents kept {len(transcript.documents)}, messages unfolded {transcript.unfolded_count}")
    print(f"peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    transcript.hide()
    while transcript.formulas.busy:  # not to be counted as a cost of the cards
        application.processEvents()
    cards(application, theme, 5.0)
    typesetter.close()


if __name__ == "__main__":
    main()
