"""The three models that are measured: SmolLM2, a generated 1B, a generated model of experts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.engine.build import cache_folder
from tests.modelfile import Q4_0, Recipe, write_model
from tests.models import llama, qwen3moe
from tests.unit.catalog_files import starter_path


@dataclass(frozen=True, slots=True)
class BenchModel:
    name: str  # "smollm2", "1b", "experts"
    path: Path
    generated_tokens: int  # of one answer in one round, to take about 3 s on one core
    bench_floor: float  # our share of llama-bench's generation that is asked for


def llama_1b() -> Recipe:
    """The shape of Llama 3.2 1B with SmolLM2's vocabulary and an output matrix of its own: 1.17 B."""
    return llama(layers=16, width=2048, heads=32, kv_heads=8, feed_forward=8192)


def experts() -> Recipe:
    """8 of 64 experts in each of 16 layers: 1.35 B, of which 0.25 B work on a token."""
    return qwen3moe(
        layers=16, width=1024, heads=16, kv_heads=4, head_width=64, experts=64, used=8, expert_width=384
    )


def bench_model(name: str) -> BenchModel:
    if name == "smollm2":
        return BenchModel(name, starter_path(), 256, 0.93)
    if name == "1b":
        return BenchModel(name, _generated("llama-1b-q4_0", llama_1b), 96, 0.98)
    return BenchModel(name, _generated("experts-1b-q4_0", experts), 256, 0.98)


NAMES = ("smollm2", "1b", "experts")


def _generated(name: str, recipe: Callable[[], Recipe]) -> Path:
    folder = cache_folder() / "models"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.gguf"
    if not path.exists():
        part = path.with_suffix(".part")
        write_model(part, recipe(), quantised=Q4_0)
        part.rename(path)
    return path
