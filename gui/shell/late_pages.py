"""The pages behind the chat: each is imported and made when it is wanted for the first time.

Together they take as long to import and to build as everything else of the window, and most days nobody
looks at more than one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.events import DownloadsListed, Event, LibraryListed, ModelsListed, ShelfRead, UpdateSeen
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.shell.window import MainWindow, Page
from gui.widgets.commands import Commands
from gui.widgets.theme import ThemeSource

if TYPE_CHECKING:
    from gui.advice.page import AdvicePage
    from gui.conversations.search_page import SearchPage
    from gui.conversations.trash_page import TrashPage
    from gui.graphs.history_page import HistoryPage
    from gui.models.page import ModelsPage
    from gui.preferences.page import PreferencesPage
    from gui.prompts.page import PromptsPage
    from gui.wizard.page import WizardPage

_Made = TypeVar("_Made", bound=QWidget)

# Lists that are told whole, so that the last of each kind says how things stand.
_STANDING = (ModelsListed, LibraryListed, DownloadsListed, ShelfRead, UpdateSeen)


class LatePages(QObject):
    """A page that is made late is told at once what it would have heard.

    `join` is what connects each page to the rest; set it before the first one is wanted.
    """

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, commands: Commands, window: MainWindow
    ) -> None:
        super().__init__(window)
        self._desk = desk
        self._bridge = bridge
        self._theme = theme
        self._commands = commands
        self._window = window
        self._standing: dict[type[Event], Event] = {}
        self.join: Mapping[Page, Callable[[Any], None]] = {}
        bridge.event_arrived.connect(self._keep)

    def page(self, page: Page) -> QWidget:
        """Made now, if it is not there yet."""
        makers: dict[Page, Callable[[], QWidget]] = {
            Page.WIZARD: lambda: self.wizard,
            Page.SEARCH: lambda: self.search,
            Page.TRASH: lambda: self.trash,
            Page.MODELS: lambda: self.models,
            Page.ADVICE: lambda: self.advice,
            Page.PREFERENCES: lambda: self.preferences,
            Page.PROMPTS: lambda: self.prompts,
            Page.HISTORY: lambda: self.history,
        }
        return makers[page]()

    @cached_property
    def wizard(self) -> WizardPage:
        from gui.wizard.page import WizardPage

        return self._made(Page.WIZARD, lambda news: WizardPage(self._desk, news, self._theme))

    @cached_property
    def search(self) -> SearchPage:
        from gui.conversations.search_page import SearchPage

        return self._made(Page.SEARCH, lambda news: SearchPage(self._desk, news, self._theme))

    @cached_property
    def trash(self) -> TrashPage:
        from gui.conversations.trash_page import TrashPage

        return self._made(Page.TRASH, lambda news: TrashPage(self._theme))

    @cached_property
    def models(self) -> ModelsPage:
        from gui.models.page import ModelsPage

        return self._made(Page.MODELS, lambda news: ModelsPage(self._desk, news, self._theme))

    @cached_property
    def advice(self) -> AdvicePage:
        from gui.advice.page import AdvicePage

        return self._made(Page.ADVICE, lambda news: AdvicePage(self._desk, news, self._theme))

    @cached_property
    def preferences(self) -> PreferencesPage:
        from gui.preferences.page import PreferencesPage

        return self._made(
            Page.PREFERENCES,
            lambda news: PreferencesPage(self._desk, news, self._theme, self._commands),
        )

    @cached_property
    def prompts(self) -> PromptsPage:
        from gui.prompts.page import PromptsPage

        return self._made(Page.PROMPTS, lambda news: PromptsPage(self._desk, news, self._theme))

    @cached_property
    def history(self) -> HistoryPage:
        from gui.graphs.history_page import HistoryPage

        return self._made(Page.HISTORY, lambda news: HistoryPage(self._desk, news, self._theme))

    def _made(self, page: Page, make: Callable[[EngineBridge], _Made]) -> _Made:
        """The page hears through a bridge of its own, so that what is told again is told to nobody else."""
        news = EngineBridge(self)
        made = make(news)
        self._window.add_page(page, made)
        for event in tuple(self._standing.values()):
            news.event_arrived.emit(event)
        self._bridge.event_arrived.connect(news.event_arrived)
        self.join[page](made)
        return made

    def _keep(self, event: Event) -> None:
        if isinstance(event, _STANDING):
            self._standing[type(event)] = event
