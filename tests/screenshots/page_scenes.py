"""The other pages."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea

from engine.chat.conversation import Role
from engine.chat.found import ChatsFound, FoundConversation, FoundMessage
from engine.chat.snippets import Snippet
from engine.download.library_values import LibraryEntry, Standing
from engine.download.values import DownloadProgress, QueuedDownload, TransferState
from engine.events import (
    BudgetProgressed,
    ChatsSearched,
    DownloadPlanned,
    DownloadProgressed,
    DownloadsListed,
    HardwareReported,
    HistoryRead,
    JobCancelled,
    JobFinished,
    JobId,
    LibraryListed,
    LoadForeseen,
    ModelsFound,
    ModelsListed,
    Recommended,
    RuntimeProgressed,
    Scored,
)
from engine.figures import Range
from engine.hardware.report import HardwareReport
from engine.jobs.advising import advise_on
from engine.jobs.foreseeing import LoadOutlook
from engine.jobs.history import history
from engine.jobs.scoring import Score
from engine.messages import sentence
from engine.planning.budget import Comparison
from engine.planning.machine import machine_of
from engine.planning.plan import RunPlan
from engine.settings import Loading
from engine.telemetry.history import History, Quantity
from tests.gui import money, samples
from tests.gui.test_history_page import device, record, score
from tests.gui.test_models_score import accuracy
from tests.gui.test_models_search import results
from tests.screenshots.chat_scenes import show_shelf
from tests.screenshots.stage import GIB, MODEL, NOW, Scene, Stage

_NOBODY = JobId(0)


# chats
def search(made: Stage) -> None:
    made.list_all()
    words = made.say("event", "事件")
    made.parts.sidebar.field.setText(words)
    made.window.shell._look_for(words)
    _wait_for(made, "search_conversations")
    job = made.window.desk.last("search_conversations")
    made.window.tell(ChatsSearched(job, _found(made, words)), JobFinished(job))


def _found(made: Stage, words: str) -> ChatsFound:
    texts = (
        made.say("How do I read a stream of server-sent events?", "怎样读取服务器推送的事件流？"),
        made.say(
            "An empty line ends an event, so the data is joined", "空行结束一个事件，于是把数据连接起来"
        ),
        made.say("The events of the summer, in order", "按时间排列的夏天的事件"),
    )
    hits = [
        FoundMessage(
            number,
            role,
            NOW - number * 100,
            Snippet(text, ((text.index(words), text.index(words) + len(words)),)),
        )
        for number, (role, text) in enumerate(
            zip((Role.USER, Role.ASSISTANT, Role.USER), texts, strict=True), 11
        )
    ]
    chats = (
        FoundConversation(
            2, made.say("Reading an event stream", "读取事件流"), (), NOW - 4_000, tuple(hits[:2])
        ),
        FoundConversation(4, made.say("Trip to the lakes", "湖区旅行计划"), (), NOW - 90_000, (hits[2],)),
    )
    return ChatsFound(words, chats)


def _wait_for(made: Stage, command: str) -> None:
    for _ in range(100):
        if made.window.desk.count(command):
            return
        QTest.qWait(20)


def trash(made: Stage) -> None:
    made.list_all()
    made.window.shell.show_trash()


def prompts(made: Stage) -> None:
    made.list_all()
    show_shelf(made)
    made.window.shell.show_prompts()
    made.parts.prompts.list.setCurrentRow(0)


# models
def models(made: Stage) -> None:
    made.list_all()
    made.window.shell.show_models()
    entries = (LibraryEntry(MODEL, (MODEL.path,), Standing.READY, NOW - 90_000, "/models"),)
    made.window.tell(LibraryListed(_NOBODY, entries, ()), ModelsListed(_NOBODY, (MODEL, samples.STARTER)))
    _scored(made)


def _scored(made: Stage) -> None:
    job = made.window.desk.last("score")
    found = (accuracy(Quantity.GENERATION, 0.043, 1200), accuracy(Quantity.RESERVED, 0.004, 7))
    made.window.tell(Scored(job, Score(90, True, found, (), ())), JobFinished(job))


def models_loading(made: Stage) -> None:
    """A smaller model and half of the layers, with what that costs."""
    models(made)
    made.parts.models._loading.begin(MODEL)
    _wait_for(made, "foresee")
    usual = samples.plan()
    memory = replace(usual.memory, ram=4 * GIB, vram=(("NVIDIA GeForce RTX 3060", 3 * GIB),))
    speed = replace(usual.speed, generation_tps=Range(11, 13, 15))
    reason = sentence(
        "plan_split_asked", device="NVIDIA GeForce RTX 3060", layers=18, total=36, rest="2.6 GiB"
    )
    plan = replace(usual, n_gpu_layers=19, memory=memory, speed=speed, reasons=(reason,))
    small = replace(MODEL, path="/models/small.gguf", name="Qwen3-0.6B", size_bytes=600 << 20)
    loading = Loading(MODEL.path, 18, small.path)
    made.parts.models._loading._change(loading)
    outlook = LoadOutlook(loading, plan, usual, ("NVIDIA GeForce RTX 3060",), 910 << 20, (small,))
    made.window.tell(LoadForeseen(made.window.desk.last("foresee"), outlook))


def models_experts(made: Stage) -> None:
    """A mixture of which a person wants the experts of so many layers in main memory."""
    models(made)
    made.parts.models._loading.begin(MODEL)
    _wait_for(made, "foresee")
    planned = samples.plan()
    mixture = replace(planned.model, shape=replace(planned.model.shape, layers=48, experts=128))
    usual = replace(planned, model=mixture, n_gpu_layers=49, experts_away=tuple(range(20)), experts_kept=28)
    usual = replace(
        usual, memory=replace(usual.memory, ram=9 * GIB, vram=(("NVIDIA GeForce RTX 3060", 11 * GIB),))
    )
    memory = replace(usual.memory, ram=13 * GIB, vram=(("NVIDIA GeForce RTX 3060", 7 * GIB),))
    reason = sentence(
        "plan_experts_divided", device="NVIDIA GeForce RTX 3060", kept=18, away=30, experts="10.6 GiB"
    )
    plan = replace(usual, experts_away=tuple(range(30)), experts_kept=18, memory=memory, reasons=(reason,))
    plan = replace(plan, speed=replace(usual.speed, generation_tps=Range(22, 27, 33)))
    usual = replace(usual, speed=replace(usual.speed, generation_tps=Range(29, 35, 43)))
    loading = Loading(MODEL.path, experts_in_ram=30)
    made.parts.models._loading._change(loading)
    outlook = LoadOutlook(loading, plan, usual, ("NVIDIA GeForce RTX 3060",), 0, ())
    made.window.tell(LoadForeseen(made.window.desk.last("foresee"), outlook))


def models_search(made: Stage) -> None:
    models(made)
    made.parts.models._field.setFocus()
    made.parts.models._field.setText("qwen3 8b")
    made.window.press(Qt.Key.Key_Return)
    job = made.window.desk.last("search")
    made.window.tell(ModelsFound(job, results()), JobFinished(job))


def downloads(made: Stage) -> None:
    models(made)
    plan = samples.plan("DeepSeek-R1-Distill-Qwen-32B", size=19_851_336_256)
    queue = (
        QueuedDownload(
            plan.quantization.repository, "Q4_K_M", "/models", TransferState.FETCHING, 7 * GIB, 18 * GIB, 77
        ),
        QueuedDownload("unsloth/Qwen3-8B-GGUF", "Q4_K_M", "/models", TransferState.QUEUED, 0, 5 * GIB),
        QueuedDownload("unsloth/gemma-3-4b-it-GGUF", "Q8_0", "/models", TransferState.PAUSED, GIB, 4 * GIB),
    )
    made.window.tell(
        DownloadsListed(_NOBODY, queue), DownloadProgressed(JobId(77), samples.progress(plan, 0.38))
    )


# the first start
def _check(made: Stage) -> HardwareReport:
    """The report comes: of a machine without a graphics card."""
    report = replace(samples.report(), gpus=())
    job = made.window.desk.last("check")
    made.window.tell(HardwareReported(job, report), JobFinished(job))
    return report


def wizard_check(made: Stage) -> None:
    _check(made)


def wizard_checking(made: Stage) -> None:
    made.window.progress_check()


def wizard_runtime(made: Stage) -> None:
    """A graphics card that nothing computes on, and a runtime for it on its way."""
    reason = sentence("gpu_engine_cpu_only", name=samples.GPU.name, vendor=samples.GPU.vendor)
    report = replace(samples.report(), gpus=(replace(samples.GPU, reason=reason),))
    made.window.tell(HardwareReported(made.window.desk.last("check"), report))
    offer = made.parts.wizard._steps[0]._offer
    offer._source.show_place("/media/anna/STICK/runtimes")
    offer._source._pressed()
    progress = DownloadProgress(TransferState.FETCHING, 214 << 20, 388 << 20, 21e6, 8.0, "")
    made.window.tell(RuntimeProgressed(made.window.desk.last("add_runtime"), progress))
    made.parts.wizard._steps[0].content.bring_to_the_top(offer)
    QTest.qWait(80)


def _advised(made: Stage) -> None:
    report = _check(made)
    advice = advise_on(report, machine_of(report))
    made.window.tell(Recommended(made.window.desk.last("recommend"), advice))
    made.parts.wizard.go_forward()
    made.window.settle()


def wizard_recommendation(made: Stage) -> None:
    _advised(made)


def wizard_guide(made: Stage) -> None:
    _advised(made)
    step = made.parts.wizard._steps[1]
    step._guide._button.setChecked(True)
    made.window.settle()
    _to_the_end(made, step.content)


def wizard_get(made: Stage) -> None:
    _advised(made)
    made.parts.wizard.go_forward()
    made.window.settle()
    made.window.press(Qt.Key.Key_Return)
    plan = made.window.desk.arguments("pull_plan")[0]
    job = made.window.desk.last("pull_plan")
    made.window.tell(
        DownloadPlanned(job, samples.download_plan(plan)),
        DownloadProgressed(job, replace(samples.progress(plan, 0.37), file=_file_of(plan))),
    )


def _file_of(plan: RunPlan) -> str:
    return f"{plan.model.name}-{plan.quantization.name}.gguf"


def wizard_paused(made: Stage) -> None:
    wizard_get(made)
    job = made.window.desk.last("pull_plan")
    made.parts.wizard.model.pause()
    made.window.tell(JobCancelled(job))


# advice
def advice_what_if(made: Stage) -> None:
    made.list_all()
    made.window.shell.show_advice()
    made.window.settle()
    money.answer_what_if(made.window, *money.processors())
    _scored(made)


def advice_budget(made: Stage) -> None:
    made.list_all()
    made.window.shell.show_advice()
    made.parts.advice._tabs[1].setFocus()
    made.parts.advice._tabs[1].click()
    made.window.settle()
    made.parts.advice.budget._fields[0].setText("0.6")
    made.parts.advice.budget._fields[1].setText("16")
    money.answer_budget(made.window, money.shipped_advice(), money.shipped_prices())
    _scored(made)


def advice_budget_comparing(made: Stage) -> None:
    """The first machines of many are known."""
    made.list_all()
    made.window.shell.show_advice()
    made.parts.advice._tabs[1].setFocus()
    made.parts.advice._tabs[1].click()
    known = money.shipped_advice()
    so_far = Comparison(known.machines[:3], 26, known.budget)
    made.window.tell(BudgetProgressed(made.window.desk.last("ask_budget"), so_far))


def advice_budget_prices(made: Stage) -> None:
    advice_budget(made)
    made.window.settle()
    _to_the_end(made, made.parts.advice._content)


# the rest
def history_page(made: Stage) -> None:
    made.list_all()
    path = made.folder / "history.sqlite3"
    now = time.time()
    store = History(path)
    for day in range(7):
        for hour in range(10):
            at = now - day * 86_400 - hour * 3_600
            store.add(
                [record(at, MODEL.name, 64 + 5 * ((day * 7 + hour * 3) % 5) / 4), device(at), score(at)]
            )
    store.close()
    made.window.shell.show_history()
    job = made.window.desk.last("history")
    made.window.tell(HistoryRead(job, history(path, made.window.desk.arguments("history")[0])))


def _to_the_end(made: Stage, area: QScrollArea) -> None:
    bar = area.verticalScrollBar()
    bar.setValue(bar.maximum())


PAGE_SCENES: dict[str, Scene] = {
    "search": search,
    "trash": trash,
    "prompts": prompts,
    "models": models,
    "models-loading": models_loading,
    "models-experts": models_experts,
    "models-search": models_search,
    "downloads": downloads,
    "wizard-check": wizard_check,
    "wizard-checking": wizard_checking,
    "wizard-runtime": wizard_runtime,
    "wizard-recommendation": wizard_recommendation,
    "wizard-guide": wizard_guide,
    "wizard-get": wizard_get,
    "wizard-paused": wizard_paused,
    "advice-what-if": advice_what_if,
    "advice-budget": advice_budget,
    "advice-budget-comparing": advice_budget_comparing,
    "advice-budget-prices": advice_budget_prices,
    "history": history_page,
}
