"""Several models under one memory budget, idle ones, and models that die."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine import events
from engine.events import JobId, new_job_id
from engine.host.client import HostOptions
from engine.host.pool import MOST_MODELS, MOST_WAITING
from engine.messages import english
from engine.paths import Paths
from engine.runtime.values import EmbeddingRequest, LoadWish, RuntimeState, Sampling, part_bytes
from tests.modelfile import Q4_0, write_model
from tests.models import llama, tiny
from tests.service.host_bench import QUICK, Guest, engine_room, wish_for
from tests.service.runtime_bench import gone, question
from tests.service.test_host_clients import soon

ROOT = Path(__file__).resolve().parents[2]
MIB = 1 << 20
# By SmolLM2: it fills the context, which takes seconds. Toys fill it before anybody else can ask.
ENDLESS = replace(
    question("Go on.", max_tokens=0), sampling=Sampling(temperature=0, ignore_end=True), drafts=False
)


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        yield paths


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def loaded_names(guest: Guest) -> list[str]:
    return [Path(model.model.path).name for model in guest.look().models]


def stopped(guest: Guest, wish: LoadWish) -> None:
    """Waits until everybody was told that this model has gone."""

    def told() -> bool:
        return any(
            isinstance(event, events.RuntimeStateChanged)
            and (event.state, event.model) == (RuntimeState.STOPPED, wish.model.path)
            for event in guest.events
        )

    guest.wait_until(told)


# several models
def test_a_load_tells_what_was_planned_beside_what_was_allocated(paths: Paths) -> None:
    guest = Guest(paths)
    facts = guest.loaded().facts
    for part in ("weights", "kv_cache"):
        assert part_bytes(facts.planned, part) == pytest.approx(facts.of(part), rel=0.03)
    assert 0 < part_bytes(facts.planned, "overhead") < 1 << 30
    (running,) = guest.look().models
    assert running.facts == facts
    guest.client.close()


def test_two_models_side_by_side(paths: Paths, models: Path) -> None:
    guest = Guest(paths)
    one, other = wish_for(tiny(models)), wish_for(tiny(models, "qwen2"))
    jobs = [guest.load(one), guest.load(other)]  # at once: in order, not one or the other
    for job in jobs:
        assert isinstance(guest.ending(job), events.JobFinished)
    assert loaded_names(guest) == ["tiny-llama.gguf", "tiny-qwen2.gguf"]
    pids = {model.facts.pid for model in guest.look().models if model.facts}
    assert len(pids) == 2
    answers = [guest.ask(question("Hello.", max_tokens=4), wish) for wish in (one, other)]
    assert all(isinstance(guest.ending(job), events.JobFinished) for job in answers)
    guest.client.unload(job := new_job_id(), one.model.path)
    assert isinstance(guest.ending(job), events.JobFinished)
    assert loaded_names(guest) == ["tiny-qwen2.gguf"]
    guest.client.unload(job := new_job_id())
    assert isinstance(guest.ending(job), events.JobFinished)
    assert loaded_names(guest) == [] and all(gone(pid) for pid in pids)
    guest.client.close()


def test_an_embedding_model_is_loaded_for_a_request(paths: Paths, models: Path) -> None:
    guest, job = Guest(paths), new_job_id()
    wish = wish_for(tiny(models, "bert"), 0)
    guest.client.embed(job, EmbeddingRequest(("a cat", "a dog", "a cat")), wish)
    assert isinstance(guest.ending(job), events.JobFinished)
    vectors = guest.first(job, events.Embedded).vectors
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-3)
    assert sum(x * x for x in vectors[0]) == pytest.approx(1, abs=1e-3)
    guest.client.close()


def test_an_idle_model_makes_room(paths: Paths, models: Path) -> None:
    guest = Guest(paths, replace(QUICK, memory_bytes=300 * MIB))
    first, second = wish_for(), wish_for(tiny(models))  # 230 and 125 MiB
    worker = guest.loaded(first).facts.pid
    guest.loaded(second)
    assert "host_made_room" in guest.notices()
    assert gone(worker)
    assert loaded_names(guest) == ["tiny-llama.gguf"]
    stopped(guest, first)
    guest.client.close()


def test_the_least_recently_used_model_leaves(paths: Paths, models: Path) -> None:
    guest = Guest(paths, replace(QUICK, memory_bytes=310 * MIB))  # room for two of 125 MiB
    wishes = [wish_for(tiny(models, kind)) for kind in ("llama", "qwen2", "gemma3")]
    guest.loaded(wishes[0])
    guest.loaded(wishes[1])
    guest.ending(guest.ask(question("Hello.", max_tokens=2), wishes[0]))
    guest.loaded(wishes[2])
    assert loaded_names(guest) == ["tiny-llama.gguf", "tiny-gemma3.gguf"]
    guest.client.close()


def test_a_busy_model_is_waited_for(paths: Paths, models: Path) -> None:
    asker = Guest(paths, replace(QUICK, memory_bytes=290 * MIB))
    answer = asker.ask(ENDLESS, wish_for())
    asker.first(answer, events.TokenDelta)
    guest, wish = Guest(paths), wish_for(tiny(models))
    given_up = guest.load(wish)
    assert guest.first(given_up, events.Noticed).message.code == "host_waits_for"
    guest.client.cancel(given_up)
    assert isinstance(guest.ending(given_up), events.JobCancelled)
    patient = guest.load(wish)
    guest.first(patient, events.Noticed)
    assert not asker.of(answer, events.JobFinished)
    late = asker.ask(question("And I?", max_tokens=2), wish_for())  # comes after whoever waits
    asker.client.cancel(answer)
    assert isinstance(asker.ending(answer), events.JobCancelled)
    assert isinstance(guest.ending(patient), events.JobFinished)
    assert isinstance(asker.ending(late), events.JobFinished)
    guest.client.close()
    asker.client.close()


def test_a_load_that_waits_does_not_hold_up_one_that_has_room(paths: Paths, models: Path) -> None:
    asker, busy = Guest(paths, replace(QUICK, memory_bytes=455 * MIB)), wish_for(context_length=2048)
    answer = asker.ask(ENDLESS, busy)
    asker.first(answer, events.TokenDelta)
    guest = Guest(paths)
    large = guest.load(wish_for(tiny(models, "qwen2"), 8192, n_sequences=32, kv_type="f16"))
    assert guest.first(large, events.Noticed).message.code == "host_waits_for"
    small = wish_for(tiny(models), 512)
    assert isinstance(guest.ending(guest.load(small)), events.JobFinished)
    assert isinstance(guest.ending(guest.ask(question("Hi.", max_tokens=2), small)), events.JobFinished)
    late = asker.ask(question("And I?", max_tokens=2), busy)  # of the one that is waited for
    assert not asker.of(answer, events.JobFinished)
    assert not guest.of(large, events.JobFinished)
    asker.client.cancel(answer)
    assert isinstance(guest.ending(large), events.JobFinished)
    assert isinstance(asker.ending(late), events.JobFinished)
    guest.client.close()
    asker.client.close()


def test_only_so_many_wait_for_a_load(paths: Paths, models: Path, tmp_path: Path) -> None:
    asker = Guest(paths, replace(QUICK, memory_bytes=290 * MIB))
    answer = asker.ask(ENDLESS, wish_for())
    asker.first(answer, events.TokenDelta)
    guest, wish = Guest(paths), wish_for(tiny(models))
    loads = [guest.load(wish) for _ in range(MOST_WAITING + 1)]
    refused = guest.ending(loads[-1])
    assert isinstance(refused, events.JobFailed) and refused.message.code == "queue_full"
    others = []
    for number in range(MOST_MODELS):
        copy = tmp_path / f"{number}.gguf"
        copy.symlink_to(tiny(models))
        others.append(guest.load(wish_for(copy)))
    refused = guest.ending(others[-1])
    assert isinstance(refused, events.JobFailed) and refused.message.code == "host_too_many_models"
    for job in (*loads[:-1], *others[:-1]):
        guest.client.cancel(job)
        assert isinstance(guest.ending(job), events.JobCancelled)
    asker.client.cancel(answer)
    assert isinstance(guest.ending(guest.load(wish)), events.JobFinished)
    guest.client.close()
    asker.client.close()


def test_what_does_not_fit_at_all_is_refused_with_figures(paths: Paths) -> None:
    guest = Guest(paths, replace(QUICK, memory_bytes=80 * MIB))
    ending = guest.ending(guest.load())
    assert isinstance(ending, events.JobFailed) and ending.message.code == "fit_none"
    assert "80 MiB of memory are free" in english(ending.message)
    guest.client.close()


def test_what_does_not_fit_is_stepped_down_and_said(paths: Paths) -> None:
    guest = Guest(paths, replace(QUICK, memory_bytes=250 * MIB))
    job = guest.load(wish_for(context_length=8192))
    assert isinstance(guest.ending(job), events.JobFinished)
    told = [event.message for event in guest.of(job, events.Noticed)]
    assert [one.code for one in told] == ["fit_cache", "fit_batch"]
    (model,) = guest.look().models
    assert model.request.kv_type == "q4_0" and model.request.context_length == 8192
    assert model.facts is not None and model.facts.context_length == 8192
    guest.client.close()


# loading anew
def test_a_longer_context_reloads_a_shorter_one_does_not(paths: Paths, models: Path) -> None:
    guest = Guest(paths)
    short, long = wish_for(tiny(models), 512), wish_for(tiny(models), 2048)
    first = guest.loaded(short).facts
    second = guest.loaded(long).facts
    assert (first.context_length, second.context_length) == (512, 2048)
    assert first.pid != second.pid
    assert guest.loaded(short).facts.pid == second.pid
    guest.client.close()


def test_a_wish_that_cannot_be_fulfilled_is_not_tried_at_every_question(paths: Paths) -> None:
    guest = Guest(paths, replace(QUICK, memory_bytes=225 * MIB))
    wish = wish_for(context_length=8192)
    pid = guest.loaded(wish).facts.pid
    assert "fit_context" in guest.notices()
    assert isinstance(guest.ending(guest.ask(question("Hi.", max_tokens=1), wish)), events.JobFinished)
    assert guest.loaded(wish).facts.pid == pid
    guest.client.close()


def test_loading_again_takes_what_has_become_free(paths: Paths) -> None:
    guest, wish = Guest(paths), wish_for(context_length=65_536)
    host = psutil.Process(guest.look().pid)
    host.rlimit(psutil.RLIMIT_AS, (1400 * MIB, psutil.RLIM_INFINITY))
    less = guest.loaded(wish)
    assert "fit_cache" in guest.notices()
    assert guest.loaded(wish).facts.pid == less.facts.pid  # nothing is won by it yet
    host.rlimit(psutil.RLIMIT_AS, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    guest.ending(guest.ask(question("Hi.", max_tokens=1), wish))
    assert guest.look().models[0].request.kv_type == "q4_0"  # a question alone changes nothing
    more = guest.loaded(wish)
    assert more.facts.pid != less.facts.pid
    assert guest.look().models[0].request.kv_type == "f16"
    guest.client.close()


def test_those_who_ask_on_cannot_keep_a_reload_waiting(paths: Paths) -> None:
    asker, guest = Guest(paths), Guest(paths)
    short, long = wish_for(context_length=1024), wish_for(context_length=4096)
    answer = asker.ask(ENDLESS, short)
    asker.first(answer, events.TokenDelta)
    reload = guest.load(long)
    assert guest.first(reload, events.Noticed).message.code == "host_waits_for"
    late = asker.ask(question("And I?", max_tokens=2), short)
    asker.client.cancel(answer)
    assert isinstance(guest.ending(reload), events.JobFinished)
    assert isinstance(asker.ending(late), events.JobFinished)
    assert asker.first(late, events.GenerationFinished).stats.queue_s >= 0
    assert guest.look().models[0].request.context_length == 4096
    guest.client.close()
    asker.client.close()


# idle models
def test_an_idle_model_is_unloaded_after_a_while(paths: Paths, models: Path) -> None:
    guest, wish = Guest(paths, replace(QUICK, keep_loaded_s=0.4)), wish_for(tiny(models))
    worker = guest.loaded(wish).facts.pid
    stopped(guest, wish)
    assert gone(worker)
    soon(lambda: guest.look().models, ())
    assert isinstance(guest.ending(guest.ask(question("Hello.", max_tokens=3), wish)), events.JobFinished)
    guest.client.close()


def test_a_model_may_stay_until_the_last_client_leaves(paths: Paths, models: Path) -> None:
    options = HostOptions(linger_s=1.0, keep_loaded_s=0, park_bytes=0)
    one, other = Guest(paths, options), Guest(paths, options)
    worker = one.loaded(wish_for(tiny(models))).facts.pid
    assert [model.facts.pid for model in other.look().models if model.facts] == [worker]
    one.client.close()
    soon(lambda: other.look().clients, 1)
    assert psutil.pid_exists(worker)
    other.client.close()
    assert gone(worker)


HELD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from engine.host.start import HOST_WORD
if sys.argv[1] == HOST_WORD:
    from engine.host.main import main
    raise SystemExit(main(sys.argv[2:], (sys.executable, __file__)))
while sys.argv[1] == "_worker" and sys.argv[2].isdigit() and not Path({gate!r}).exists():
    time.sleep(0.01)
from engine.runtime.worker.main import main
raise SystemExit(main(sys.argv[2:]))
"""


