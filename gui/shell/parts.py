"""Everything that the window is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gui.chat.page import ChatPage
from gui.graphs.panel import GraphPanel
from gui.shell.banners import BannerArea
from gui.shell.download_status import DownloadStatus
from gui.shell.late_pages import LatePages
from gui.shell.model import ShellModel
from gui.shell.palette import Palette
from gui.shell.sidebar import Sidebar
from gui.shell.top_line import TopLine
from gui.shell.update_watch import UpdateWatch
from gui.shell.window import MainWindow
from gui.widgets.commands import Commands

if TYPE_CHECKING:
    from gui.advice.page import AdvicePage
    from gui.conversations.search_page import SearchPage
    from gui.conversations.trash_page import TrashPage
    from gui.graphs.history_page import HistoryPage
    from gui.models.page import ModelsPage
    from gui.preferences.page import PreferencesPage
    from gui.prompts.page import PromptsPage
    from gui.wizard.page import WizardPage


@dataclass(frozen=True)
class Parts:
    """Everything that the window is made of, built once; the pages behind the chat when they are wanted."""

    model: ShellModel
    downloads: DownloadStatus
    sidebar: Sidebar
    top_line: TopLine
    banners: BannerArea
    updates: UpdateWatch
    chat: ChatPage
    pages: LatePages
    graphs: GraphPanel
    window: MainWindow
    commands: Commands
    palette: Palette

    @property
    def wizard(self) -> WizardPage:
        return self.pages.wizard

    @property
    def search(self) -> SearchPage:
        return self.pages.search

    @property
    def trash(self) -> TrashPage:
        return self.pages.trash

    @property
    def models(self) -> ModelsPage:
        return self.pages.models

    @property
    def advice(self) -> AdvicePage:
        return self.pages.advice

    @property
    def preferences(self) -> PreferencesPage:
        return self.pages.preferences

    @property
    def prompts(self) -> PromptsPage:
        return self.pages.prompts

    @property
    def history(self) -> HistoryPage:
        return self.pages.history
