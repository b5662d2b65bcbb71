"""Values as the engine would make them, for tests of the window."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.catalog.model import AttentionKind, InstalledModel, ModelShape, ModelSpec, Quantization
from engine.chat.conversation import ConversationSummary
from engine.download.values import DownloadPlan, DownloadProgress, RemoteFile, TransferState
from engine.figures import Origin, Range
from engine.hardware.report import (
    BandwidthMeasurement,
    CpuInfo,
    DiskInfo,
    GpuInfo,
    HardwareReport,
    MemoryInfo,
)
from engine.messages import Sentence
from engine.planning.plan import (
    Bottleneck,
    KvType,
    MemoryEstimate,
    Recommendation,
    RunPlan,
    SpeedEstimate,
    Tier,
    Verdict,
)
from engine.runtime.values import ModelFacts

GIB = 1024**3

STARTER = InstalledModel(
    "/models/SmolLM2-135M-Instruct.Q4_1.gguf",
    "SmolLM2-135M-Instruct",
    "Q4_1",
    98_000_000,
    "starter",
    "",
    "",
    True,
)
FETCHED = InstalledModel(
    "/models/DeepSeek-R1-0528-Qwen3-8B-Q4_K_M.gguf",
    "DeepSeek-R1-0528-Qwen3-8B",
    "Q4_K_M",
    5_027_784_192,
    "hub",
    "unsloth/DeepSeek-R1-0528-Qwen3-8B-GGUF",
    "ab" * 32,
    True,
)

CPU = CpuInfo(
    "AMD Ryzen 9 7950X 16-Core Processor", "x86_64", 16, 32, 16, 32.0, ("avx2", "avx512f"), 64 * 1024**2
)
MEMORY = MemoryInfo(64 * GIB, 55 * GIB, None, 0, False, BandwidthMeasurement(61.3e9, 8, False))
GPU = GpuInfo(
    "NVIDIA GeForce RTX 3060",
    "NVIDIA",
    "0000:01:00.0",
    12 * GIB,
    11 * GIB,
    0,
    "550.54",
    360e9,
    False,
    Sentence("unexpected", {"detail": "the driver is too old", "log": "/tmp/log"}),
    ("nvml",),
)
DISK = DiskInfo(
    "/home/me",
    "/home",
    "/dev/nvme0n1p3",
    "ext4",
    931 * GIB,
    412 * GIB,
    BandwidthMeasurement(3.4e9, 1, False),
    None,
)


def report() -> HardwareReport:
    return HardwareReport(
        datetime(2025, 7, 1, 12, 0, tzinfo=UTC), "Linux 6.1", CPU, MEMORY, (GPU,), (DISK,), False, ()
    )


def facts(model: InstalledModel = STARTER) -> ModelFacts:
    return ModelFacts(model.name, "llama", 8192, 8192, 98_000_000, 0.8, 4711, "CPU (zen4)", True)


def plan(
    title: str = "DeepSeek-R1-0528-Qwen3-8B",
    quantization: str = "Q4_K_M",
    size: int = 5_027_784_192,
    verdict: Verdict = Verdict.RUNS_WELL,
    tps: tuple[float, float, float] = (8.1, 9.0, 10.2),
) -> RunPlan:
    shape = ModelShape("qwen3", 36, 4096, 151_936, 32, 8, 128, 128, 131_072, AttentionKind.FULL)
    repository = f"unsloth/{title}-GGUF"
    spec = ModelSpec(
        title.lower(),
        title,
        "qwen3",
        "MIT",
        "2025-05-29",
        f"deepseek-ai/{title}",
        shape,
        (),
        True,
        ("chat",),
        70.0,
    )
    quant = Quantization(quantization, size, True, 4.9, repository)
    memory = MemoryEstimate(
        size,
        size // 3,
        2_415_919_104,
        310_000_000,
        600_000,
        200_000_000,
        size + 3 * GIB,
        size + GIB,
        size + 3 * GIB,
        size + 3 * GIB - size // 3,
        (),
        0,
        Origin.PLANNED,
    )
    speed = SpeedEstimate(Range(*tps), Range(60, 80, 100), 12.5, 4.0, Bottleneck.RAM, Origin.ESTIMATED)
    reasons = (Sentence("disk_full", {"path": "/data"}),) if verdict is Verdict.SLOW else ()
    return RunPlan(spec, quant, 16_384, KvType.F16, 0, (), 16, True, True, memory, speed, verdict, reasons)


def recommendation() -> Recommendation:
    return Recommendation(
        Tier.CPU,
        (
            plan(),
            plan("Qwen3-30B-A3B", "Q4_K_M", 18_556_686_912, Verdict.RUNS_WELL, (14.0, 17.0, 21.0)),
            plan("DeepSeek-R1-Distill-Qwen-32B", "Q4_K_M", 19_851_336_256, Verdict.SLOW, (1.9, 2.3, 2.8)),
        ),
        plan("DeepSeek-R1-0528 671B", "UD-IQ1_S", 180_000_000_000, Verdict.WILL_NOT_RUN, (0.1, 0.2, 0.3)),
        (),
    )


def download_plan(of: RunPlan) -> DownloadPlan:
    file = RemoteFile("model-Q4_K_M.gguf", of.quantization.size_bytes, "cd" * 32)
    return DownloadPlan(
        "https://huggingface.co",
        of.quantization.repository,
        "f" * 40,
        of.quantization.name,
        (file,),
        "/data/models",
    )


def progress(of: RunPlan, share: float, state: TransferState = TransferState.FETCHING) -> DownloadProgress:
    total = of.quantization.size_bytes
    done = round(total * share)
    return DownloadProgress(state, done, total, 24_500_000.0, (total - done) / 24.5e6, "model-Q4_K_M.gguf")


def conversations() -> tuple[ConversationSummary, ...]:
    return (
        ConversationSummary(1, "Softmax, step by step", 1_751_000_000.0),
        ConversationSummary(2, "解释一下注意力机制", 1_750_990_000.0),
        ConversationSummary(3, "Parse an SSE stream", 1_750_980_000.0),
    )