def test_a_load_that_nobody_waits_for_any_more_is_given_up(paths: Paths, tmp_path: Path) -> None:
    entry, gate = tmp_path / "held.py", tmp_path / "gate"
    entry.write_text(HELD.format(root=str(ROOT), gate=str(gate)))
    guest = Guest(paths, QUICK, (sys.executable, str(entry)))
    job = guest.load()
    guest.first(job, events.RuntimeStateChanged)
    guest.client.cancel(job)
    assert isinstance(guest.ending(job), events.JobCancelled)
    soon(lambda: guest.look().models, ())
    gate.touch()
    assert isinstance(guest.ending(guest.load()), events.JobFinished)
    guest.client.close()


# models that die
def test_a_model_that_is_killed_comes_back(paths: Paths, models: Path) -> None:
    guest, watcher, wish = Guest(paths), Guest(paths), wish_for(tiny(models), 4096)
    watcher.look()
    worker = guest.loaded(wish).facts.pid
    job = guest.ask(question("Go on.", max_tokens=4000), wish)
    guest.first(job, events.TokenDelta)
    os.kill(worker, signal.SIGKILL)
    ending = guest.ending(job)
    assert isinstance(ending, events.JobFailed) and ending.message.code == "worker_killed"
    again = guest.ask(question("Hello.", max_tokens=3), wish)
    assert isinstance(guest.ending(again), events.JobFinished)
    watcher.wait_until(lambda: "host_restarts" in watcher.notices())
    (model,) = guest.look().models
    assert model.crashes == 1
    assert model.facts is not None and model.facts.pid != worker
    assert model.request.context_length == 4096
    assert any(isinstance(e, events.RuntimeStateChanged) and e.state == "crashed" for e in watcher.events)
    guest.client.close()
    watcher.client.close()


