"""Joins the parts of the window: who asks for what, and which page answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from engine.catalog.model import InstalledModel
from engine.events import Event, WindowAsked
from engine.jobs.desk import Desk
from engine.settings import Settings
from gui.bridge import EngineBridge
from gui.chat.page import ChatPage
from gui.models.local_file import model_of_file
from gui.models.page import ModelsPage
from gui.preferences.page import PreferencesPage
from gui.shell.banners import BannerArea
from gui.shell.download_status import DownloadStatus
from gui.shell.language import Language
from gui.shell.model import ShellModel
from gui.shell.sidebar import Sidebar
from gui.shell.top_line import TopLine
from gui.shell.window import MainWindow, Page
from gui.widgets.style import Style
from gui.wizard.page import WizardPage


@dataclass(frozen=True)
class Parts:
    """Everything that the window is made of, built once."""

    model: ShellModel
    downloads: DownloadStatus
    sidebar: Sidebar
    top_line: TopLine
    banners: BannerArea
    wizard: WizardPage
    chat: ChatPage
    models: ModelsPage
    preferences: PreferencesPage
    window: MainWindow


class Shell(QObject):
    """Connections only; state is in the models, looks are in the parts."""

    def __init__(
        self, desk: Desk, bridge: EngineBridge, style: Style, language: Language, parts: Parts
    ) -> None:
        super().__init__(parts.window)
        self._desk = desk
        self._style = style
        self._language = language
        self._parts = parts
        self._conversation: int | None = None
        bridge.event_arrived.connect(parts.model.on_event)
        bridge.event_arrived.connect(parts.downloads.on_event)
        bridge.event_arrived.connect(self._on_event)
        parts.downloads.changed.connect(self._show_downloads)
        self._connect_model()
        self._connect_sidebar()
        self._connect_pages()

    def start(self, open_file: InstalledModel | None) -> None:
        """Shows the first page: the wizard until it was done once, then the chat."""
        self._parts.model.refresh()
        self._desk.go_on_with_downloads()
        self._parts.preferences.begin()
        if open_file is not None:
            self._parts.model.load(open_file)
        if self._desk.settings.wizard_done or open_file is not None:
            self._new_chat()
        else:
            self._show_wizard()

    def _on_event(self, event: Event) -> None:
        """The program was started once more: that start ends, and this window does what was asked of it."""
        if not isinstance(event, WindowAsked):
            return
        self._parts.window.come_forward()
        if event.file:
            self._use(model_of_file(event.file))

    def _connect_model(self) -> None:
        model, banners = self._parts.model, self._parts.banners
        model.conversations_changed.connect(self._list_changed)
        model.runtime_changed.connect(self._show_model)
        model.noticed.connect(banners.notice)
        model.failed.connect(banners.failure)
        model.load_asked.connect(banners.load_asked)
        model.load_failed.connect(banners.crash)
        model.crashed.connect(banners.crash)
        model.recovered.connect(banners.recovered)
        model.returned.connect(banners.returned)
        model.deleted.connect(self._deleted)
        banners.load_again.connect(model.load_again)
        banners.restore.connect(model.restore)
        banners.models_wanted.connect(self._show_models)

    def _connect_sidebar(self) -> None:
        parts, sidebar = self._parts, self._parts.sidebar
        sidebar.new_chat.connect(self._new_chat)
        sidebar.opened.connect(self._open)
        sidebar.renamed.connect(parts.model.rename)
        sidebar.deleted.connect(parts.model.delete)
        sidebar.models_wanted.connect(self._show_models)
        sidebar.preferences_wanted.connect(self._show_preferences)
        parts.top_line.models_wanted.connect(self._show_models)
        parts.top_line.graphs_toggled.connect(parts.window.toggle_graphs)
        parts.window.new_chat_wanted.connect(self._new_chat)
        parts.window.find_wanted.connect(self._find)
        parts.window.filter_wanted.connect(self._filter)
        parts.window.preferences_wanted.connect(self._show_preferences)

    def _connect_pages(self) -> None:
        parts = self._parts
        parts.wizard.finished.connect(self._use)
        parts.wizard.left.connect(self._leave_wizard)
        parts.chat.conversation_opened.connect(self._opened)
        parts.chat.activity_changed.connect(parts.top_line.show_activity)
        parts.models.chosen.connect(self._use)
        parts.models.wizard_wanted.connect(self._show_wizard)
        parts.models.left.connect(self._show_chat)
        parts.preferences.changed.connect(self._settings_changed)
        parts.preferences.left.connect(self._show_chat)

    # pages
    def _show_chat(self) -> None:
        self._parts.window.show_page(Page.CHAT)
        self._parts.chat.focus_composer()

    def _show_wizard(self) -> None:
        self._parts.window.show_page(Page.WIZARD)
        self._parts.wizard.start()

    def _show_models(self) -> None:
        self._parts.window.show_page(Page.MODELS)
        self._parts.models.enter()

    def _show_preferences(self) -> None:
        self._parts.window.show_page(Page.PREFERENCES)
        self._parts.preferences.enter()

    def _find(self) -> None:
        """In the conversation; where none is shown, among the titles."""
        if self._parts.window.page is not Page.CHAT or not self._parts.chat.find():
            self._filter()

    def _filter(self) -> None:
        if self._parts.window.page is not Page.WIZARD:
            self._parts.sidebar.focus_filter()

    # the wizard and models
    def _leave_wizard(self) -> None:
        if not self._desk.settings.wizard_done:
            self._desk.change_settings(replace(self._desk.settings, wizard_done=True))
        self._new_chat()

    def _use(self, model: InstalledModel) -> None:
        self._parts.model.load(model)
        self._show_chat()

    # conversations
    def _new_chat(self) -> None:
        self._conversation = None
        self._parts.window.show_page(Page.CHAT)
        self._parts.sidebar.mark(None)
        self._parts.chat.new_conversation()

    def _open(self, conversation_id: int) -> None:
        self._parts.window.show_page(Page.CHAT)
        if conversation_id != self._conversation:
            self._conversation = conversation_id
            self._parts.sidebar.mark(conversation_id)
            self._parts.chat.open_conversation(conversation_id)
            # Whoever opens a conversation goes on writing in it.
            self._parts.chat.focus_composer()

    def _opened(self, conversation_id: int) -> None:
        self._conversation = conversation_id
        self._parts.sidebar.mark(conversation_id)

    def _show_model(self) -> None:
        self._parts.chat.show_model(self._parts.model.model_in_use)

    def _list_changed(self) -> None:
        self._parts.sidebar.show_conversations(self._parts.model.conversations)

    def _deleted(self, conversation_id: int, title: str) -> None:
        self._parts.banners.deleted(conversation_id, title)
        if conversation_id == self._conversation:
            self._new_chat()

    # settings
    def _settings_changed(self, settings: Settings) -> None:
        self._style.choose(settings.theme)
        self._language.choose(settings.language)
        self._show_downloads()

    def _show_downloads(self) -> None:
        self._parts.sidebar.show_downloads(self._parts.downloads.words())
