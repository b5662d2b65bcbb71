"""The real worker under bad luck: killed, stopped, fed with damaged files."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine import events
from engine.errors import WorkerError
from engine.messages import english
from engine.runtime.client import list_devices
from engine.runtime.values import RuntimeState
from tests.service.runtime_bench import COMMAND, PATIENCE_S, Bench, gone, question, starter

STORY = question("Tell me a very long story about a dog and a cat.", max_tokens=0)
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.client.close()


def wait_for_worker(bench: Bench) -> None:
    """Until it is started, and no longer: it has not loaded anything by then."""
    deadline = time.monotonic() + PATIENCE_S
    while bench.client.pid is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def crash_of(bench: Bench) -> events.RuntimeStateChanged:
    def crashes() -> list[events.RuntimeStateChanged]:
        changes = [event for event in bench.events if isinstance(event, events.RuntimeStateChanged)]
        return [change for change in changes if change.state is RuntimeState.CRASHED]

    bench.wait_until(lambda: bool(crashes()))
    return crashes()[0]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGKILL, "worker_killed"),
        (signal.SIGABRT, "worker_aborted"),
        (signal.SIGBUS, "worker_file_vanished"),
        (signal.SIGSEGV, "worker_segfault"),
        (signal.SIGTERM, "worker_terminated"),
    ],
)
def test_a_dead_worker_costs_one_answer(bench: Bench, number: signal.Signals, code: str) -> None:
    load = bench.loaded(n_sequences=2)
    jobs = [bench.ask(STORY), bench.ask(STORY)]
    for job in jobs:
        bench.first(job, events.TokenDelta)
    pid = bench.client.pid
    assert pid is not None
    os.kill(pid, number)
    for job in jobs:
        ending = bench.ending(job)
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code == code
        assert not bench.of(job, events.GenerationFinished)
    crash = crash_of(bench)
    assert crash.job == load
    assert crash.reason is not None
    assert "SmolLM2-135M" in english(crash.reason)
    assert bench.client.state is RuntimeState.CRASHED
    assert bench.client.pid is None
    # and then everything goes on
    part = bench.text(jobs[0])
    bench.loaded()
    text, _ = bench.answer(question("Tell me a very long story about a dog and a cat.", so_far=part))
    assert text


def test_a_stopped_worker_can_still_be_cancelled(bench: Bench) -> None:
    bench.loaded(n_sequences=2)
    cancelled, other = bench.ask(STORY), bench.ask(STORY)
    bench.first(cancelled, events.TokenDelta)
    pid = bench.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    bench.client.cancel(cancelled)
    assert isinstance(bench.ending(cancelled), events.JobCancelled)
    ending = bench.ending(other)
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "worker_unresponsive"
    assert crash_of(bench).reason == ending.message
    assert gone(pid)
    bench.loaded()


@pytest.mark.parametrize("moment", ["load", "answer"])
def test_a_worker_that_stands_still_is_noticed(bench: Bench, moment: str) -> None:
    """Nobody cancels anything; it is seen that the process does not move."""
    if moment == "load":
        job = bench.load()
        wait_for_worker(bench)
    else:
        bench.loaded()
        job = bench.ask(STORY)
        bench.first(job, events.TokenDelta)
    pid = bench.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    ending = bench.ending(job)
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "worker_stuck"
    assert gone(pid)
    bench.loaded()


def test_a_stopped_worker_does_not_hold_up_the_end(bench: Bench) -> None:
    bench.loaded()
    job = bench.ask(STORY)
    bench.first(job, events.TokenDelta)
    pid = bench.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    bench.client.close()
    assert gone(pid)
    assert isinstance(bench.ending(job), events.JobCancelled)


def test_a_load_can_be_cancelled_even_when_stopped(bench: Bench) -> None:
    job = bench.load()
    wait_for_worker(bench)
    pid = bench.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    bench.client.cancel(job)
    assert isinstance(bench.ending(job), events.JobCancelled)
    assert gone(pid)
    assert bench.client.state is RuntimeState.STOPPED
    quick = bench.load()
    bench.client.cancel(quick)
    assert isinstance(bench.ending(quick), events.JobCancelled)
    bench.loaded()


def test_a_new_load_replaces_the_old_one(bench: Bench) -> None:
    bench.loaded()
    job, pid = bench.ask(STORY), bench.client.pid
    assert pid is not None
    bench.first(job, events.TokenDelta)
    bench.loaded()
    assert isinstance(bench.ending(job), events.JobCancelled)
    assert bench.client.pid != pid
    assert gone(pid)


def test_the_worker_dies_with_its_program(tmp_path: Path) -> None:
    """Killed outright in the middle of an answer, so that nobody can clean up."""
    script = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from tests.service.runtime_bench import Bench, question
        from engine import events
        bench = Bench(Path({str(tmp_path)!r}))
        bench.loaded()
        job = bench.ask(question("Tell me a long story.", max_tokens=0))
        bench.first(job, events.TokenDelta)
        print(bench.client.pid, flush=True)
        bench.ending(job)
        """
    )
    program = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    assert os.getpgid(pid) == os.getpgid(0), "the worker left the process group"
    program.kill()
    rest = program.communicate()[0]
    assert rest == "", "something else was written to the program's stdout"
    assert gone(pid)