def test_what_is_unloaded_while_it_comes_back_stays_away(paths: Paths) -> None:
    guest, wish = Guest(paths), wish_for()
    os.kill(guest.loaded(wish).facts.pid, signal.SIGKILL)
    guest.wait_until(lambda: "host_restarts" in guest.notices())
    guest.client.unload(job := new_job_id())
    assert isinstance(guest.ending(job), events.JobFinished)
    soon(lambda: guest.look().models, ())
    loads = len([event for event in guest.events if isinstance(event, events.ModelLoaded)])
    assert guest.loaded(wish).model.path == wish.model.path
    assert len([event for event in guest.events if isinstance(event, events.ModelLoaded)]) <= loads + 2
    guest.client.close()


def test_questions_into_a_crash_are_answered_by_the_next_worker(paths: Paths) -> None:
    guest, wish = Guest(paths), wish_for()
    os.kill(guest.loaded(wish).facts.pid, signal.SIGKILL)
    jobs = [guest.ask(question("Hi.", max_tokens=1), wish) for _ in range(30)]
    for job in jobs:
        ending = guest.ending(job)
        if isinstance(ending, events.JobFailed):
            assert ending.message.code == "worker_killed"  # it came before the end was seen
    assert isinstance(guest.ending(jobs[-1]), events.JobFinished | events.JobFailed)
    assert isinstance(guest.ending(guest.ask(question("Hi.", max_tokens=1), wish)), events.JobFinished)
    guest.client.close()


