"""Where the popular guide to DeepSeek-R1-0528 misleads the owner of a machine, with who says otherwise."""

from __future__ import annotations

from engine.catalog.model import ModelSpec
from engine.messages import sentence
from engine.planning.machine import Machine
from engine.planning.plan import GuideNote, Tier
from engine.planning.tiers import tier_of
from engine.planning.wording import size_text

_UNSLOTH = "https://unsloth.ai/docs/models/tutorials/deepseek-r1-0528-how-to-run-locally"
_IK_477 = "github:ikawrakow/ik_llama.cpp discussions/477"
_SIZES = ("github:deepseek-ai/DeepSeek-V3 README_WEIGHTS.md", _UNSLOTH)
_CPU = (_UNSLOTH, "github:ikawrakow/ik_llama.cpp discussions/258")
_ONE_GPU = (_UNSLOTH, _IK_477, "github:geerlingguy/ai-benchmarks")
_SEVERAL = (_IK_477, "github:stas00/ml-engineering compute/accelerator (no FP8 on A100)")
_SPEED = ("https://github.com/ggml-org/llama.cpp/issues/11474",)
_BITS = ("github:ggml-org/llama.cpp tools/quantize/README.md and quantize.cpp", _IK_477)


def notes_for(machine: Machine, flagship: ModelSpec) -> tuple[GuideNote, ...]:
    """What concerns a machine of this tier first."""
    tier = tier_of(machine)
    smallest = size_text(min(each.size_bytes for each in flagship.quantizations))
    notes = [GuideNote(sentence("guide_size"), _SIZES)]
    if tier in (Tier.STARTER, Tier.CPU):
        notes.insert(0, GuideNote(sentence("guide_64_gb", smallest=smallest), _CPU))
    if tier is Tier.ONE_GPU:
        notes.insert(0, GuideNote(sentence("guide_one_gpu", smallest=smallest), _ONE_GPU))
    if tier is Tier.SEVERAL_GPUS:
        notes.insert(0, GuideNote(sentence("guide_eight_a100"), _SEVERAL))
        notes.insert(1, GuideNote(sentence("guide_a100_speed"), _SPEED))
    return (
        *notes,
        GuideNote(sentence("guide_memory"), (_IK_477,)),
        GuideNote(sentence("guide_eight_bits"), _BITS),
        GuideNote(sentence("guide_disk"), ("377 GiB / 5 GB/s = 81 s",)),
    )
