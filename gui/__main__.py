"""The window's composition root: builds every object once and hands it to those who need it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QMessageBox

import engine
import resources
from engine.errors import DesksideError
from engine.events import Emit, JobId, Noticed, WindowAsked
from engine.host.window import WindowDoor
from engine.jobs.desk import Desk
from engine.messages import Sentence
from engine.paths import Paths
from engine.settings import Settings
from engine.typesetting.typesetter import Typesetter
from gui.bridge import EngineBridge
from gui.chat.page import ChatPage
from gui.graphs.panel import GraphPanel
from gui.models.local_file import model_of_file
from gui.opening import Application
from gui.shell.banners import BannerArea
from gui.shell.download_status import DownloadStatus
from gui.shell.language import Language
from gui.shell.late_pages import LatePages
from gui.shell.log import log_qt_messages, tell_of_slips
from gui.shell.model import ShellModel
from gui.shell.palette import Palette
from gui.shell.parts import Parts
from gui.shell.shell import Shell
from gui.shell.sidebar import Sidebar
from gui.shell.top_line import TopLine
from gui.shell.update_watch import UpdateWatch
from gui.shell.window import MainWindow
from gui.signals import QuitOnSignal
from gui.widgets.commands import Commands
from gui.widgets.icons import application_icon
from gui.widgets.sentences import translate
from gui.widgets.style import Style
from gui.widgets.theme import ThemeSource

VERSION = engine.__version__
_LATER_MS = 200


def run(
    make_desk: Callable[[Emit], Desk],
    paths: Paths,
    open_file: str | None = None,
    door: WindowDoor | None = None,
    typesetting: Sequence[str] = (),
) -> int:
    """Shows the window until it is closed; returns the exit code.

    `make_desk` is given the way events come back; `open_file` is a GGUF to load at once; at the `door` later
    starts ask for this window; `typesetting` starts the process that draws formulas, which are shown as their
    source without one.
    """
    log_qt_messages()
    application = build_application()
    theme = ThemeSource(parent=application)
    style = Style(application, theme)
    language = Language(application, resources.path("translations"))
    bridge = EngineBridge(application)
    desk = make_desk(bridge.emit_event)
    tell_of_slips(_teller(bridge), str(paths.log))
    style.choose(desk.settings.theme)
    style.choose_contrast(desk.settings.contrast)
    style.choose_motion(desk.settings.motion)
    language.choose(desk.settings.language)
    signals = QuitOnSignal(application)
    parts = build_parts(
        desk, bridge, theme, QSettings(str(paths.config / "window.ini"), QSettings.Format.IniFormat)
    )
    typesetter = Typesetter(typesetting)
    if typesetting:
        parts.chat.transcript.formulas.draw_with(typesetter)
    shell = Shell(desk, bridge, style, language, parts)

    def asked(file: str) -> None:
        bridge.emit_event(WindowAsked(JobId(0), file))

    parts.window.show()
    shell.start(model_of_file(open_file) if open_file else None)
    application.file_opened.connect(asked)
    QTimer.singleShot(_LATER_MS, shell, shell.start_the_rest)
    if door is not None:
        door.listen(asked)
    # Qt would wait for the last window: a forgotten pop-up must not keep the program alive unseen.
    parts.window.closing.connect(application.exit)
    # What is there by now stays to the end: from here on garbage is looked for, but not in all of that.
    gc.freeze()
    gc.enable()
    code = application.exec()
    parts.window.close()
    bridge.close()
    signals.close()
    typesetter.close()
    desk.close()
    return code


def build_application() -> Application:
    """The one of this process, with its names and icon."""
    application = Application(sys.argv[:1])
    application.setApplicationName("deskside")
    application.setApplicationDisplayName("Deskside")
    application.setApplicationVersion(VERSION)
    application.setOrganizationName("Deskside")
    application.setDesktopFileName("deskside")
    application.setWindowIcon(application_icon())
    return application


def build_parts(desk: Desk, bridge: EngineBridge, theme: ThemeSource, memory: QSettings) -> Parts:
    """Every part of the window; `memory` keeps its size and place."""
    model = ShellModel(desk, bridge)
    sidebar = Sidebar(theme)
    top_line = TopLine(model, theme)
    banners = BannerArea(theme)
    chat = ChatPage(desk, bridge, theme)
    chat.transcript.keep_zoom_in(memory)
    graphs = GraphPanel(theme)
    bridge.event_arrived.connect(graphs.on_event)
    window = MainWindow(sidebar, top_line, banners, graphs, memory)
    commands = Commands(window)
    pages = LatePages(desk, bridge, theme, commands, window)
    window.take_pages(chat, pages.page)
    return Parts(
        model,
        DownloadStatus(),
        sidebar,
        top_line,
        banners,
        UpdateWatch(desk, banners, theme, window),
        chat,
        pages,
        graphs,
        window,
        commands,
        Palette(theme, window),
    )


def show_fatal(error: DesksideError) -> int:
    """Says in a box why the program cannot start; returns the exit code."""
    application = build_application()
    style = Style(application, ThemeSource(parent=application))
    style.choose("system")
    Language(application, resources.path("translations")).choose(Settings().language)
    box = QMessageBox(QMessageBox.Icon.Critical, "Deskside", translate(error.message))
    box.exec()
    return error.exit_code


def _teller(bridge: EngineBridge) -> Callable[[Sentence], None]:
    def tell(sentence: Sentence) -> None:
        bridge.emit_event(Noticed(JobId(0), sentence))

    return tell