ILLEGAL = """
import os, signal, sys
sys.path.insert(0, {root!r})
from engine.host.start import HOST_WORD
if sys.argv[1] == HOST_WORD:
    from engine.host.main import main
    raise SystemExit(main(sys.argv[2:], (sys.executable, __file__)))
from engine.runtime.worker import load
opened = load._open_model
def open_model(native, request, *others):
    if request.repack:  # as a processor does that promises more than it keeps
        os.kill(os.getpid(), signal.SIGILL)
    return opened(native, request, *others)
load._open_model = open_model
from engine.runtime.worker.main import main
raise SystemExit(main(sys.argv[2:]))
"""


def test_a_processor_that_refuses_an_instruction_does_without_the_copy(paths: Paths, tmp_path: Path) -> None:
    entry = tmp_path / "illegal.py"
    entry.write_text(ILLEGAL.format(root=str(ROOT)))
    copied = write_model(tmp_path / "copied.gguf", llama(width=256), quantised=Q4_0)
    guest = Guest(paths, QUICK, (sys.executable, str(entry)))
    job = guest.load(wish_for(copied))
    assert isinstance(guest.ending(job), events.JobFinished)
    assert "host_restarts_plain" in guest.notices()
    assert not guest.look().models[0].request.repack
    guest.client.close()


