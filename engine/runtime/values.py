"""What is said between the program and a worker. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RuntimeState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    GENERATING = "generating"
    CRASHED = "crashed"


class StopReason(StrEnum):
    END = "end"  # the model ended its answer
    STOP_STRING = "stop_string"
    LENGTH = "length"  # max_tokens reached
    CONTEXT_FULL = "context_full"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """How to load a model; the planner's choice made explicit."""

    path: str
    context_length: int  # tokens, per sequence
    threads: int
    n_gpu_layers: int = 0
    kv_type: str = "f16"  # "f16", "q8_0", "q4_0"
    experts_on_cpu: bool = False
    n_batch: int = 512
    n_sequences: int = 1
    use_mmap: bool = True
    repack: bool = True
    check_tensors: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as the chat template sees it."""

    role: str  # "system", "user", "assistant"
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One answer. `answer_so_far` is written after the rendered prompt to carry an answer on."""

    turns: tuple[Turn, ...]
    sampling: Sampling
    max_tokens: int  # 0: until the model ends or the context is full
    answer_so_far: str = ""
    reasoning_so_far: str = ""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the worker knows once a model is loaded. Bytes as llama.cpp reports them."""

    name: str
    architecture: str
    context_length: int
    trained_context: int
    weights_bytes: int
    kv_cache_bytes: int
    compute_bytes: int
    repack_bytes: int
    load_s: float
    pid: int
    device: str  # e.g. "CPU (zen4)", "CUDA0"
    has_template: bool
