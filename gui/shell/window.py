"""The main window: navigation only. It is given its parts and shows one page at a time."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

_START_WIDTH, _START_HEIGHT = 1280, 820
_LEAST_WIDTH, _LEAST_HEIGHT = 880, 600
_GRAPHS_FROM = 1040  # width below which the graphs fold by themselves
_BOTH_FROM = 1500  # and below which they make way for the settings of a chat


class Page(Enum):
    WIZARD = auto()
    CHAT = auto()
    SEARCH = auto()
    TRASH = auto()
    MODELS = auto()
    ADVICE = auto()
    PREFERENCES = auto()
    PROMPTS = auto()
    HISTORY = auto()


class MainWindow(QMainWindow):
    """Side bar | top line, banners, page | graphs. The wizard has the window for itself."""

    resized = Signal()
    closing = Signal()  # what is not kept yet has to be

    def __init__(
        self,
        sidebar: QWidget,
        top_line: QWidget,
        banners: QWidget,
        graphs: QWidget,
        memory: QSettings,
    ) -> None:
        super().__init__()
        self._sidebar = sidebar
        self._top_line = top_line
        self._pages: dict[Page, QWidget] = {}
        self._bring: Callable[[Page], QWidget] = self._pages.__getitem__
        self._graphs = graphs
        self._memory = memory
        self._graphs_wanted = bool(memory.value("graphs", True, type=bool))
        self._graphs_when_narrow = False
        self._beside = False  # the chat page shows a panel of its own
        self._stack = QStackedWidget()
        self.setWindowTitle("Deskside")
        self._arrange(banners)
        self._restore()

    def take_pages(self, chat: QWidget, bring: Callable[[Page], QWidget]) -> None:
        """Once, before the window is shown; the chat comes first. `bring` makes any other page, and adds it,
        when it is to be shown for the first time."""
        self._bring = bring
        self.add_page(Page.CHAT, chat)
        self.show_page(Page.CHAT)

    def add_page(self, page: Page, widget: QWidget) -> None:
        self._pages[page] = widget
        self._stack.addWidget(widget)

    @property
    def page(self) -> Page:
        """The one that is shown."""
        shown = self._stack.currentWidget()
        return next(page for page, widget in self._pages.items() if widget is shown)

    def show_page(self, page: Page) -> None:
        widget = self._pages[page] if page in self._pages else self._bring(page)
        self._stack.setCurrentWidget(widget)
        self._sidebar.setVisible(page is not Page.WIZARD)
        self._top_line.setVisible(page is Page.CHAT)
        self._show_graphs()

    def come_forward(self) -> None:
        """Also when minimised; where the desktop forbids it, its entry in the taskbar asks for attention."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    def toggle_graphs(self) -> None:
        """In a narrow window they are folded until asked for; otherwise the choice is kept."""
        if self._narrow:
            self._graphs_when_narrow = not self._graphs_when_narrow
        else:
            self._graphs_wanted = not self._graphs_wanted
            self._memory.setValue("graphs", self._graphs_wanted)
        self._show_graphs()

    def make_way(self, beside: bool) -> None:
        """The chat page shows a panel beside the chat, or no more."""
        self._beside = beside
        self._show_graphs()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pages:
            self._show_graphs()
        self.resized.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        self._memory.setValue("geometry", self.saveGeometry())
        self._memory.sync()
        super().closeEvent(event)

    @property
    def _narrow(self) -> bool:
        return self.width() < _GRAPHS_FROM

    def _show_graphs(self) -> None:
        wanted = self._graphs_when_narrow if self._narrow else self._graphs_wanted
        crowded = self._beside and self.width() < _BOTH_FROM
        self._graphs.setVisible(wanted and not crowded and self.page is Page.CHAT)

    def _arrange(self, banners: QWidget) -> None:
        centre = QVBoxLayout()
        centre.setContentsMargins(0, 0, 0, 0)
        centre.setSpacing(0)
        centre.addWidget(self._top_line)
        centre.addWidget(banners)
        centre.addWidget(self._stack, 1)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._sidebar)
        row.addLayout(centre, 1)
        row.addWidget(self._graphs)
        self.setCentralWidget(whole)
        self.setMinimumSize(_LEAST_WIDTH, _LEAST_HEIGHT)

    def _restore(self) -> None:
        geometry = self._memory.value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(_START_WIDTH, _START_HEIGHT)
