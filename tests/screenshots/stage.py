"""The whole window over a desk without an engine, ready to be looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QPoint, QSettings
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.catalog.model import InstalledModel
from engine.chat.conversation import Conversation, ConversationSummary, Folder, TrashedConversation
from engine.events import (
    ConversationOpened,
    ConversationsListed,
    GenerationFinished,
    JobFinished,
    JobId,
    ModelLoaded,
    ModelsListed,
    RuntimeStateChanged,
    TelemetrySampled,
    TokenDelta,
)
from engine.runtime.values import MemoryShare, ModelFacts, RuntimeState, StopReason
from engine.settings import Settings
from engine.telemetry.sample import GpuSample, TelemetrySample
from engine.typesetting.typesetter import Typesetter
from gui.__main__ import build_parts
from gui.bridge import EngineBridge
from gui.shell.language import Language
from gui.shell.parts import Parts
from gui.shell.shell import Shell
from gui.widgets.style import Style
from gui.widgets.theme import ThemeSource
from tests.gui import samples
from tests.gui.chat_support import STATS as FEW
from tests.gui.fake_desk import FakeDesk
from tests.gui.window_under_test import WindowUnderTest

GIB, MIB = 2**30, 2**20
SIZE = (1280, 860)
NOW = 1_795_700_000.0
MODEL = InstalledModel(
    "/models/Qwen3-30B-A3B-Q4_K_M.gguf",
    "Qwen3-30B-A3B",
    "Q4_K_M",
    18_556_686_912,
    "hub",
    "unsloth",
    "ab" * 32,
)
STATS = replace(
    FEW,
    prompt_tokens=312,
    evaluated_tokens=118,
    reused_tokens=194,
    generated_tokens=486,
    prompt_tps=1840.0,
    generation_tps=68.4,
    time_to_first_token_s=0.21,
    prompt_s=0.17,
    generation_s=7.1,
    reasoning_tokens=0,
    reasoning_s=0.0,
    batch_width=1.0,
    energy_j=2040.0,
)
_NOBODY = JobId(0)
_ALLOCATED = (
    ("CUDA0", "weights", 16_950 * MIB),
    ("CPU", "weights", 166 * MIB),
    ("CUDA0", "kv_cache", 1536 * MIB),
    ("CUDA0", "compute", 304 * MIB),
    ("CPU", "compute", 36 * MIB),
    ("CPU", "output", 10 * MIB),
)


@dataclass
class Stage:
    window: WindowUnderTest
    chinese: bool
    folder: Path  # for files of this picture

    @property
    def parts(self) -> Parts:
        return self.window.parts

    def say(self, english: str, chinese: str) -> str:
        return chinese if self.chinese else english

    def list_all(self) -> None:
        """Chats in folders, and two models."""
        say = self.say
        chats = (
            ConversationSummary(4, say("Trip to the lakes", "湖区旅行计划"), NOW - 90_000, None, True),
            ConversationSummary(1, say("Softmax, step by step", "一步步理解 Softmax"), NOW - 100),
            ConversationSummary(2, say("Reading an event stream", "读取事件流"), NOW - 4_000),
            ConversationSummary(3, say("Letter to the landlord", "给房东的信"), NOW - 9_000),
            ConversationSummary(5, say("Review: parser.py", "代码审查：parser.py"), NOW - 80_000, 1),
            ConversationSummary(6, say("Names for the library", "给这个库起名字"), NOW - 81_000, 1),
        )
        folders = (Folder(1, say("Work", "工作")), Folder(2, say("Home", "家")))
        trash = (
            TrashedConversation(8, say("Old draft of a letter", "信件的旧草稿"), NOW - 200_000),
            TrashedConversation(9, say("Test", "测试"), NOW - 900_000),
        )
        self.window.tell(
            ConversationsListed(_NOBODY, chats, folders, trash),
            ModelsListed(self.window.desk.last("list_models"), (MODEL, samples.STARTER)),
        )

    def load_model(self, writes: bool = False) -> None:
        """A model is in use, and the curves show the minute in which it answered, or still does."""
        shares = tuple(MemoryShare(*one) for one in _ALLOCATED)
        planned = tuple(
            MemoryShare(one.device, one.part, int(one.size_bytes * (0.9 if one.part == "compute" else 1)))
            for one in shares
        )
        facts = ModelFacts(
            *(MODEL.name, "qwen3moe", 16_384, 40_960, 17_116 * MIB, 6.1, 4711, "CUDA0", True),
            memory=shares,
            planned=(
                *planned,
                MemoryShare("RAM", "overhead", 96 * MIB),
                MemoryShare("GPU", "overhead", 520 * MIB),
            ),
        )
        self.window.shell._use(MODEL)
        job = self.window.desk.last("load")
        self.window.tell(
            ModelLoaded(job, MODEL, facts),
            RuntimeStateChanged(job, RuntimeState.READY, None, MODEL.path),
            JobFinished(job),
        )
        self._show_minute(sum(share.size_bytes for share in shares), writes)
        self.window.settle()

    def _show_minute(self, reserved: int, writes: bool) -> None:
        graphs = self.parts.graphs
        clock = [1000.0]
        graphs._clock = lambda: clock[0]
        for step in range(240):
            clock[0] += 0.25
            busy = step >= 80
            if busy:
                graphs.on_event(TokenDelta(_NOBODY, "x", False, 17 + round(4 * math.sin(step / 7))))
            if step % 2 == 0:
                graphs.on_event(TelemetrySampled(_NOBODY, _sample(clock[0], step, busy, reserved)))
        if not writes:
            graphs.on_event(GenerationFinished(_NOBODY, STATS, StopReason.END))

    def open(self, opened: Conversation) -> None:
        self.window.shell.open_chat(opened.id)
        self.window.tell(ConversationOpened(self.window.desk.last("open_conversation"), opened))


def _sample(at: float, step: int, busy: bool, reserved: int) -> TelemetrySample:
    wave = math.sin(step / 9) * 0.03
    card = GpuSample(
        "NVIDIA GeForce RTX 4090",
        21 * GIB,
        24 * GIB,
        0.9 + wave if busy else 0.04,
        287.0 if busy else 41.0,
        64.0 if busy else 47.0,
    )
    vram = 19_310 * MIB
    ram = reserved - vram + 640 * MIB
    cpu = 0.16 + wave if busy else 0.05 + wave / 3
    return TelemetrySample(at, 14 * GIB, 64 * GIB, cpu, ram, vram, (card,))


Scene = Callable[[Stage], None]


@contextmanager
def stage(
    application: QApplication,
    typesetter: Typesetter,
    folder: Path,
    translations: Path,
    look: tuple[str, str],
    wizard: bool,
) -> Iterator[Stage]:
    """`look`: language and theme. `wizard`: it is the first start."""
    language, theme = look
    settings = Settings(language=language, theme=theme, wizard_done=not wizard)
    source = ThemeSource(parent=application)
    style, words = Style(application, source), Language(application, translations)
    style.choose(theme)
    words.choose(language)
    bridge = EngineBridge(application)
    desk = FakeDesk(bridge.emit_event, settings)
    memory = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    parts = build_parts(desk, bridge, source, memory)
    parts.chat.transcript.formulas.draw_with(typesetter)
    shell = Shell(desk, bridge, style, words, parts)
    parts.window.resize(*SIZE)
    parts.window.show()
    parts.window.activateWindow()
    QCursor.setPos(parts.window.geometry().bottomRight() + QPoint(60, 60))  # nothing is hovered over
    QTest.qWaitForWindowActive(parts.window)
    shell.start(None)
    shell.start_the_rest()
    made = Stage(WindowUnderTest(application, desk, source, parts, shell), language != "en", folder)
    made.window.settle()
    yield made
    parts.window.close()
    bridge.close()
    words.choose("en")
    parts.window.deleteLater()
    application.processEvents()
    style.deleteLater()
    words.deleteLater()
