"""Plans: what would run, in how much memory, how fast. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.catalog.model import ModelSpec, Quantization
from engine.figures import Origin, Range
from engine.messages import Sentence
from engine.planning.speed_inputs import Bottleneck, SpeedInputs


class Verdict(StrEnum):
    RUNS_WELL = "runs_well"
    SLOW = "slow"
    WILL_NOT_RUN = "will_not_run"


class Tier(StrEnum):
    """The three budgets people ask about, and what is below them."""

    STARTER = "starter"  # less than the CPU tier needs
    CPU = "cpu"  # 5,000 CNY
    ONE_GPU = "one_gpu"  # 20,000 CNY
    SEVERAL_GPUS = "several_gpus"  # 60,000 CNY


class KvType(StrEnum):
    F16 = "f16"
    Q8_0 = "q8_0"
    Q4_0 = "q4_0"


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Bytes by part on one device. Pages of the file that are mapped and belong elsewhere do not count."""

    device: str  # "RAM", or the GPU's name
    weights: int
    repack: int
    kv_cache: int
    compute: int
    output: int
    overhead: int
    layers: int = 0  # of the model's, on a GPU
    projector: int = 0  # what makes tokens of images, with its buffers

    @property
    def total(self) -> int:
        parts = self.weights + self.repack + self.kv_cache + self.compute + self.output + self.overhead
        return parts + self.projector


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes by part and, apart from that, by device."""

    weights: int
    repack: int  # CPU copy in another layout
    kv_cache: int  # for one sequence
    compute: int
    output: int
    overhead: int  # runtime, driver, Python: beside what llama.cpp asks for
    reserved: int  # what llama.cpp asks for: all parts above but `overhead`
    resident: int  # expected to be really in memory at most, overhead included
    ram: int  # in system memory, overhead included; `vram` as well
    plain_ram: int  # the same without a copy of weights, which is made only where there is room
    vram: tuple[tuple[str, int], ...]  # (device name, bytes)
    streamed: int  # weights read from the SSD again and again because they do not fit
    origin: Origin
    devices: tuple[DeviceMemory, ...] = ()  # the parts by device, main memory first
    projector: int = 0  # what makes tokens of images, with its buffers


@dataclass(frozen=True, slots=True)
class DryRun:
    """What llama.cpp itself says that it would ask for, beside the weights. Bytes."""

    repack: int
    kv_cache: int  # of all sequences
    compute: int
    output: int
    # The same by device, main memory first, then the plan's devices in their order; () where they have
    # no names. `weights` and `overhead` are 0.
    devices: tuple[DeviceMemory, ...] = ()

    @property
    def total(self) -> int:
        return self.repack + self.kv_cache + self.compute + self.output


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    generation_tps: Range  # tokens per second
    prompt_tps: Range
    time_to_first_token_s: float  # for a prompt of 1,000 tokens
    load_s: float
    bottleneck: Bottleneck
    origin: Origin
    inputs: SpeedInputs | None = None  # what generation was computed from
    calibrated: bool = False  # this machine's own kernels were measured
    observed: int = 0  # measured runs on this machine that it learnt from


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How one quantisation of one model would be run on one machine."""

    model: ModelSpec
    quantization: Quantization
    context_length: int
    kv_type: KvType
    n_gpu_layers: int
    # layers on devices whose experts stay in main memory, as the engine numbers them
    experts_away: tuple[int, ...]
    threads: int
    repack: bool
    use_mmap: bool
    memory: MemoryEstimate
    speed: SpeedEstimate
    verdict: Verdict
    reasons: tuple[Sentence, ...]
    # (the engine's name of a device, layers on it as llama.cpp counts), in the order of the layers;
    # empty leaves the split to the engine
    devices: tuple[tuple[str, int], ...] = ()
    pipelined: bool = True  # several prompt steps may be under way at once
    experts_kept: int = 0  # layers whose experts are on devices
    remedy: Sentence | None = None  # what would make it run well, where it does not


class Purpose(StrEnum):
    """What a model is wanted for, in the words of the catalogue's `purposes`."""

    CHAT = "chat"
    CODE = "code"
    LONG = "long"  # long documents


class Wish(StrEnum):
    """What matters more."""

    QUALITY = "quality"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class Aim:
    purpose: Purpose = Purpose.CHAT
    wish: Wish = Wish.QUALITY


@dataclass(frozen=True, slots=True)
class GuideNote:
    """Where the popular guide to DeepSeek-R1-0528 would mislead somebody, and who says otherwise."""

    message: Sentence
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Ranked advice; the first plan is the one to take. Never empty of advice: see `remarks`."""

    tier: Tier
    plans: tuple[RunPlan, ...]
    flagship: RunPlan  # what DeepSeek-R1-0528 671B would do here, run or not
    remarks: tuple[Sentence, ...]
    aim: Aim = Aim()
    guide: tuple[GuideNote, ...] = ()
