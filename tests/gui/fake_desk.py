"""A desk without an engine: it writes down what it was told and lets a test answer."""

from __future__ import annotations

from typing import Any

from engine.catalog.model import InstalledModel
from engine.chat.attachments import AttachedFile
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.chat.shelf import Shelf
from engine.download.library_values import KnownModel
from engine.events import Emit, Event, JobId, new_job_id
from engine.hardware.report import HardwareReport
from engine.jobs.desk import USUAL_AIM
from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion
from engine.planning.plan import Aim, RunPlan
from engine.settings import Loading, Remote, Settings


class FakeDesk:
    """Implements `engine.jobs.desk.Desk`; `commands` holds (name, arguments, job) in order."""

    def __init__(self, emit: Emit, settings: Settings | None = None) -> None:
        self.emit: Emit = emit
        self.settings = settings or Settings()
        self.commands: list[tuple[str, tuple[Any, ...], JobId]] = []
        self.cancelled: list[JobId] = []
        self.closed = False

    # for tests
    def tell(self, *events: Event) -> None:
        """Sends events as the engine would."""
        for event in events:
            self.emit(event)

    def last(self, name: str) -> JobId:
        """The job of the last command of that name. Raises: AssertionError, when there was none."""
        jobs = [job for command, _, job in self.commands if command == name]
        assert jobs, f"no {name} among {[command for command, _, _ in self.commands]}"
        return jobs[-1]

    def arguments(self, name: str) -> tuple[Any, ...]:
        """What the last command of that name was given."""
        job = self.last(name)
        return next(given for _, given, own in self.commands if own == job)

    def count(self, name: str) -> int:
        return sum(command == name for command, _, _ in self.commands)

    # commands
    def change_settings(self, settings: Settings) -> None:
        self.settings = settings
        self._note("change_settings", settings)

    def check(self) -> JobId:
        return self._note("check")

    def correct(self, overrides: tuple[tuple[str, str], ...]) -> JobId:
        return self._note("correct", overrides)

    def recommend(self, report: HardwareReport, aim: Aim = USUAL_AIM) -> JobId:
        return self._note("recommend", report, aim)

    def ask_budget(self, question: BudgetQuestion) -> JobId:
        return self._note("ask_budget", question)

    def ask_what_if(self, question: WhatIfQuestion) -> JobId:
        return self._note("ask_what_if", question)

    def calibrate(self) -> JobId:
        return self._note("calibrate")

    def history(self, days: int) -> JobId:
        return self._note("history", days)

    def score(self) -> JobId:
        return self._note("score")

    def search(self, words: str) -> JobId:
        return self._note("search", words)

    def test_connection(self) -> JobId:
        return self._note("test_connection")

    def list_runtimes(self) -> JobId:
        return self._note("list_runtimes")

    def use_runtime(self, name: str) -> JobId:
        return self._note("use_runtime", name)

    def roll_back_runtime(self) -> JobId:
        return self._note("roll_back_runtime")

    def add_runtime(self, place: str) -> JobId:
        return self._note("add_runtime", place)

    def remove_runtime(self, name: str) -> JobId:
        return self._note("remove_runtime", name)

    def make_report(self, path: str) -> JobId:
        return self._note("make_report", path)

    def look_for_update(self) -> JobId:
        return self._note("look_for_update")

    def fetch_update(self) -> JobId:
        return self._note("fetch_update")

    def foresee(self, model: InstalledModel, loading: Loading) -> JobId:
        return self._note("foresee", model, loading)

    def plan_elsewhere(self, repository: str, quantization: str) -> JobId:
        return self._note("plan_elsewhere", repository, quantization)

    def pull(self, repository: str, quantization: str) -> JobId:
        return self._note("pull", repository, quantization)

    def pull_plan(self, plan: RunPlan) -> JobId:
        return self._note("pull_plan", plan)

    def go_on_with_downloads(self) -> JobId:
        return self._note("go_on_with_downloads")

    def list_downloads(self) -> JobId:
        return self._note("list_downloads")

    def pause_download(self, repository: str, quantization: str) -> JobId:
        return self._note("pause_download", repository, quantization)

    def pause_downloads(self) -> JobId:
        return self._note("pause_downloads")

    def resume_downloads(self) -> JobId:
        return self._note("resume_downloads")

    def move_download(self, repository: str, quantization: str, position: int) -> JobId:
        return self._note("move_download", repository, quantization, position)

    def discard_download(self, repository: str, quantization: str) -> JobId:
        return self._note("discard_download", repository, quantization)

    def look_for_models(self, folder: str = "") -> JobId:
        return self._note("look_for_models", folder)

    def take_in(self, models: tuple[KnownModel, ...]) -> JobId:
        return self._note("take_in", models)

    def verify_model(self, path: str) -> JobId:
        return self._note("verify_model", path)

    def move_model(self, path: str, folder: str) -> JobId:
        return self._note("move_model", path, folder)

    def remove_model(self, path: str) -> JobId:
        return self._note("remove_model", path)

    def restore_model(self, key: str) -> JobId:
        return self._note("restore_model", key)

    def empty_trash(self) -> JobId:
        return self._note("empty_trash")

    def list_models(self) -> JobId:
        return self._note("list_models")

    def load(self, model: InstalledModel) -> JobId:
        return self._note("load", model)

    def unload(self) -> JobId:
        return self._note("unload")

    def list_conversations(self) -> JobId:
        return self._note("list_conversations")

    def open_conversation(self, conversation_id: int, message_id: int | None = None) -> JobId:
        given = (conversation_id,) if message_id is None else (conversation_id, message_id)
        return self._note("open_conversation", *given)

    def pin_conversation(self, conversation_id: int, pinned: bool) -> JobId:
        return self._note("pin_conversation", conversation_id, pinned)

    def move_conversation(self, conversation_id: int, folder_id: int | None) -> JobId:
        return self._note("move_conversation", conversation_id, folder_id)

    def make_folder(self, name: str, conversation_id: int | None = None) -> JobId:
        return self._note("make_folder", name, conversation_id)

    def rename_folder(self, folder_id: int, name: str) -> JobId:
        return self._note("rename_folder", folder_id, name)

    def remove_folder(self, folder_id: int) -> JobId:
        return self._note("remove_folder", folder_id)

    def purge_conversations(self, conversation_ids: tuple[int, ...] = ()) -> JobId:
        return self._note("purge_conversations", conversation_ids)

    def search_conversations(self, words: str) -> JobId:
        return self._note("search_conversations", words)

    def export_conversations(self, path: str, conversation_ids: tuple[int, ...] = ()) -> JobId:
        return self._note("export_conversations", path, conversation_ids)

    def import_conversations(self, path: str) -> JobId:
        return self._note("import_conversations", path)

    def go_on_from_copy(self) -> JobId:
        return self._note("go_on_from_copy")

    def rename_conversation(self, conversation_id: int, title: str) -> JobId:
        return self._note("rename_conversation", conversation_id, title)

    def delete_conversation(self, conversation_id: int) -> JobId:
        return self._note("delete_conversation", conversation_id)

    def restore_conversation(self, conversation_id: int) -> JobId:
        return self._note("restore_conversation", conversation_id)

    def list_drafts(self) -> JobId:
        return self._note("list_drafts")

    def keep_draft(self, conversation_id: int | None, text: str) -> JobId:
        return self._note("keep_draft", conversation_id, text)

    def set_options(self, conversation_id: int, options: ChatOptions) -> JobId:
        return self._note("set_options", conversation_id, options)

    def attach(self, path: str) -> JobId:
        return self._note("attach", path)

    def read_shelf(self) -> JobId:
        return self._note("read_shelf")

    def keep_shelf(self, shelf: Shelf) -> JobId:
        return self._note("keep_shelf", shelf)

    def send(
        self,
        conversation_id: int | None,
        text: str,
        files: tuple[AttachedFile, ...] = (),
        options: ChatOptions = NOTHING_SET,
    ) -> JobId:
        more = (files, options) if files or options != NOTHING_SET else ()
        return self._note("send", conversation_id, text, *more)

    def edit(self, conversation_id: int, message_id: int, text: str) -> JobId:
        return self._note("edit", conversation_id, message_id, text)

    def carry_on(self, conversation_id: int, message_id: int) -> JobId:
        return self._note("carry_on", conversation_id, message_id)

    def regenerate(self, conversation_id: int, message_id: int) -> JobId:
        return self._note("regenerate", conversation_id, message_id)

    def show_branch(self, conversation_id: int, message_id: int) -> JobId:
        return self._note("show_branch", conversation_id, message_id)

    def make_room(self, conversation_id: int, message_id: int, way: str) -> JobId:
        return self._note("make_room", conversation_id, message_id, way)

    def look(self) -> JobId:
        return self._note("look")

    def serve(self) -> JobId:
        return self._note("serve")

    def renew_api_key(self) -> JobId:
        return self._note("renew_api_key")

    def stop_serving(self) -> JobId:
        return self._note("stop_serving")

    def list_nodes(self) -> JobId:
        return self._note("list_nodes")

    def add_node(self, address: str, key: str) -> JobId:
        return self._note("add_node", address, key)

    def renew_node(self, address: str) -> JobId:
        return self._note("renew_node", address)

    def remove_node(self, address: str) -> JobId:
        return self._note("remove_node", address)

    def lend(self, new_key: bool = False) -> JobId:
        return self._note("lend", new_key)

    def stop_lending(self) -> JobId:
        return self._note("stop_lending")

    def try_remote(self, url: str, key: str) -> JobId:
        return self._note("try_remote", url, key)

    def add_remote(self, remote: Remote, key: str, instead_of: str = "") -> JobId:
        return self._note("add_remote", remote, key, instead_of)

    def remove_remote(self, url: str) -> JobId:
        return self._note("remove_remote", url)

    def cancel(self, job: JobId) -> None:
        self.cancelled.append(job)

    def close(self) -> None:
        self.closed = True

    def _note(self, name: str, *given: Any) -> JobId:
        job = new_job_id()
        self.commands.append((name, given, job))
        return job
