"""Why a worker ended, in plain words."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.hardware.nodes import is_node, parse_node
from engine.messages import Sentence, sentence
from engine.runtime.door import door_at
from engine.runtime.node_greeting import answers
from engine.runtime.pulse import STILL_S

_TAIL_BYTES = 16 * 1024
_LONGEST_DETAIL = 200  # characters
# Of native code, of the C++ runtime, of Python; not faulthandler's "Fatal Python error".
_TELLING = re.compile(
    r"GGML_ASSERT|GGML_ABORT|what\(\):|^\w+Error: |(?<!Python )error: |RPC server crashed|RPC handshake"
)
_NODE_CHECK_S = 1.0  # for a node to take a connection
_SILENT_S = STILL_S / 2  # longer than a node computes between two words, shorter than a standstill takes
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
    status: int,
    *,
    loading: bool,
    model: str,
    log: Path,
    last_words: str,
    memory_ran_out: bool,
    devices: Sequence[str] = (),
) -> Sentence:
    """The sentence for a worker that ended by itself.

    `status` is the exit status as Popen has it: a negative signal number, or an exit code.
    `loading` says whether the model was still being loaded, `devices` what computed it beside the CPU.
    """
    name = _signal_name(status)
    if name == "SIGKILL":
        code = "worker_out_of_memory" if memory_ran_out else "worker_killed"
        return sentence(code, model=model)
    if name == "SIGABRT" and (lost := lost_nodes(devices, last_words)):
        return sentence("worker_lost_device", model=model, device=lost, log=str(log))
    if name == "SIGABRT":
        code = "worker_aborted_loading" if loading else "worker_aborted"
        return sentence(code, model=model, detail=last_words or "no reason given", log=str(log))
    if name in _SENTENCE_OF_SIGNAL:
        return sentence(_SENTENCE_OF_SIGNAL[name], model=model, log=str(log))
    detail = f"{name or f'exit code {status}'}{': ' if last_words else ''}{last_words}"
    return sentence("worker_ended", model=model, detail=detail, log=str(log))


def describe_standstill(
    model: str, log: Path, devices: Sequence[str] = (), silent_s: float = _SILENT_S
) -> Sentence:
    """The sentence for a worker that has to be ended because it does not get on. One that waits for another
    machine, which has said nothing for so long, stands still through no fault of its own."""
    if silent := [endpoint for endpoint in _endpoints(devices) if _is_silent(endpoint, silent_s)]:
        return sentence("worker_lost_device", model=model, device=", ".join(_addresses(silent)), log=str(log))
    return sentence("worker_stuck", model=model, log=str(log))


def names_of(devices: Sequence[str]) -> str:
    """Devices as a person knows them: nodes by the addresses of their machines."""
    here = [device for device in devices if not is_node(device)]
    return ", ".join([*here, *_addresses(_endpoints(devices))])


def lost_nodes(devices: Sequence[str], last_words: str) -> str:
    """Which of a worker's nodes are gone, by their addresses, after it has ended; "" where all are
    there. llama.cpp ends the process without naming the one that it lost."""
    endpoints = _endpoints(devices)
    gone = [endpoint for endpoint in endpoints if _is_gone(endpoint)]
    if not gone and "RPC" in last_words:
        gone = endpoints  # one of them; it may be back already
    return ", ".join(_addresses(gone))


def _is_gone(endpoint: str) -> bool:
    door = door_at(endpoint)
    return door.lost if door else not answers(endpoint, _NODE_CHECK_S)


def _endpoints(devices: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(parse_node(device)[0] for device in devices if is_node(device)))


def _addresses(endpoints: Iterable[str]) -> list[str]:
    """Of those machines, as a person knows them."""
    doors = ((door_at(endpoint), endpoint) for endpoint in endpoints)
    return [door.address if door else endpoint for door, endpoint in doors]


def _is_silent(endpoint: str, seconds: float) -> bool:
    door = door_at(endpoint)
    return door is not None and door.silence.seconds > seconds


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
