"""What the shell knows: conversations, models, the runtime, and failures of what it asked for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.catalog.model import InstalledModel
from engine.chat.conversation import ConversationSummary, Folder, TrashedConversation
from engine.events import (
    ConversationsListed,
    DownloadVerified,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    LoadProgressed,
    ModelLoaded,
    ModelsListed,
    Noticed,
    RuntimeStateChanged,
)
from engine.jobs.desk import Desk
from engine.runtime.values import RuntimeState
from gui.widgets.places import host_of_model


class ShellModel(QObject):
    """Failures of other features' jobs are shown by those features; this one shows its own."""

    conversations_changed = Signal()
    models_changed = Signal()
    runtime_changed = Signal()
    noticed = Signal(object)  # engine.messages.Sentence
    failed = Signal(object)  # engine.messages.Sentence
    load_asked = Signal()
    load_failed = Signal(object)  # engine.messages.Sentence
    crashed = Signal(object)  # engine.messages.Sentence or None
    recovered = Signal()  # the model in use runs again
    returned = Signal(str)  # a model of that name runs again
    deleted = Signal(int, str)  # conversation id and title, so that it can be undone

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._jobs: set[JobId] = set()
        self._load_job: JobId | None = None
        self._asked: InstalledModel | None = None
        self.conversations: tuple[ConversationSummary, ...] = ()
        self.folders: tuple[Folder, ...] = ()
        self.trash: tuple[TrashedConversation, ...] = ()
        self.models: tuple[InstalledModel, ...] = ()
        self.runtime = RuntimeState.STOPPED
        self.load_fraction = 0.0
        self.loaded: InstalledModel | None = None

    # commands
    def refresh(self) -> None:
        self._own(self._desk.list_conversations())
        self._own(self._desk.list_models())

    def load(self, model: InstalledModel) -> None:
        """Replaces the model in use."""
        self._asked = model
        self.load_asked.emit()
        self._load_job = self._desk.load(model)
        self.runtime_changed.emit()

    def load_again(self) -> None:
        """After a crash or a failure: the model that was in use."""
        model = self.model_in_use
        if model is not None:
            self.load(model)

    def unload(self) -> None:
        self._own(self._desk.unload())

    def rename(self, conversation_id: int, title: str) -> None:
        self._own(self._desk.rename_conversation(conversation_id, title))

    def delete(self, conversation_id: int) -> None:
        title = next((item.title for item in self.conversations if item.id == conversation_id), "")
        self._own(self._desk.delete_conversation(conversation_id))
        self.deleted.emit(conversation_id, title)

    def restore(self, conversation_id: int) -> None:
        self._own(self._desk.restore_conversation(conversation_id))

    def purge(self, conversation_ids: tuple[int, ...]) -> None:
        """For good; () for all that is in the trash."""
        self._own(self._desk.purge_conversations(conversation_ids))

    def pin(self, conversation_id: int, pinned: bool) -> None:
        self._own(self._desk.pin_conversation(conversation_id, pinned))

    def move(self, conversation_id: int, folder_id: int | None) -> None:
        """A pinned one, too: it is then found in its folder."""
        pinned = any(chat.pinned for chat in self.conversations if chat.id == conversation_id)
        if pinned:
            self.pin(conversation_id, False)
        self._own(self._desk.move_conversation(conversation_id, folder_id))

    def make_folder(self, name: str, conversation_id: int | None) -> None:
        self._own(self._desk.make_folder(name, conversation_id))

    def rename_folder(self, folder_id: int, name: str) -> None:
        self._own(self._desk.rename_folder(folder_id, name))

    def remove_folder(self, folder_id: int) -> None:
        self._own(self._desk.remove_folder(folder_id))

    def export(self, path: str, conversation_ids: tuple[int, ...]) -> None:
        """All of them for ()."""
        self._own(self._desk.export_conversations(path, conversation_ids))

    def take_in(self, path: str) -> None:
        self._own(self._desk.import_conversations(path))

    def go_on_from_copy(self) -> None:
        """Of a damaged chat database."""
        self._own(self._desk.go_on_from_copy())

    # state
    @property
    def model_in_use(self) -> InstalledModel | None:
        """The one that answers, or would: asked for, loaded, used last, else the starter."""
        if self._asked is not None:
            return self._asked
        if self.loaded is not None:
            return self.loaded
        last = self._desk.settings.last_model
        by_path = next((model for model in self.models if model.path == last), None)
        return by_path or next((model for model in self.models if model.source == "starter"), None)

    @property
    def loading(self) -> bool:
        return self._load_job is not None or self.runtime in (RuntimeState.STARTING, RuntimeState.LOADING)

    # events
    def on_event(self, event: Event) -> None:
        if isinstance(event, ConversationsListed):
            self.conversations, self.folders, self.trash = event.conversations, event.folders, event.trash
            self.conversations_changed.emit()
        elif isinstance(event, ModelsListed):
            self.models = event.models
            self._forget_gone()
            self.models_changed.emit()
            self.runtime_changed.emit()
        elif isinstance(event, RuntimeStateChanged):
            self._runtime_changed(event)
        elif isinstance(event, LoadProgressed):
            self.load_fraction = event.fraction
            self.runtime_changed.emit()
        elif isinstance(event, ModelLoaded):
            self._model_loaded(event.model)
        elif isinstance(event, DownloadVerified):
            self._own(self._desk.list_models())  # whoever began it: there is one more to choose from
        elif isinstance(event, Noticed):
            self.noticed.emit(event.message)
        elif isinstance(event, JobFailed | JobCancelled | JobFinished):
            self._job_ended(event)

    def _model_loaded(self, model: InstalledModel) -> None:
        """Other programs load models too; the one that answers here is what this window is about."""
        in_use = self.model_in_use
        if in_use is None or model.path == in_use.path:
            self.loaded = self._asked = model
            self.runtime_changed.emit()

    def _forget_gone(self) -> None:
        """A model whose endpoint was removed answers no more; those of this machine may be unlisted files."""
        in_use, known = self.model_in_use, [model.path for model in self.models]
        if in_use is not None and host_of_model(in_use) and in_use.path not in known:
            self._asked = self.loaded = None
            self.runtime = RuntimeState.STOPPED

    def _runtime_changed(self, event: RuntimeStateChanged) -> None:
        model = self._model_of(event.model)
        if model is not None and event.state in (RuntimeState.READY, RuntimeState.GENERATING):
            self.returned.emit(model.name)
        in_use = self.model_in_use
        if event.model and in_use is not None and event.model != in_use.path:
            # Of a model that others use, or that was used before; its end is told all the same.
            if event.state is RuntimeState.CRASHED and event.reason is not None:
                self.failed.emit(event.reason)
            return
        self.runtime = event.state
        if event.state is RuntimeState.LOADING:
            self.load_fraction = 0.0
        if event.state in (RuntimeState.STOPPED, RuntimeState.CRASHED):
            self.loaded = None
        if event.state is RuntimeState.CRASHED:
            self.crashed.emit(event.reason)
        elif event.state in (RuntimeState.READY, RuntimeState.GENERATING):
            self.recovered.emit()
        self.runtime_changed.emit()

    def _model_of(self, path: str) -> InstalledModel | None:
        """The model in use for "", as the engine says nothing else while it holds only one."""
        if not path:
            return self.model_in_use
        known = (*self.models, *(model for model in (self.loaded, self._asked) if model is not None))
        return next((model for model in known if model.path == path), None)

    def _job_ended(self, event: JobFailed | JobCancelled | JobFinished) -> None:
        own = event.job in self._jobs
        self._jobs.discard(event.job)
        loading = event.job == self._load_job
        if loading:
            self._load_job = None
        if isinstance(event, JobFailed) and loading:
            self.load_failed.emit(event.message)
        elif isinstance(event, JobFailed) and own:
            self.failed.emit(event.message)
        if loading:
            self.runtime_changed.emit()

    def _own(self, job: JobId) -> None:
        self._jobs.add(job)
