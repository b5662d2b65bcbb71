"""What was measured of a machine's own speed, and how it changes what is predicted for it. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KernelPoint:
    """One type of weights at one number of threads: bytes a second through the CPU's kernels, as
    they come from memory, for one token at a time; and tokens of a prompt, in operations a second."""

    type_name: str  # "Q4_K"
    threads: int
    bytes_per_second: float
    prompt_operations_per_second: float  # 2 a weight and token
    experts: bool = False  # of routed experts, whose kernels are others


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """What does not depend on the size of matrices, at one number of threads."""

    threads: int
    layer_s: float  # of a dense layer, for one token
    expert_layer_s: float  # of a layer with experts
    cache_elements_per_second: float  # of K and V, counted once for every query head
    expert_matrix_s: float = 0.0  # of each matrix of an expert: it begins cold, somewhere else in memory
    prompt_cache_elements_per_second: float = 0.0  # as above, for prompts; 0: not measured
    small_gain: float = 1.0  # of kernels' rates, for models of SMALL_BYTES: part of them stays in caches
    # For a token, of an element of K and V and query head (attention.py): computing, and fetching it from
    # memory. 0: not measured.
    look_compute_s: float = 0.0
    look_first_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of the CPU side of one machine, with the engine that comes with this program."""

    kernels: tuple[KernelPoint, ...]
    fixed: tuple[FixedPoint, ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Factors on time, learnt from measured runs: measured over predicted, by what the time was
    spent on. `observed` counts the runs; 0 leaves everything as it is."""

    vram: float = 1.0
    ram: float = 1.0
    fixed: float = 1.0
    cache: float = 1.0  # attention, on the CPU
    prompt: float = 1.0
    observed: int = 0
    prompts_observed: int = 0


UNCORRECTED = Corrections()
