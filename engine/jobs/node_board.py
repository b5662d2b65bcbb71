"""Other machines whose devices were added, as they are shown: what each is, and whether it is there now."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from engine.errors import DesksideError
from engine.events import Emit, JobId, NodesListed
from engine.host.nodes import KeptNode, add_node, kept_nodes, remove_node, renew_node
from engine.jobs.threads import sentence_for
from engine.messages import Sentence
from engine.paths import Paths
from engine.runtime.node_calls import ask_node
from engine.runtime.node_words import NodeDevice

_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A machine that was added. `there` None: it is being asked."""

    address: str
    devices: tuple[NodeDevice, ...]
    round_trip_s: float
    rate: float  # bytes per second
    there: bool | None = None
    reason: Sentence | None = None  # why it is not


class NodeBoard:
    """All methods block: run them on a job's thread."""

    def __init__(self, paths: Paths, emit: Emit) -> None:
        self._paths = paths
        self._emit = emit

    def list(self, job: JobId) -> None:
        """NodesListed at once, and again as each of them answers or does not."""
        kept = kept_nodes(self._paths)
        seen = {node.address: _seen(node) for node in kept}
        lock = threading.Lock()

        def tell() -> None:
            self._emit(NodesListed(job, tuple(seen.values())))

        def look(node: KeptNode) -> None:
            found = _looked(node, str(self._paths.log))
            with lock:
                seen[node.address] = found
                tell()

        with lock:
            tell()
        threads = [threading.Thread(target=look, args=(node,), name="node", daemon=True) for node in kept]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def add(self, job: JobId, address: str, key: str) -> None:
        """The events of `list`. Raises: UsageError, LoadError, OSError."""
        add_node(self._paths, address.strip(), key)
        self.list(job)

    def renew(self, job: JobId, address: str) -> None:
        """Asks again what it has and how far it is; as `list`. Raises: UsageError, LoadError, OSError."""
        renew_node(self._paths, address)
        self.list(job)

    def remove(self, job: JobId, address: str) -> None:
        """The events of `list`. Raises: UsageError, OSError."""
        remove_node(self._paths, address)
        self.list(job)


def _seen(node: KeptNode, there: bool | None = None, reason: Sentence | None = None) -> NodeSeen:
    return NodeSeen(node.address, node.devices, node.round_trip_s, node.rate, there, reason)


def _looked(node: KeptNode, log: str) -> NodeSeen:
    try:
        ask_node(node.address, node.key, _PATIENCE_S)
    except (DesksideError, OSError) as error:
        return _seen(node, False, sentence_for(error, log))
    return _seen(node, True)
