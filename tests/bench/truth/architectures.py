"""Memory by formula against llama.cpp's dry run, over invented models of most architectures that it knows.

The models are small (20 to 200 MB in name) and no data is written. What is compared is as in formula.py;
small models are the harder ones, since buffers are a large part of them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.catalog.gguf_header import MetadataValue
from engine.errors import LoadError, WorkerError
from engine.hardware.check import quick_report
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_on, spec_of_file
from engine.planning.plan import KvType
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest
from tests.bench.engine.report import Row
from tests.service.runtime_bench import COMMAND

_ROOT = Path(__file__).parents[3]
_CONTEXTS, _QUICK_CONTEXTS = (2048, 8192, 65_536), (8192,)
_PARTS = ("repack", "kv_cache", "compute", "output")
_PLENTY = 1 << 46  # bytes; what would not fit here is planned all the same
_LAYERS = 8
_EVERY_FOURTH = tuple(number % 4 == 3 for number in range(_LAYERS))

Facts = Mapping[str, MetadataValue]
_DENSE: Facts = {
    "block_count": _LAYERS,
    "context_length": 131_072,
    "embedding_length": 512,
    "feed_forward_length": 1536,
    "attention.head_count": 8,
    "attention.head_count_kv": 2,
    "attention.key_length": 64,
    "attention.value_length": 64,
    "attention.layer_norm_rms_epsilon": 1e-5,
    "attention.layer_norm_epsilon": 1e-5,
    "rope.dimension_count": 64,
    "rope.freq_base": 10_000.0,
}
_EXPERTS: Facts = {"expert_count": 16, "expert_used_count": 4, "expert_feed_forward_length": 256}
_SHARED: Facts = {"expert_shared_count": 1, "expert_shared_feed_forward_length": 256}
_LEADING: Facts = {"leading_dense_block_count": 1}
_WINDOW: Facts = {"attention.sliding_window": 512}
_ALL_HEADS: Facts = {"attention.head_count_kv": 8}
_SCALED: Facts = {
    "logit_scale": 0.1,
    "residual_scale": 1.0,
    "embedding_scale": 1.0,
    "attention.scale": 1.0,
}
_LATENT: Facts = {
    "attention.head_count_kv": 1,
    "attention.key_length": 320,
    "attention.value_length": 256,
    "attention.key_length_mla": 128,
    "attention.value_length_mla": 64,
    "attention.kv_lora_rank": 256,
    "attention.q_lora_rank": 192,
    "expert_weights_scale": 1.0,
    "expert_weights_norm": True,
    "expert_gating_func": 2,
}
_MAMBA2: Facts = {
    "ssm.conv_kernel": 4,
    "ssm.inner_size": 1024,
    "ssm.state_size": 128,
    "ssm.time_step_rank": 16,
    "ssm.group_count": 1,
}
_MAMBA: Facts = {
    "ssm.conv_kernel": 4,
    "ssm.inner_size": 1024,
    "ssm.state_size": 16,
    "ssm.time_step_rank": 32,
}
_DELTA: Facts = {
    **_MAMBA2,
    "ssm.state_size": 64,
    "ssm.group_count": 8,
    "full_attention_interval": 4,
    "expert_shared_feed_forward_length": 256,
}
_ATTENDS: Facts = {"attention.head_count_kv": tuple(2 if flag else 0 for flag in _EVERY_FOURTH)}
_NO_HEADS: Facts = {"attention.head_count": 0, "attention.head_count_kv": 0}
_RWKV7: Facts = {
    "wkv.head_size": 64,
    "attention.decay_lora_rank": 64,
    "attention.iclr_lora_rank": 64,
    "attention.value_residual_mix_lora_rank": 32,
    "attention.gate_lora_rank": 128,
}


@dataclass(frozen=True, slots=True)
class Invented:
    facts: Facts = field(default_factory=lambda: _DENSE)
    optional: tuple[str, ...] = ()
    architecture: str = ""  # the name, where it is another


def _of(*facts: Facts, optional: tuple[str, ...] = (), architecture: str = "") -> Invented:
    return Invented(
        {key: value for part in (_DENSE, *facts) for key, value in part.items()}, optional, architecture
    )


def _in_each(*names: str, only: tuple[bool, ...] = (True,) * _LAYERS) -> tuple[str, ...]:
    return tuple(f"blk.{number}.{name}" for number, flag in enumerate(only) if flag for name in names)


_RECURRENT = tuple(not flag for flag in _EVERY_FOURTH)
_PLAIN = (
    "llama qwen qwen2 qwen3 phi2 starcoder2 starcoder stablelm gpt2 mpt bloom falcon refact baichuan "
    "internlm2 gemma olmo command-r exaone exaone4 chatglm glm4 minicpm nemotron smollm3 arcee "
    "ernie4_5 hunyuan-dense seed_oss mistral3 orion xverse codeshell plamo jais openelm deci bitnet "
    "maincoder pangu-embedded jais2"
)
ARCHITECTURES: Mapping[str, Invented] = {
    **{name: _of() for name in _PLAIN.split()},
    "gptneox": _of({"use_parallel_residual": True}),
    "granite": _of(_SCALED),
    "phi3": _of(_WINDOW, optional=_in_each("attn_qkv.weight")),
    **{name: _of(_WINDOW) for name in ("gemma2", "gemma3", "plamo3", "olmo2")},
    "cohere2": _of(_WINDOW, _SCALED),
    **{name: _of(_EXPERTS) for name in ("qwen3moe", "phimoe", "arctic")},
    "olmoe": _of(_EXPERTS, _ALL_HEADS),
    "gpt-oss": _of(_EXPERTS, _WINDOW),
    "qwen2moe": _of(_EXPERTS, _SHARED),
    "llama4": _of(_EXPERTS, _SHARED, {"interleave_moe_layer_step": 1}),
    "hunyuan-moe": _of(_EXPERTS, _SHARED),
    "ernie4_5-moe": _of(_EXPERTS, _SHARED, _LEADING, {"interleave_moe_layer_step": 1}),
    **{name: _of(_EXPERTS, _SHARED, _LEADING) for name in ("deepseek", "bailingmoe", "glm4moe")},
    "granitemoe": _of(_EXPERTS, _SHARED, _SCALED, optional=_in_each("ffn_gate_exps.weight")),
    "dbrx": _of(_EXPERTS, {"attention.clamp_kqv": 8.0}),
    "afmoe": _of(_EXPERTS, _SHARED, _LEADING, _WINDOW),
    "exaone-moe": _of(_EXPERTS, _SHARED, _LEADING, _WINDOW, {"expert_gating_func": 2}),
    "deepseek2": _of(_EXPERTS, _SHARED, _LEADING, _LATENT),
    "falcon-h1": _of(_MAMBA2, optional=_in_each("ssm_conv1d.bias", "ssm_norm.weight")),
    "granitehybrid": _of(_MAMBA2, _ATTENDS, optional=_in_each("ssm_conv1d.bias", only=_RECURRENT)),
    "granitehybrid with experts": _of(
        _MAMBA2,
        _ATTENDS,
        _EXPERTS,
        _SHARED,
        optional=_in_each("ffn_gate_exps.weight") + _in_each("ssm_conv1d.bias", only=_RECURRENT),
        architecture="granitehybrid",
    ),
    "nemotron_h": _of(
        _MAMBA2,
        {
            "attention.head_count_kv": (0, 0, 2, 0, 0, 0, 2, 0),
            "feed_forward_length": (0, 1536, 0, 1536, 0, 1536, 0, 1536),
        },
        optional=("blk.0.ssm_conv1d.bias", "blk.4.ssm_conv1d.bias"),
    ),
    "jamba": _of(_MAMBA, _ATTENDS, {"expert_count": 8, "expert_used_count": 2}),
    "lfm2": _of(_ATTENDS, {"shortconv.l_cache": 3}),
    "lfm2moe": _of(
        _ATTENDS, _EXPERTS, {"shortconv.l_cache": 3, "leading_dense_block_count": 2, "expert_gating_func": 2}
    ),
    **{
        name: _of(
            _EXPERTS if name != "qwen35" else {},
            _DELTA,
            {} if name == "qwen3next" else {"rope.dimension_sections": (11, 11, 10, 0)},
            optional=_in_each("attn_qkv.weight", "attn_gate.weight", only=_RECURRENT),
        )
        for name in ("qwen3next", "qwen35", "qwen35moe")
    },
    "mamba": _of(_MAMBA, _NO_HEADS),
    "mamba2": _of(_MAMBA2, _NO_HEADS),
    "rwkv7": _of(_RWKV7, _NO_HEADS),
    "arwkv7": _of(_RWKV7, {"token_shift_count": 1}),
}


def measure(quick: bool) -> list[Row]:
    """`quick`: one context."""
    machine = replace(machine_of(quick_report([Path.home()])), ram_budget=_PLENTY, gpus=())
    found: dict[str, list[float]] = {}
    aborted = 0
    with tempfile.TemporaryDirectory(prefix="deskside-truth.") as folder:
        for name in ARCHITECTURES:
            seen = list(errors_of(name, Path(folder) / "model.gguf", machine, quick))
            errors = [error for error in seen if error is not None]
            aborted += len(seen) - len(errors)
            found[name] = errors
            worst = max(errors, key=abs, default=float("nan"))
            print(f"  {name:<26} worst {worst:+5.1f} % of {len(errors)}", flush=True)
    everything = sorted((abs(error), name) for name, errors in found.items() for error in errors)
    note = f"{len(everything)} dry runs of {len(found)} architectures, {aborted} more aborted by llama.cpp"
    middle, (worst, which) = everything[len(everything) // 2][0], everything[-1]
    return [
        Row("architectures", "reserved, median", middle, 3, at_least=False, unit="%", note=note),
        Row("architectures", "reserved, worst", worst, 8, at_least=False, unit="%", note=which),
    ]


def errors_of(name: str, path: Path, machine: Machine, quick: bool) -> Iterator[float | None]:
    """Percent of what is reserved; None where llama.cpp aborts, which it does with some inventions.
    Raises: subprocess.CalledProcessError, where it cannot be invented."""
    words = (sys.executable, "-m", "tests.bench.truth.inventing", name, str(path))
    subprocess.run(words, check=True, capture_output=True, cwd=_ROOT)
    header = read_file_header(path)
    weights = weights_of(header)
    spec, quantization = spec_of_file(shape_of(header), name, header.file_size, weights)
    for context in _QUICK_CONTEXTS if quick else _CONTEXTS:
        for kind in KvType:
            said = plan_on(machine, spec, quantization, context, kind).memory
            try:
                dry = dry_run(COMMAND, LoadRequest(str(path), context, threads=1, kv_type=kind.value))
            except LoadError:
                continue  # of a kind that llama.cpp refuses with that cache
            except WorkerError:
                yield None
                continue
            taken = said.weights + sum(dry.of(part) for part in _PARTS)
            yield 100 * (said.reserved / taken - 1)
