"""The face of whatever answers: the engine on this machine, or a remote endpoint.

Commands never wait. Each is answered by events of its job, and the last one is JobFinished,
JobCancelled or JobFailed.
"""

from __future__ import annotations

from typing import Protocol

from engine.events import JobId
from engine.runtime.values import EmbeddingRequest, GenerationRequest, LoadWish


class Backend(Protocol):
    """Thread-safe."""

    def load(self, job: JobId, wish: LoadWish) -> None:
        """RuntimeStateChanged ..., LoadProgressed ..., Noticed (a step down, say), ModelLoaded.

        At once JobFinished when that model is loaded already with what was wished.
        """

    def generate(self, job: JobId, request: GenerationRequest, wish: LoadWish) -> None:
        """The events of `load` if the model has to be loaded first; then PromptProgressed ...,
        TokenDelta ..., ToolCalled ..., GenerationFinished."""

    def embed(self, job: JobId, request: EmbeddingRequest, wish: LoadWish) -> None:
        """The events of `load` if needed; then Embedded."""

    def unload(self, job: JobId, path: str = "") -> None:
        """Of one model, or of all. Running answers of it are cancelled."""

    def forget(self, job: JobId, conversation: str) -> None:
        """Deletes what is kept on disk of that conversation's state."""

    def look(self, job: JobId) -> None:
        """EngineSeen."""

    def cancel(self, job: JobId) -> None:
        """Of a load or an answer. Jobs that are over are left alone."""

    def close(self, timeout_s: float = 3) -> None:
        """Cancels what this client asked for; waits at most `timeout_s` seconds."""
