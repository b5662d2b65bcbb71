"""Other machines whose devices were added: what is kept of them, and their doors while the engine runs."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from engine.errors import DesksideError, LoadError, UsageError
from engine.hardware.nodes import node_device
from engine.hardware.report import GpuInfo, HardwareReport, NetworkLink
from engine.paths import Paths
from engine.runtime.door import Door
from engine.runtime.node_calls import ask_node, measure_distance, parse_address
from engine.runtime.node_words import NodeDevice
from engine.runtime.wire import Codec, WireError
from engine.whole_file import replace_file

log = logging.getLogger(__name__)

_FIRST_PORT, _LAST_PORT = 47_340, 47_840  # of doors, on loopback
_MOST_NODES = 64
_MOST_BYTES = 2**20
_PATIENCE_S = 1.5  # before each load
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class KeptNode:
    """A machine that was added. The key stands in a file that only its user can read."""

    address: str  # "HOST:PORT"
    key: str
    port: int  # of its door on loopback: its devices keep their names
    devices: tuple[NodeDevice, ...]  # when it was added
    round_trip_s: float
    rate: float  # bytes per second
    added: float  # since the epoch

    def gpus(self, there: bool = True) -> tuple[GpuInfo, ...]:
        """Its devices as the planner knows devices. One that is not `there` has nothing free."""
        link = NetworkLink(self.round_trip_s, self.rate)
        return tuple(
            GpuInfo(
                name=f"{device.name} @ {self.address}",
                vendor="",
                pci_id="",
                vram_bytes=device.memory_bytes,
                vram_free_bytes=device.memory_bytes if there else 0,
                shared_bytes=0,
                driver="",
                bandwidth_bytes_per_second=device.bandwidth or None,
                usable=True,
                reason=None,
                found_by=("ggml",),
                device=node_device(f"127.0.0.1:{self.port}", number),
                link=link,
                prompt_operations=device.operations,
            )
            for number, device in enumerate(self.devices)
        )


_CODEC = Codec((KeptNode,))


def kept_nodes(paths: Paths) -> tuple[KeptNode, ...]:
    """In the order in which they were added. What cannot be believed is left out."""
    try:
        with (paths.config / "nodes.jsonl").open("rb") as file:
            lines = file.read(_MOST_BYTES).splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        log.warning("the nodes cannot be read: %s", error)
        return ()
    found = []
    for line in lines[:_MOST_NODES]:
        try:
            node = cast(KeptNode, _CODEC.decode(line))
            parse_address(node.address)
            if not _FIRST_PORT <= node.port <= _LAST_PORT:
                raise WireError("a port that is not ours")
            found.append(node)
        except (WireError, UsageError) as error:
            log.warning("a node cannot be read: %s", error)
    return tuple(found)


def with_nodes(paths: Paths, report: HardwareReport) -> HardwareReport:
    """The machine with all its nodes, as if each of them answered."""
    nodes = kept_nodes(paths)
    return replace(report, gpus=(*report.gpus, *(gpu for node in nodes for gpu in node.gpus())))


def add_node(paths: Paths, address: str, key: str) -> KeptNode:
    """Asks it what it has and how far it is. Raises: UsageError, LoadError, OSError."""
    if any(node.address == address for node in kept_nodes(paths)):
        raise UsageError.of("node_known", address=address)
    devices = ask_node(address, key)
    distance = measure_distance(address, key)
    with _lock:
        others = kept_nodes(paths)
        port = _free_port({node.port for node in others})
        node = KeptNode(address, key, port, devices, distance.round_trip_s, distance.rate, time.time())
        write_nodes(paths, (*others, node))
    return node


def renew_node(paths: Paths, address: str) -> KeptNode:
    """Asks one that was added again what it has and how far it is; its devices keep their names. Raises:
    UsageError, when it was never added; LoadError, OSError."""
    known = next((node for node in kept_nodes(paths) if node.address == address), None)
    if known is None:
        raise UsageError.of("node_unknown", address=address)
    devices = ask_node(address, known.key)
    distance = measure_distance(address, known.key)
    with _lock:
        fresh = replace(known, devices=devices, round_trip_s=distance.round_trip_s, rate=distance.rate)
        kept = kept_nodes(paths)
        write_nodes(paths, tuple(fresh if node.address == address else node for node in kept))
    return fresh


def remove_node(paths: Paths, address: str) -> None:
    """Raises: UsageError, when it was never added; OSError."""
    with _lock:
        kept = kept_nodes(paths)
        left = tuple(node for node in kept if node.address != address)
        if len(left) == len(kept):
            raise UsageError.of("node_unknown", address=address)
        write_nodes(paths, left)


def write_nodes(paths: Paths, nodes: tuple[KeptNode, ...]) -> None:
    """In place of those that are kept. Raises: OSError."""
    paths.config.mkdir(parents=True, exist_ok=True)
    lines = b"".join(_CODEC.encode(node) + b"\n" for node in nodes)
    replace_file(paths.config / "nodes.jsonl", lines, private=True)


def _free_port(taken: set[int]) -> int:
    """Raises: OSError, where all are taken."""
    for port in range(_FIRST_PORT, _LAST_PORT + 1):
        if port in taken:
            continue
        with contextlib.suppress(OSError), contextlib.closing(socket.socket()) as tried:
            tried.bind(("127.0.0.1", port))
            return port
    raise OSError("no port on loopback is free")


class Doors:
    """Of all nodes, as long as this process lives. Thread-safe."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._doors: dict[tuple[str, str, int], Door] = {}
        self.taken: tuple[str, ...] = ()  # at the last look: nodes whose ports another program has
        self._lock = threading.Lock()

    def gpus(self) -> tuple[GpuInfo, ...]:
        """The devices of all nodes; those that do not answer have nothing free. Waits for them a moment."""
        nodes = kept_nodes(self._paths)
        there: dict[str, bool] = {}
        taken: list[str] = []
        threads = [
            threading.Thread(target=self._look, args=(node, there, taken), name="node", daemon=True)
            for node in nodes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.taken = tuple(taken)
        return tuple(gpu for node in nodes for gpu in node.gpus(there.get(node.address, False)))

    def close(self) -> None:
        with self._lock:
            for door in self._doors.values():
                door.close()
            self._doors.clear()

    def _look(self, node: KeptNode, there: dict[str, bool], taken: list[str]) -> None:
        try:
            door = self._open(node)
        except OSError as error:
            taken.append(node.address)
            log.warning("the node %s is left out: %s", node.address, error)
            return
        try:
            if not door.in_use:
                ask_node(node.address, node.key, _PATIENCE_S)
            there[node.address] = True
        except DesksideError as error:
            log.warning("the node %s is left out: %s", node.address, error)

    def _open(self, node: KeptNode) -> Door:
        """Raises: OSError."""
        with self._lock:
            key = node.address, node.key, node.port
            if key not in self._doors:
                self._doors[key] = Door(*key)
            return self._doors[key]


@contextlib.contextmanager
def opened_nodes(paths: Paths, report: HardwareReport) -> Iterator[HardwareReport]:
    """The machine with those nodes that answer, for a measurement beside the engine. Raises: LoadError,
    when the engine of this user has their doors open: it may begin to compute there at any time."""
    doors = Doors(paths)
    try:
        gpus = doors.gpus()
        if doors.taken:
            raise LoadError.of("node_busy", address=doors.taken[0])
        yield replace(report, gpus=(*report.gpus, *gpus))
    finally:
        doors.close()
