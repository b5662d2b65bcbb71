"""Joins the parts of the window: who asks for what, and which page answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.catalog.model import InstalledModel
from engine.events import Event, WindowAsked
from engine.jobs.desk import Desk
from engine.settings import Settings
from gui.bridge import EngineBridge
from gui.conversations.files import ChatFiles
from gui.models.local_file import model_of_file
from gui.shell.language import Language
from gui.shell.parts import Parts
from gui.shell.shell_commands import ShellCommands
from gui.shell.window import Page
from gui.widgets.fuzzy import match
from gui.widgets.places import model_words
from gui.widgets.style import Style

if TYPE_CHECKING:
    from gui.advice.page import AdvicePage
    from gui.conversations.search_page import SearchPage
    from gui.conversations.trash_page import TrashPage
    from gui.models.page import ModelsPage
    from gui.preferences.page import PreferencesPage
    from gui.prompts.page import PromptsPage
    from gui.wizard.page import WizardPage


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
        self._parts.chat.show_settings(self._desk.settings)
        if open_file is not None:
            self._parts.model.load(open_file)
        if self._desk.settings.wizard_done or open_file is not None:
            self.new_chat()
        else:
            self.show_wizard()

    def start_the_rest(self) -> None:
        """What nobody looks at yet; called a little later, when the window has come up."""
        self._desk.go_on_with_downloads()
        self._parts.updates.begin()
        if self._desk.settings.serving or self._desk.settings.lending:
            self._parts.preferences.begin()  # which switches them on again

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
        model, chats = self._parts.model, self._parts.sidebar.chats
        chats.opened.connect(self.open_chat)
        chats.renamed.connect(model.rename)
        chats.deleted.connect(model.delete)
        chats.pinned.connect(model.pin)
        chats.moved.connect(model.move)
        chats.folder_wanted.connect(model.make_folder)
        chats.folder_renamed.connect(model.rename_folder)
        chats.folder_removed.connect(model.remove_folder)
        chats.export_wanted.connect(self._export)
        self._files.export_chosen.connect(model.export)
        self._files.import_chosen.connect(model.take_in)

    def _connect_pages(self) -> None:
        parts = self._parts
        parts.chat.conversation_opened.connect(self._opened)
        parts.chat.options_shown.connect(parts.window.make_way)
        parts.chat.command_wanted.connect(parts.commands.run)
        parts.chat.model_wanted.connect(self._switch_model)
        parts.chat.activity_changed.connect(parts.top_line.show_activity)
        parts.graphs.history_wanted.connect(self.show_history)
        parts.pages.join = {
            Page.WIZARD: self._join_wizard,
            Page.SEARCH: self._join_search,
            Page.TRASH: self._join_trash,
            Page.MODELS: self._join_models,
            Page.ADVICE: self._join_advice,
            Page.PREFERENCES: self._join_preferences,
            Page.PROMPTS: self._join_prompts,
            Page.HISTORY: lambda page: page.left.connect(self.show_chat),
        }

    # the pages that are made late
    def _join_wizard(self, page: WizardPage) -> None:
        page.finished.connect(self._use)
        page.left.connect(self._leave_wizard)

    def _join_search(self, page: SearchPage) -> None:
        page.chosen.connect(self._open_hit)
        page.left.connect(self._leave_search)
        page.back_to_field.connect(self._parts.sidebar.focus_search)

    def _join_trash(self, page: TrashPage) -> None:
        model = self._parts.model
        page.restored.connect(model.restore)
        page.purged.connect(model.purge)
        page.left.connect(self.show_chat)
        page.show_trash(model.trash)
        model.conversations_changed.connect(lambda: page.show_trash(model.trash))

    def _join_models(self, page: ModelsPage) -> None:
        page.chosen.connect(self._use)
        page.wizard_wanted.connect(self.show_wizard)
        page.left.connect(self.show_chat)
        loaded = self._parts.model.loaded
        page.model.in_use = loaded.path if loaded is not None else ""

    def _join_advice(self, page: AdvicePage) -> None:
        page.check_wanted.connect(self.show_wizard)
        page.left.connect(self.show_chat)

    def _join_preferences(self, page: PreferencesPage) -> None:
        page.changed.connect(self._settings_changed)
        page.left.connect(self.show_chat)
        page.chats.export_wanted.connect(self._files.ask_export_of_all)
        page.chats.import_wanted.connect(self._files.ask_import)

    def _join_prompts(self, page: PromptsPage) -> None:
        page.left.connect(self.show_chat)
        page.used.connect(self.use_prompt)

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
