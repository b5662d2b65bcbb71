"""The face of the runtime: commands that never wait, answered by events.

`load` is answered by RuntimeStateChanged (starting, loading, ready), LoadProgressed ...,
ModelLoaded and JobFinished; or by JobFailed or JobCancelled after the state has gone to
stopped or crashed. Every later change of state carries the id of that load job too.

`generate` is answered by PromptProgressed ..., TokenDelta ..., GenerationFinished and
JobFinished (JobCancelled when it was cancelled), or by JobFailed. Asked for while a model
loads, it waits for the model.

`embed` is answered by Embedded and JobFinished, or by JobFailed or JobCancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine import events
from engine.catalog.model import InstalledModel
from engine.events import Emit, JobId
from engine.messages import sentence
from engine.runtime import protocol
from engine.runtime.probe import list_devices
from engine.runtime.supervisor import Supervisor
from engine.runtime.values import (
    EmbeddingRequest,
    GenerationRequest,
    LoadRequest,
    ModelFacts,
    RuntimeState,
)
from engine.runtime.wire import encode

__all__ = ["RuntimeClient", "list_devices"]


class RuntimeClient:
    """One model at a time, in a worker of its own. Thread-safe."""

    def __init__(self, command: Sequence[str], emit: Emit, log_path: Path) -> None:
        """`command` starts the program; ` _worker FD` makes it a worker. `log_path` takes what
        native code prints. `emit` is called from the runtime's own thread and must not wait for it."""
        self._supervisor = Supervisor(command, emit, log_path)
        self._emit = emit
        self._closed = False

    @property
    def state(self) -> RuntimeState:
        return self._supervisor.state

    @property
    def pid(self) -> int | None:
        """Of the worker, while there is one."""
        return self._supervisor.pid

    @property
    def facts(self) -> ModelFacts | None:
        """Of the model, once it is loaded and as long as it is."""
        return self._supervisor.facts

    def load(self, job: JobId, request: LoadRequest, model: InstalledModel) -> None:
        """Replaces the model in use; its answers are cancelled. Raises: WireError, for a request
        whose fields are not of their declared types."""
        encode(protocol.Load(job, request))
        if self._open(job):
            self._supervisor.post(partial(self._supervisor.load, job, request, model))

    def generate(self, job: JobId, request: GenerationRequest) -> None:
        """Raises: WireError, for a request whose fields are not of their declared types."""
        encode(protocol.Generate(job, request))
        if self._open(job):
            self._supervisor.post(partial(self._supervisor.generate, job, request))

    def embed(self, job: JobId, request: EmbeddingRequest) -> None:
        """Of a model that was loaded for it. Raises: WireError, for a request whose fields are not of
        their declared types."""
        encode(protocol.Embed(job, request))
        if self._open(job):
            self._supervisor.post(partial(self._supervisor.embed, job, request))

    def forget(self, conversation: str) -> None:
        """Deletes what the worker keeps of that conversation, in memory and on disk. Not answered.
        Without a worker, state_files.forget does the same for the disk."""
        encode(protocol.Forget(conversation))
        self._supervisor.post(partial(self._supervisor.tell, protocol.Forget(conversation)))

    def limit_parking(self, budget_bytes: int) -> None:
        """A new disk budget of the state files; what is above it is deleted. Not answered."""
        self._supervisor.post(partial(self._supervisor.tell, protocol.LimitParking(budget_bytes)))

    def cancel(self, job: JobId) -> None:
        """Of a load or an answer. A worker that does not react within seconds is ended, and so
        is everything else it was doing. Jobs that are over are left alone."""
        self._supervisor.post(partial(self._supervisor.cancel, job))

    def unload(self, job: JobId) -> None:
        """RuntimeStateChanged(STOPPED), JobFinished. Running answers are cancelled. A worker that keeps
        conversations on disk has two seconds to write them, here and whenever it ends on purpose."""
        if self._open(job):
            self._supervisor.post(partial(self._supervisor.unload, job))

    def close(self, timeout_s: float = 3) -> None:
        """Ends the worker and the threads; whatever was running is cancelled. Waits at most
        `timeout_s` seconds. May be called again."""
        self._closed = True
        self._supervisor.post(self._supervisor.close)
        self._supervisor.join(timeout_s)

    def _open(self, job: JobId) -> bool:
        if self._closed:
            self._emit(events.JobFailed(job, sentence("runtime_closed")))
        return not self._closed
