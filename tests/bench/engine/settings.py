"""What both sides are told, so that only the way differs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.model import InstalledModel
from engine.runtime.values import LoadRequest, LoadWish
from tests.bench.engine.models import BenchModel


@dataclass(frozen=True, slots=True)
class Settings:
    """Flash attention is automatic on both sides, the KV cache f16, sampling greedy."""

    model: BenchModel
    threads: int = 1
    streams: int = 1
    context_length: int = 2048  # tokens, of each stream
    batch: int = 512

    def load_request(self, park_folder: str = "") -> LoadRequest:
        return LoadRequest(
            str(self.model.path),
            self.context_length,
            self.threads,
            n_batch=self.batch,
            n_sequences=self.streams,
            park_folder=park_folder,
            park_budget_bytes=2**32 if park_folder else 0,
        )

    def wish(self) -> LoadWish:
        """For the host, which plans the rest."""
        return LoadWish(self.installed(), self.context_length, "f16", self.streams)

    def installed(self) -> InstalledModel:
        path = self.model.path
        return InstalledModel(str(path), path.stem, "", path.stat().st_size, "bench")

    def llama_cpp(self) -> list[str]:
        """As arguments that all three tools know."""
        return [
            *("-m", str(self.model.path), "-t", str(self.threads)),
            *("-b", str(self.batch), "-ub", str(self.batch)),
            *("-fa", "auto", "-ctk", "f16", "-ctv", "f16", "-ngl", "0"),
        ]

    def context(self) -> list[str]:
        """For the two tools that take threads for prompts and a context."""
        return ["-tb", str(self.threads), "-c", str(self.context_length * self.streams)]
