"""Why a worker ended, in plain words."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from engine.messages import Sentence, sentence

_TAIL_BYTES = 16 * 1024
_LONGEST_DETAIL = 200  # characters
# Of native code, of the C++ runtime, of Python; not faulthandler's "Fatal Python error".
_TELLING = re.compile(r"GGML_ASSERT|GGML_ABORT|what\(\):|^\w+Error: |(?<!Python )error: ")
# Windows says it with a status in place of a signal.
_STATUS_AS_SIGNAL = {
    0xC0000005: "SIGSEGV",  # access violation
    0xC0000006: "SIGBUS",  # in-page error: the mapped file could not be read
    0xC000001D: "SIGILL",  # illegal instruction
    0xC0000409: "SIGABRT",  # fail-fast, which abort() ends in
}
_SENTENCE_OF_SIGNAL = {
    "SIGBUS": "worker_file_vanished",
    "SIGILL": "worker_bad_instruction",
    "SIGSEGV": "worker_segfault",
    "SIGTERM": "worker_terminated",
}


def describe_ending(
    status: int, *, loading: bool, model: str, log: Path, last_words: str, memory_ran_out: bool
) -> Sentence:
    """The sentence for a worker that ended by itself.

    `status` is the exit status as Popen has it: a negative signal number, or an exit code.
    `loading` says whether the model was still being loaded.
    """
    name = _signal_name(status)
    if name == "SIGKILL":
        code = "worker_out_of_memory" if memory_ran_out else "worker_killed"
        return sentence(code, model=model)
    if name == "SIGABRT":
        code = "worker_aborted_loading" if loading else "worker_aborted"
        return sentence(code, model=model, detail=last_words or "no reason given", log=str(log))
    if name in _SENTENCE_OF_SIGNAL:
        return sentence(_SENTENCE_OF_SIGNAL[name], model=model, log=str(log))
    detail = f"{name or f'exit code {status}'}{': ' if last_words else ''}{last_words}"
    return sentence("worker_ended", model=model, detail=detail, log=str(log))


def _signal_name(status: int) -> str:
    """ "SIGBUS" and so on, or "" when no signal ended the process."""
    if status >= 0:
        return _STATUS_AS_SIGNAL.get(status & 0xFFFFFFFF, "")
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def last_words(log: Path, start: int) -> str:
    """The line in which native code said why it gave up; looked for behind offset `start`."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(start, file.tell() - _TAIL_BYTES))
            lines = file.read(_TAIL_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        return f"its log could not be read: {error.strerror}"
    telling = [line.strip() for line in lines if _TELLING.search(line)]
    # The folder in which a source file lay when it was compiled says nothing here.
    return re.sub(r"^\S*/(?=[^/\s]+:\d+: )", "", telling[-1])[:_LONGEST_DETAIL] if telling else ""


def out_of_memory_kills() -> int:
    """How often Linux has killed a process for want of memory since boot; 0 where unknown."""
    try:
        counters = Path("/proc/vmstat").read_text("ascii")
    except OSError:
        return 0
    found = re.search(r"^oom_kill (\d+)$", counters, re.MULTILINE)
    return int(found[1]) if found else 0