def patched(source: bytes, key: bytes, value: int) -> bytes:
    """The header with another uint32 behind that key."""
    at = source.index(key) + len(key) + 4
    return source[:at] + value.to_bytes(4, "little") + source[at + 4 :]


Damage = Callable[[bytes], bytes]
DAMAGED: dict[str, tuple[Damage, str]] = {
    "not a model": (lambda raw: b"<html>" + raw[6:], "not_gguf"),
    "empty": (lambda raw: b"", "not_gguf"),
    "half": (lambda raw: raw[: len(raw) // 2], "model_incomplete"),
    "header only": (lambda raw: raw[:24], "model_"),
    "cut in the header": (lambda raw: raw[:500_000], "model_"),
    "future version": (lambda raw: raw[:4] + b"\x63" + raw[5:], "gguf_version"),
    "unknown kind": (lambda raw: raw.replace(b"llama", b"lxama"), "model_kind_unknown"),
    "absurd block count": (lambda raw: patched(raw, b"llama.block_count", 2**31), "worker_aborted_loading"),
    "no heads": (lambda raw: patched(raw, b"llama.attention.head_count", 0), ""),
    "absurd width": (lambda raw: patched(raw, b"llama.embedding_length", 2**30), "model_"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_models_end_in_a_sentence(bench: Bench, tmp_path: Path, name: str) -> None:
    damage, code = DAMAGED[name]
    path = tmp_path / "damaged.gguf"
    path.write_bytes(damage(starter().read_bytes()))
    ending = bench.ending(bench.load(path))
    assert isinstance(ending, events.JobFailed), ending
    print(english(ending.message))
    assert ending.message.code.startswith(code)
    assert bench.client.state in (RuntimeState.STOPPED, RuntimeState.CRASHED)
    assert bench.client.pid is None
    path.unlink()


def test_a_missing_model_is_a_sentence(bench: Bench, tmp_path: Path) -> None:
    ending = bench.ending(bench.load(tmp_path / "none.gguf"))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "model_missing"
    bench.loaded()


def test_a_setting_out_of_range_is_a_sentence(bench: Bench) -> None:
    ending = bench.ending(bench.load(threads=0))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "bad_load_setting"


def test_too_little_memory_is_a_sentence(tmp_path: Path) -> None:
    limited = tmp_path / "limited.py"
    limited.write_text(
        "import os, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000,) * 2)\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    bench = Bench(tmp_path, (sys.executable, str(limited), COMMAND[1]))
    ending = bench.ending(bench.load(context_length=200_000))  # a KV cache of 4.6 GB
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "model_memory", english(ending.message)
    bench.loaded(context_length=512)
    bench.client.close()


def test_a_file_cut_short_while_loaded(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(starter().read_bytes())
    bench.loaded(path)
    os.truncate(path, 1_000_000)
    ending = bench.ending(bench.ask(STORY))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "worker_file_vanished"


def test_a_broken_template_is_replaced_and_said(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    raw = starter().read_bytes()
    path.write_bytes(raw.replace(b"{% for message in messages %}", b"{% for message in  1 / 0   %}", 1))
    bench.loaded(path)
    job = bench.ask(question("Hello"))
    assert isinstance(bench.ending(job), events.JobFinished)
    assert bench.first(job, events.Noticed).message.code == "template_failed"
    again = bench.ask(question("Hello"))
    bench.ending(again)
    assert not bench.of(again, events.Noticed)


def test_reasoning_is_told_apart_and_carried_on(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    head, _, tail = starter().read_bytes().rpartition(b"<|im_start|>assistant")
    path.write_bytes(head + b"<|im_start|><think>  " + tail)  # as the templates of the R1 family end
    bench.loaded(path)
    job = bench.ask(question("Hello"))
    bench.ending(job)
    deltas = bench.of(job, events.TokenDelta)
    assert deltas
    assert all(delta.reasoning for delta in deltas)
    stats = bench.first(job, events.GenerationFinished).stats
    assert stats.reasoning_tokens == stats.generated_tokens == 24
    assert stats.reasoning_s > 0
    thought = "".join(delta.text for delta in deltas)
    further = bench.ask(dataclasses.replace(question("Hello"), reasoning_so_far=thought))
    bench.ending(further)
    assert all(delta.reasoning for delta in bench.of(further, events.TokenDelta))
    answer = dataclasses.replace(question("Hello"), reasoning_so_far=thought, answer_so_far="So")
    text, finished = bench.answer(answer)
    assert text
    assert finished.stats.reasoning_tokens == 0


def fake_worker(tmp_path: Path, body: str) -> tuple[str, ...]:
    """A program in place of the worker; it has `channel`, our real end."""
    script = tmp_path / "fake.py"
    head = f"""
        import sys, time, os
        sys.path.insert(0, {str(ROOT)!r})
        from engine.runtime.channel import Channel
        channel = Channel.adopt(int(sys.argv[-1]))
    """
    script.write_text(textwrap.dedent(head) + textwrap.dedent(body))
    return (sys.executable, str(script))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("channel.send(b'nonsense'); time.sleep(60)", "worker_babbled"),
        ("os.write(channel.handle(), b'\\x7f' * 64); time.sleep(60)", "worker_"),
        ("raise ImportError('no such part')", "worker_ended"),
        ("sys.exit(3)", "worker_ended"),
    ],
)
def test_a_worker_that_makes_no_sense(tmp_path: Path, body: str, code: str) -> None:
    bench = Bench(tmp_path, fake_worker(tmp_path, body))
    try:
        ending = bench.ending(bench.load())
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code.startswith(code)
        assert crash_of(bench).reason == ending.message
        if "ImportError" in body:
            assert "no such part" in english(ending.message)
    finally:
        bench.client.close()


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    bench = Bench(tmp_path, (str(tmp_path / "nothing"),))
    ending = bench.ending(bench.load())
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "worker_not_started"
    bench.client.close()
    with pytest.raises(WorkerError, match="could not be started"):
        list_devices((str(tmp_path / "nothing"),))


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(60)",
        "os.abort()",
        "channel.send(b'{}')",
        """channel.send(b'{"type": "Hello", "pid": 1}')""",
    ],
)
def test_a_probe_that_fails_says_so(tmp_path: Path, body: str) -> None:
    with pytest.raises(WorkerError, match="could not be listed"):
        list_devices(fake_worker(tmp_path, body), timeout_s=2)


def test_an_engine_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    with pytest.raises(WorkerError, match=r"llama\.cpp could not be loaded"):
        list_devices(COMMAND)


def test_a_build_without_a_part_for_this_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    spec = importlib.util.find_spec("llama_cpp")
    assert spec is not None and spec.submodule_search_locations
    for library in Path(spec.submodule_search_locations[0], "lib").glob("lib*.so*"):
        if "ggml-cpu" not in library.name:
            (tmp_path / library.name).symlink_to(library)
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path))
    with pytest.raises(WorkerError, match="no part that runs on this processor"):
        list_devices(COMMAND)


def test_a_log_that_cannot_be_written_is_said_and_borne(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file in the way")
    bench = Bench(tmp_path)
    job = bench.loaded()
    assert bench.first(job, events.Noticed).message.code == "worker_log_unwritable"
    bench.client.close()


def test_the_log_holds_what_native_code_said(bench: Bench) -> None:
    bench.log.parent.mkdir(parents=True)
    bench.log.write_bytes(b"x" * 2_000_000)
    bench.loaded()
    assert "KV buffer size" in bench.log.read_text()
    assert bench.log.with_name("worker.log.1").stat().st_size == 2_000_000


def test_a_worker_started_by_hand_explains_itself() -> None:
    for arguments in ([], ["x"], ["--devices"], ["99"]):
        done = subprocess.run([*COMMAND, "_worker", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "started by Deskside itself" in done.stderr
        assert done.stdout == ""


@pytest.fixture(scope="module")
def repackable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SmolLM2 at Q4_0, which the CPU back end repacks (Q4_1 it does not)."""
    path = tmp_path_factory.mktemp("model") / "q4_0.gguf"
    script = textwrap.dedent(
        f"""
        import ctypes, os
        from llama_cpp import llama_cpp as llama
        load = llama._lib.ggml_backend_load_all_from_path
        load(str(llama._base_path).encode())
        params = llama.llama_model_quantize_default_params()
        params.ftype, params.allow_requantize, params.nthread = 2, True, 2
        source, target = {str(starter())!r}, {str(path)!r}
        raise SystemExit(llama.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params)))
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return path


def test_repacking_is_ours_to_choose(bench: Bench, repackable: Path) -> None:
    resident, repacked = {}, {}
    for repack in (True, False):
        bench.loaded(repackable, repack=repack)
        bench.answer(question("Hello", max_tokens=2))
        facts, pid = bench.client.facts, bench.client.pid
        assert facts is not None and pid is not None
        repacked[repack] = facts.of("repack")
        resident[repack] = psutil.Process(pid).memory_full_info().uss
    assert repacked[False] == 0
    assert repacked[True] > 20_000_000
    assert resident[True] - resident[False] > repacked[True] * 0.7


def test_an_idle_worker_rests(bench: Bench) -> None:
    bench.loaded()
    bench.answer(question("Hello", max_tokens=4))
    assert bench.client.pid is not None
    worker = psutil.Process(bench.client.pid)

    def spent_s() -> float:
        before = sum(worker.cpu_times()[:2])
        time.sleep(1.0)
        return sum(worker.cpu_times()[:2]) - before

    # The threads of the last batch go to sleep first, which takes them a while where others are busy.
    assert any(spent_s() <= 0.05 for _ in range(20))
