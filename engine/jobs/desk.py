"""The desk: every command a front end can give, each answered by events.

Commands return a JobId at once and never wait; what happens comes back through `emit`,
from other threads. The window and the terminal are both built on this face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from engine.chat.options import NOTHING_SET, ChatOptions
from engine.events import JobId
from engine.jobs.chat_commands import ChatCommands
from engine.planning.plan import Aim, RunPlan
from engine.settings import Loading, Remote, Settings

if TYPE_CHECKING:  # a face imports nothing of what it stands for: the window would wait for it at its start
    from engine.catalog.model import InstalledModel
    from engine.chat.attachments import AttachedFile
    from engine.chat.shelf import Shelf
    from engine.download.library_values import KnownModel
    from engine.hardware.report import HardwareReport
    from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion

USUAL_AIM = Aim()


class Desk(ChatCommands, Protocol):
    """See each command for the events that it is answered with. All end in one of
    JobFinished, JobCancelled or JobFailed, unless said otherwise."""

    settings: Settings  # frozen; replaced by `change_settings`

    def change_settings(self, settings: Settings) -> None:
        """Takes effect at once and is saved in the background (Noticed if that fails)."""

    def check(self) -> JobId:
        """HardwareProgressed ..., HardwareReported."""

    def correct(self, overrides: tuple[tuple[str, str], ...]) -> JobId:
        """HardwareReported: the last check with these figures of a person's in it, which are kept in
        `settings.overrides`. JobFailed, and nothing is kept, where one of them makes no sense."""

    def recommend(self, report: HardwareReport, aim: Aim = USUAL_AIM) -> JobId:
        """Recommended."""

    def ask_budget(self, question: BudgetQuestion) -> JobId:
        """BudgetProgressed ..., BudgetAdvised, by the shipped figures and those in `settings.prices` and
        `settings.watts`."""

    def ask_what_if(self, question: WhatIfQuestion) -> JobId:
        """WhatIfAdvised: for this machine as it was checked last. JobFailed, where it never was, or where
        something that is asked makes no sense."""

    def calibrate(self) -> JobId:
        """CalibrationProgressed ..., Calibrated. Takes ten seconds on a machine that does nothing else."""

    def history(self, days: int) -> JobId:
        """HistoryRead: what answers and the machine did on the last days."""

    def score(self) -> JobId:
        """Scored: how wrong predictions were so far."""

    def search(self, words: str) -> JobId:
        """ModelsFound. The hub (or the mirror that is set) is asked now, and never without this."""

    def test_connection(self) -> JobId:
        """ConnectionTested, one for the endpoint and each mirror of the settings, as each of them answers."""

    def foresee(self, model: InstalledModel, loading: Loading) -> JobId:
        """LoadForeseen: what it would take and give, loaded like that. Nothing is loaded or kept."""

    def plan_elsewhere(self, repository: str, quantization: str) -> JobId:
        """ModelPlanned: as exactly as a file that is here, from headers that are read by ranges."""

    def list_runtimes(self) -> JobId:
        """RuntimesListed."""

    def use_runtime(self, name: str) -> JobId:
        """RuntimesListed. Counts from the next load on; "" is what the program brings."""

    def roll_back_runtime(self) -> JobId:
        """RuntimesListed. To what was used before the one that was chosen."""

    def add_runtime(self, place: str) -> JobId:
        """RuntimeProgressed ..., Noticed (why one was passed over), RuntimesListed. From an address or a
        folder that offers packs ("": the one that this version names), the best for this machine by its last
        check: fetched, verified, tried and used. JobFailed, and nothing is changed, if none passes its
        trial."""

    def remove_runtime(self, name: str) -> JobId:
        """RuntimesListed."""

    def make_report(self, path: str) -> JobId:
        """ReportMade: a zip of logs and figures without private data. It is not sent anywhere."""

    def look_for_update(self) -> JobId:
        """UpdateSeen. Its list is asked for only where `settings.look_for_updates` is on, and once a day."""

    def fetch_update(self) -> JobId:
        """UpdateProgressed ..., UpdateFetched: the newer version's installer, verified; it is not started."""

    def pull(self, repository: str, quantization: str) -> JobId:
        """DownloadPlanned, DownloadProgressed ..., DownloadVerified. Joins the queue at its end, where it
        waits (QUEUED) for its turn and for room on the disk; goes on with what is there of it. One that is
        under way keeps its job.

        `cancel` pauses it: the part files stay and a new `pull` goes on from them (JobCancelled).
        """

    def pull_plan(self, plan: RunPlan) -> JobId:
        """As `pull`, for the repository and quantisation of a recommended plan."""

    def go_on_with_downloads(self) -> JobId:
        """DownloadsListed, under job 0 and after every change of the queue; what waited when a program
        ended is pulled again, each under a job of its own."""

    def list_downloads(self) -> JobId:
        """DownloadsListed, under job 0."""

    def pause_download(self, repository: str, quantization: str) -> JobId:
        """DownloadsListed, under job 0. Other programs' downloads can be paused too."""

    def pause_downloads(self) -> JobId:
        """DownloadsListed, under job 0. All of them, other programs' too."""

    def resume_downloads(self) -> JobId:
        """DownloadsListed, under job 0. What stands still is pulled again, each under a job of its own."""

    def move_download(self, repository: str, quantization: str, position: int) -> JobId:
        """DownloadsListed, under job 0; positions are counted from 0. The topmost that can run, runs."""

    def discard_download(self, repository: str, quantization: str) -> JobId:
        """DownloadsListed, under job 0. Stops a download and deletes what was fetched of it."""

    # the library

    def look_for_models(self, folder: str = "") -> JobId:
        """ModelsSeen: what LM Studio, Ollama and the Hugging Face cache hold, or what is in that folder.
        Their files are only read."""

    def take_in(self, models: tuple[KnownModel, ...]) -> JobId:
        """The events of `list_models`. Models of `ModelsSeen` are used where they lie from now on."""

    def verify_model(self, path: str) -> JobId:
        """ModelRead ..., ModelVerified; the events of `list_models`. JobFailed, where it changed."""

    def move_model(self, path: str, folder: str) -> JobId:
        """ModelRead ..., ModelMoved; the events of `list_models`. `folder` becomes a models folder. Ended
        at any moment, even by a power cut, it goes on when it is asked for again."""

    def remove_model(self, path: str) -> JobId:
        """ModelRemoved; the events of `list_models`. A download goes to the trash; files of other
        programs stay and are only taken off the list."""

    def restore_model(self, key: str) -> JobId:
        """The events of `list_models`. Takes a model out of the trash, by `TrashedModel.key`."""

    def empty_trash(self) -> JobId:
        """TrashEmptied; the events of `list_models`. Happens by itself after a week."""

    def list_models(self) -> JobId:
        """LibraryListed, with what cannot be used too. ModelsListed: the starter first, then what was
        downloaded or taken in, then the models of the endpoints in `settings.remotes`.

        Of those `source` is "remote", `repository` the name that its owner gave the endpoint, `path`
        "URL#MODEL" and `size_bytes` 0. They are given to `load` like any other; `send` then asks the
        endpoint. Nothing of them is on this machine: they cannot be deleted, only their endpoint
        removed.
        """

    def load(self, model: InstalledModel) -> JobId:
        """RuntimeStateChanged ..., LoadProgressed ..., Noticed (steps down), ModelLoaded. It answers
        from now on; models that were loaded before stay as long as there is room.

        What happens to it later (a crash, a restart) comes with job 0 and its path. A model elsewhere
        is only asked for: its `facts.pid` is 0, `facts.device` the host, every size 0, and
        `facts.context_length` 0 where the endpoint does not tell it.
        """

    def unload(self, path: str = "") -> JobId:
        """RuntimeStateChanged(STOPPED), of one model or of all."""

    def list_drafts(self) -> JobId:
        """DraftsListed."""

    def keep_draft(self, conversation_id: int | None, text: str) -> JobId:
        """What is typed for a conversation, or (None) for one that has not begun; "" forgets it."""

    def set_options(self, conversation_id: int, options: ChatOptions) -> JobId:
        """They count from the next answer on."""

    def attach(self, path: str) -> JobId:
        """FileRead, with the text of a file of text, of code, or a PDF; JobFailed for others."""

    def read_shelf(self) -> JobId:
        """ShelfRead: the prompts and presets of this person."""

    def keep_shelf(self, shelf: Shelf) -> JobId:
        """ShelfRead."""

    def send(
        self,
        conversation_id: int | None,
        text: str,
        files: tuple[AttachedFile, ...] = (),
        options: ChatOptions = NOTHING_SET,
    ) -> JobId:
        """MessageAdded (user; begins a conversation if None was given, then ConversationsListed),
        MessageAdded (assistant, STREAMING), PromptProgressed ..., TokenDelta ...,
        GenerationFinished, MessageChanged. Loads the model first if none is loaded.

        `text` may be "" where there are files. `options` are those of a conversation that begins.
        """

    def edit(self, conversation_id: int, message_id: int, text: str) -> JobId:
        """Asks an earlier question in other words, as a sibling in the tree: as `send`."""

    def carry_on(self, conversation_id: int, message_id: int) -> JobId:
        """Goes on with an answer that was stopped, cut or interrupted: as `send` from the
        second MessageAdded on, with the same message id and its parts so far."""

    def regenerate(self, conversation_id: int, message_id: int) -> JobId:
        """Another answer to the same question, as a sibling in the tree: as `send`."""

    def show_branch(self, conversation_id: int, message_id: int) -> JobId:
        """ConversationOpened, with the branch that goes through that message to the newest one below it;
        what is sent next follows there."""

    def make_room(self, conversation_id: int, message_id: int, way: str) -> JobId:
        """Goes on though the conversation is longer than the context; `message_id` names the answer
        that was cut or refused. `way` is "cut" (the oldest messages are left out) or "summarise"
        (they are summed up first: PromptProgressed ... and TokenDelta ... of the summary come before
        everything else). MessageChanged (the question where reading begins now, with its SUMMARY part),
        then the events of `send` from the answer on."""

    # the engine, other programs, and other machines

    def look(self) -> JobId:
        """EngineSeen."""

    def serve(self) -> JobId:
        """ServerChanged with the address: other programs may use the API at `settings.serve_port`, and
        those of other computers if `settings.serve_beyond`."""

    def renew_api_key(self) -> JobId:
        """Another key for the API; if that is on, ServerChanged with it, and the old one is worth nothing.
        Answers that other programs wait for are ended."""

    def stop_serving(self) -> JobId:
        """ServerChanged(""). Answers that other programs wait for are ended."""

    def list_nodes(self) -> JobId:
        """NodesListed, at once and again as each of them answers or does not."""

    def add_node(self, address: str, key: str) -> JobId:
        """The events of `list_nodes`; JobFailed, and nothing is kept, where it cannot be used."""

    def renew_node(self, address: str) -> JobId:
        """The events of `list_nodes`, asked anew what it has and how far it is; JobFailed, if it is gone."""

    def remove_node(self, address: str) -> JobId:
        """The events of `list_nodes`. A model that is loaded on it stays there until it is unloaded."""

    def lend(self, new_key: bool = False) -> JobId:
        """LendingChanged with the key and the addresses, at `settings.lend_port`; then under job 0 as guests
        come and go. With another key if that is wanted: machines that have the old one are shut out."""

    def stop_lending(self) -> JobId:
        """LendingChanged without a key. Models that others have here are lost to them."""

    def try_remote(self, url: str, key: str) -> JobId:
        """RemoteTried, with the names of all models that the endpoint has; else JobFailed with what is
        wrong (address, key, certificate, no such protocol).

        `key` is "" where none is needed, or to use the one that is kept for that address; it is not
        kept. The window asks this first, lets its user choose from the names, then calls `add_remote`.
        """

    def add_remote(self, remote: Remote, key: str, instead_of: str = "") -> JobId:
        """Keeps an endpoint in `settings.remotes` with the models that were chosen for chats
        (`remote.models`); ModelsListed; then keeps `key` in the system's keyring, which may ask its
        owner first. Noticed, where it takes none: the key then holds until the program ends.

        One with the same address, or the address `instead_of`, is replaced; its key only if `key` is
        not "". A key never follows to another host: the one of `instead_of` is forgotten there. The
        address is tidied ("https://host" becomes "https://host/v1"): read it again from
        `settings.remotes`.
        """

    def remove_remote(self, url: str) -> JobId:
        """Forgets an endpoint and its key; `url` as in `settings.remotes`. ModelsListed. Answers that
        it is giving go on."""

    # the end

    def cancel(self, job: JobId) -> None:
        """Asks a job to end; it then ends in JobCancelled (answers end in MessageChanged first)."""

    def close(self) -> None:
        """Ends every job, the worker and the threads; waits for at most 3 s."""
