"""Joins the parts of the window: who asks for what, and which page answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from engine.catalog.model import InstalledModel
from engine.events import Event, WindowAsked
from engine.jobs.desk import Desk
from engine.settings import Settings
from gui.advice.page import AdvicePage
from gui.bridge import EngineBridge
from gui.chat.page import ChatPage
from gui.conversations.files import ChatFiles
from gui.conversations.search_page import SearchPage
from gui.conversations.trash_page import TrashPage
from gui.graphs.history_page import HistoryPage
from gui.graphs.panel import GraphPanel
from gui.models.local_file import model_of_file
from gui.models.page import ModelsPage
from gui.preferences.page import PreferencesPage
from gui.prompts.page import PromptsPage
from gui.shell.banners import BannerArea
from gui.shell.download_status import DownloadStatus
from gui.shell.language import Language
from gui.shell.model import ShellModel
from gui.shell.palette import Palette
from gui.shell.shell_commands import ShellCommands
from gui.shell.sidebar import Sidebar
from gui.shell.top_line import TopLine
from gui.shell.update_watch import UpdateWatch
from gui.shell.window import MainWindow, Page
from gui.widgets.commands import Commands
from gui.widgets.fuzzy import match
from gui.widgets.places import model_words
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
    updates: UpdateWatch
    wizard: WizardPage
    chat: ChatPage
    models: ModelsPage
    advice: AdvicePage
    preferences: PreferencesPage
    search: SearchPage
    trash: TrashPage
    prompts: PromptsPage
    history: HistoryPage
    graphs: GraphPanel
    window: MainWindow
    commands: Commands
    palette: Palette


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
        self._files = ChatFiles(parts.window)
        bridge.event_arrived.connect(parts.model.on_event)
        bridge.event_arrived.connect(parts.downloads.on_event)
        bridge.event_arrived.connect(parts.updates.on_event)
        bridge.event_arrived.connect(self._on_event)
        parts.downloads.changed.connect(self._show_downloads)
        self._connect_model()
        self._connect_sidebar()
        self._connect_chats()
        self._connect_pages()
        self._commands = ShellCommands(parts, self)
        parts.commands.take_own_keys(desk.settings.shortcuts)

    def start(self, open_file: InstalledModel | None) -> None:
        """Shows the first page: the wizard until it was done once, then the chat."""
        self._parts.model.refresh()
        self._desk.go_on_with_downloads()
        self._parts.preferences.begin()
        self._parts.updates.begin()
        self._parts.chat.show_settings(self._desk.settings)
        if open_file is not None:
            self._parts.model.load(open_file)
        if self._desk.settings.wizard_done or open_file is not None:
            self.new_chat()
        else:
            self.show_wizard()

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
        banners.models_wanted.connect(self.show_models)
        banners.copy_wanted.connect(model.go_on_from_copy)

    def _connect_sidebar(self) -> None:
        parts, sidebar = self._parts, self._parts.sidebar
        sidebar.new_chat.connect(self.new_chat)
        sidebar.words_changed.connect(self._look_for)
        sidebar.results_wanted.connect(self.show_results)
        sidebar.search_left.connect(self.show_chat)
        sidebar.trash_wanted.connect(self.show_trash)
        sidebar.models_wanted.connect(self.show_models)
        sidebar.advice_wanted.connect(self.show_advice)
        sidebar.preferences_wanted.connect(self.show_preferences)
        parts.top_line.models_wanted.connect(self.show_models)
        parts.top_line.graphs_toggled.connect(parts.window.toggle_graphs)
        parts.window.resized.connect(parts.palette.place)
        parts.window.closing.connect(parts.chat.keep)

    def _connect_chats(self) -> None:
        model, chats, parts = self._parts.model, self._parts.sidebar.chats, self._parts
        chats.opened.connect(self.open_chat)
        chats.renamed.connect(model.rename)
        chats.deleted.connect(model.delete)
        chats.pinned.connect(model.pin)
        chats.moved.connect(model.move)
        chats.folder_wanted.connect(model.make_folder)
        chats.folder_renamed.connect(model.rename_folder)
        chats.folder_removed.connect(model.remove_folder)
        chats.export_wanted.connect(self._export)
        parts.preferences.chats.export_wanted.connect(self._files.ask_export_of_all)
        parts.preferences.chats.import_wanted.connect(self._files.ask_import)
        self._files.export_chosen.connect(model.export)
        self._files.import_chosen.connect(model.take_in)
        parts.search.chosen.connect(self._open_hit)
        parts.search.left.connect(self._leave_search)
        parts.search.back_to_field.connect(parts.sidebar.focus_search)
        parts.trash.restored.connect(model.restore)
        parts.trash.purged.connect(model.purge)
        parts.trash.left.connect(self.show_chat)

    def _connect_pages(self) -> None:
        parts = self._parts
        parts.wizard.finished.connect(self._use)
        parts.wizard.left.connect(self._leave_wizard)
        parts.chat.conversation_opened.connect(self._opened)
        parts.chat.options_shown.connect(parts.window.make_way)
        parts.chat.command_wanted.connect(parts.commands.run)
        parts.chat.model_wanted.connect(self._switch_model)
        parts.chat.activity_changed.connect(parts.top_line.show_activity)
        parts.models.chosen.connect(self._use)
        parts.models.wizard_wanted.connect(self.show_wizard)
        parts.models.left.connect(self.show_chat)
        parts.advice.check_wanted.connect(self.show_wizard)
        parts.advice.left.connect(self.show_chat)
        parts.preferences.changed.connect(self._settings_changed)
        parts.preferences.left.connect(self.show_chat)
        parts.prompts.left.connect(self.show_chat)
        parts.prompts.used.connect(self.use_prompt)
        parts.history.left.connect(self.show_chat)
        parts.graphs.history_wanted.connect(self.show_history)

    def _switch_model(self, words: str) -> None:
        """The model whose name fits best; the list of all where none does."""
        models = self._parts.model.models
        ranked = [(match(words, model_words(model)), -place) for place, model in enumerate(models)]
        best = max(ranked, default=(0.0, 0))
        if words and best[0]:
            self._parts.model.load(models[-best[1]])
        else:
            self._parts.top_line.open_menu()

    # pages
    def show_chat(self) -> None:
        self._parts.window.show_page(Page.CHAT)
        self._parts.chat.focus_composer()

    def show_wizard(self) -> None:
        self._parts.window.show_page(Page.WIZARD)
        self._parts.wizard.start()

    def show_models(self) -> None:
        self._parts.window.show_page(Page.MODELS)
        self._parts.models.enter()

    def show_advice(self) -> None:
        self._parts.window.show_page(Page.ADVICE)
        self._parts.advice.enter()

    def show_preferences(self) -> None:
        self._parts.window.show_page(Page.PREFERENCES)
        self._parts.preferences.enter()

    def show_prompts(self) -> None:
        self._parts.window.show_page(Page.PROMPTS)
        self._parts.prompts.enter()

    def show_history(self) -> None:
        self._parts.window.show_page(Page.HISTORY)
        self._parts.history.enter()

    def use_prompt(self, text: str) -> None:
        self.show_chat()
        self._parts.chat.use_prompt(text)

    def show_shortcuts(self) -> None:
        self.show_preferences()
        self._parts.preferences.show_shortcuts()

    def show_trash(self) -> None:
        self._parts.window.show_page(Page.TRASH)
        self._parts.trash.enter()

    def find(self) -> None:
        """In the conversation that is shown."""
        if self._parts.window.page is Page.CHAT:
            self._parts.chat.find()

    # the search through all conversations
    def search(self) -> None:
        if self._parts.window.page is not Page.WIZARD:
            self._parts.sidebar.focus_search()
            self._look_for(self._parts.sidebar.field.text())

    def _look_for(self, words: str) -> None:
        if words.strip():
            self._parts.sidebar.chats.filter(words.strip())
            self._parts.search.look_for(words)
            self._parts.window.show_page(Page.SEARCH)
        elif self._parts.window.page is Page.SEARCH:
            self._parts.window.show_page(Page.CHAT)

    def show_results(self) -> None:
        self._parts.window.show_page(Page.SEARCH)
        self._parts.search.focus_results()

    def _leave_search(self) -> None:
        self._parts.sidebar.clear_search()
        self.show_chat()

    def _open_hit(self, conversation_id: int, message_id: int | None, words: str) -> None:
        if message_id is None:
            self.open_chat(conversation_id)
            return
        self._conversation = conversation_id
        self._parts.window.show_page(Page.CHAT)
        self._parts.sidebar.show_all_titles()
        self._parts.sidebar.mark(conversation_id)
        self._parts.chat.open_conversation(conversation_id, message_id, words)

    # the wizard and models
    def _leave_wizard(self) -> None:
        if not self._desk.settings.wizard_done:
            self._desk.change_settings(replace(self._desk.settings, wizard_done=True))
        self.new_chat()

    def _use(self, model: InstalledModel) -> None:
        self._parts.model.load(model)
        self.show_chat()

    # conversations
    def new_chat(self) -> None:
        self._conversation = None
        self._parts.window.show_page(Page.CHAT)
        self._parts.sidebar.show_all_titles()
        self._parts.sidebar.mark(None)
        self._parts.chat.new_conversation()

    def open_chat(self, conversation_id: int) -> None:
        self._parts.window.show_page(Page.CHAT)
        self._parts.sidebar.show_all_titles()
        if conversation_id != self._conversation:
            self._conversation = conversation_id
            self._parts.sidebar.mark(conversation_id)
            self._parts.chat.open_conversation(conversation_id)
            # Whoever opens a conversation goes on writing in it.
            self._parts.chat.focus_composer()

    def _export(self, conversation_id: int) -> None:
        chats = self._parts.model.conversations
        title = next((chat.title for chat in chats if chat.id == conversation_id), "")
        self._files.ask_export(conversation_id, title)

    def _opened(self, conversation_id: int) -> None:
        self._conversation = conversation_id
        self._parts.sidebar.mark(conversation_id)

    def _show_model(self) -> None:
        self._parts.chat.show_model(self._parts.model.model_in_use)

    def _list_changed(self) -> None:
        model = self._parts.model
        self._parts.sidebar.show_conversations(model.conversations, model.folders, len(model.trash))
        self._parts.trash.show_trash(model.trash)

    def _deleted(self, conversation_id: int, title: str) -> None:
        self._parts.banners.deleted(conversation_id, title)
        if conversation_id == self._conversation:
            self.new_chat()

    # settings
    def _settings_changed(self, settings: Settings) -> None:
        self._style.choose(settings.theme)
        self._style.choose_contrast(settings.contrast)
        self._style.choose_motion(settings.motion)
        self._language.choose(settings.language)
        self._parts.chat.show_settings(settings)
        self._show_downloads()

    def _show_downloads(self) -> None:
        self._parts.sidebar.show_downloads(self._parts.downloads.words())