def test_three_crashes_stop_a_model_until_its_user_loads_it_again(paths: Paths, models: Path) -> None:
    guest, wish = Guest(paths), wish_for(tiny(models))
    guest.loaded(wish)
    killed: set[int] = set()
    for _ in range(3):
        worker = running(guest, killed)
        os.kill(worker, signal.SIGSEGV)
        killed.add(worker)
        assert gone(worker)
    soon(lambda: guest.look().models[0].state, RuntimeState.CRASHED)
    assert "host_gave_up" in guest.notices()
    ending = guest.ending(guest.ask(question("Hello."), wish))
    assert isinstance(ending, events.JobFailed) and ending.message.code == "worker_segfault"
    assert isinstance(guest.ending(guest.load(wish)), events.JobFinished)
    assert isinstance(guest.ending(guest.ask(question("Hi.", max_tokens=2), wish)), events.JobFinished)
    guest.client.close()


def running(guest: Guest, but: set[int]) -> int:
    """The pid of the model's worker, once it is loaded (again): one that was killed is seen for a while."""

    def pid() -> int | None:
        (model,) = guest.look().models
        alive = model.facts is not None and model.facts.pid not in but
        return model.facts.pid if model.facts is not None and alive else None

    found = soon(pid, int)
    assert isinstance(found, int)
    return found


LIMITED = """
import resource, sys
sys.path.insert(0, {root!r})
if sys.argv[1] == "_worker":
    resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
sys.argv[0] = __file__
from engine.host.start import HOST_WORD
if sys.argv[1] == HOST_WORD:
    from engine.host.main import main
    raise SystemExit(main(sys.argv[2:], (sys.executable, __file__)))
from engine.runtime.worker.main import main
raise SystemExit(main(sys.argv[2:]))
"""


def test_a_load_that_memory_is_short_for_comes_back_lower(paths: Paths, tmp_path: Path) -> None:
    """The host does not know of the limit on its workers: llama.cpp says no, and it goes down."""
    entry = tmp_path / "limited.py"
    entry.write_text(LIMITED.format(root=str(ROOT), limit=900 * MIB))
    guest = Guest(paths, QUICK, (sys.executable, str(entry)))
    job = guest.load(wish_for(context_length=0))
    assert isinstance(guest.ending(job), events.JobFinished)
    assert "host_restarts_lower" in [event.message.code for event in guest.of(job, events.Noticed)]
    assert isinstance(
        guest.ending(guest.ask(question("Hi.", max_tokens=3), wish_for(context_length=0))), events.JobFinished
    )
    guest.client.close()


def test_a_limit_that_the_host_knows_is_planned_with(paths: Paths) -> None:
    guest = Guest(paths)
    psutil.Process(guest.look().pid).rlimit(psutil.RLIMIT_AS, (1400 * MIB, 1400 * MIB))
    job = guest.load(wish_for(context_length=65_536))  # 1.4 GiB of cache at 16 bits
    assert isinstance(guest.ending(job), events.JobFinished)
    codes = [event.message.code for event in guest.of(job, events.Noticed)]
    assert "fit_cache" in codes and "host_restarts_lower" not in codes
    assert isinstance(
        guest.ending(guest.ask(question("Hi.", max_tokens=3), wish_for(context_length=0))), events.JobFinished
    )
    guest.client.close()


def test_events_about_nobody_carry_no_job(paths: Paths, models: Path) -> None:
    one, other = Guest(paths), Guest(paths)
    other.look()
    one.loaded(wish_for(tiny(models)))
    other.wait_until(lambda: any(isinstance(event, events.ModelLoaded) for event in other.events))
    kinds = {type(event) for event in other.events if event.job == JobId(0)}
    assert kinds == {events.RuntimeStateChanged, events.ModelLoaded}
    one.client.close()
    other.client.close()


# conversations on disk
def test_a_conversation_is_parked_and_forgotten(paths: Paths) -> None:
    options = replace(QUICK, park_bytes=1 << 30)
    text = "Here is a list of fruits: " + ", ".join(f"fruit number {n}" for n in range(20))
    chat = replace(question(text, max_tokens=2), conversation="chat-1")
    first = Guest(paths, options)
    job = first.ask(chat)
    evaluated = first.first(job, events.GenerationFinished).stats.evaluated_tokens
    first.ending(job)
    host = first.look().pid
    first.client.close()
    assert gone(host)  # after it has parked what it knew
    assert list((paths.state / "parked").rglob("*.state"))
    second = Guest(paths, options)
    job = second.ask(chat)
    stats = second.first(job, events.GenerationFinished).stats
    assert stats.restored_tokens > 0 and stats.evaluated_tokens <= evaluated // 10
    second.ending(job)
    second.client.forget(job := new_job_id(), "chat-1")
    assert isinstance(second.ending(job), events.JobFinished)
    host = second.look().pid
    second.client.close()
    assert gone(host)
    assert not list((paths.state / "parked").rglob("*.state"))
