"""What every command is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.cancellation import CancelToken
from engine.cli.output import Output
from engine.download.library import Library
from engine.paths import Paths
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    paths: Paths
    settings: Settings
    worker_command: Sequence[str]  # starts this program again, for workers
    output: Output
    token: CancelToken  # cancelled by Ctrl+C

    def library(self) -> Library:
        return Library(self.paths.models, self.paths.state)
