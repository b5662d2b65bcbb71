"""GGUF models made on the spot: any architecture, random weights, SmolLM2's tokenizer and template.

    path = tiny(folder, "deepseek2")            # a few MB, in milliseconds
    path = write_model(path, llama(layers=16, width=2048, ...), quantised=Q4_0)

They load, chat and embed like real models of their kind; what they say is noise. The weights are
drawn in their quantised form, so that a model of a billion parameters takes seconds. No answer
ends by itself, because the output rows of the control tokens are zero: `max_tokens` alone decides.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.modelfile import CONTEXT, VOCABULARY, Fact, Recipe, write_model


def tiny(folder: Path, architecture: str = "llama", template: str | None = None) -> Path:
    """A model of that kind (a key of TINY), written once per folder. `template` replaces SmolLM2's
    chat template; "" leaves it out."""
    mark = "" if template is None else f"-{zlib.crc32(template.encode()):08x}"
    path = folder / f"tiny-{architecture}{mark}.gguf"
    return path if path.exists() else write_model(path, TINY[architecture](), template=template)


# architectures
def llama(
    *, layers: int = 2, width: int = 64, heads: int = 4, kv_heads: int = 2, feed_forward: int = 128
) -> Recipe:
    facts = _attention_facts(layers, width, heads, kv_heads, width // heads)
    tensors = _ends(width)
    for layer in _names(layers):
        tensors |= layer(_attention(width, heads, kv_heads, width // heads) | _dense(width, feed_forward))
    return Recipe("llama", facts | {"feed_forward_length": feed_forward}, tensors)


def qwen2(*, layers: int = 2, width: int = 64, heads: int = 4, kv_heads: int = 2) -> Recipe:
    """As Llama, with biases."""
    base = llama(layers=layers, width=width, heads=heads, kv_heads=kv_heads)
    kv_width = width // heads * kv_heads
    biases = {"attn_q.bias": (width,), "attn_k.bias": (kv_width,), "attn_v.bias": (kv_width,)}
    tensors = dict(base.tensors)
    for layer in _names(layers):
        tensors |= layer(biases)
    return Recipe("qwen2", base.facts, tensors)


def qwen2vl(*, layers: int = 2, width: int = 64, heads: int = 4, kv_heads: int = 2) -> Recipe:
    """As Qwen2, with positions in several dimensions (M-RoPE)."""
    base = qwen2(layers=layers, width=width, heads=heads, kv_heads=kv_heads)
    half = width // heads // 2
    sections = [half // 4, half // 4, half - 2 * (half // 4), 0]
    return Recipe("qwen2vl", {**base.facts, "rope.dimension_sections": sections}, base.tensors)


def qwen3moe(
    *,
    layers: int = 2,
    width: int = 64,
    heads: int = 4,
    kv_heads: int = 2,
    head_width: int = 32,
    experts: int = 8,
    used: int = 2,
    expert_width: int = 64,
) -> Recipe:
    """Every layer has experts, of which a router picks `used` for a token."""
    facts = _attention_facts(layers, width, heads, kv_heads, head_width) | {
        "feed_forward_length": expert_width * used,
        "expert_count": experts,
        "expert_used_count": used,
        "expert_feed_forward_length": expert_width,
    }
    norms = {"attn_q_norm.weight": (head_width,), "attn_k_norm.weight": (head_width,)}
    attention = _attention(width, heads, kv_heads, head_width) | norms
    tensors = _ends(width)
    for layer in _names(layers):
        tensors |= layer(attention | _experts(width, experts, expert_width))
    return Recipe("qwen3moe", facts, tensors)


def deepseek2(
    *, layers: int = 3, width: int = 64, heads: int = 4, experts: int = 8, expert_width: int = 64
) -> Recipe:
    """Latent attention (MLA), one dense layer, then routed and shared experts."""
    latent, rope, nope, value, query, expert = 32, 32, 32, 32, 32, expert_width
    facts = _attention_facts(layers, width, heads, 1, latent + rope) | {
        "attention.value_length": latent,
        "attention.q_lora_rank": query,
        "attention.kv_lora_rank": latent,
        "attention.key_length_mla": nope + rope,
        "attention.value_length_mla": value,
        "rope.dimension_count": rope,
        "feed_forward_length": 128,
        "leading_dense_block_count": 1,
        "expert_count": experts,
        "expert_used_count": 2,
        "expert_shared_count": 1,
        "expert_feed_forward_length": expert,
        "expert_weights_scale": 1.0,
        "expert_weights_norm": True,
        "expert_gating_func": 2,
    }
    attention = {
        "attn_norm.weight": (width,),
        "attn_q_a.weight": (query, width),
        "attn_q_a_norm.weight": (query,),
        "attn_q_b.weight": (heads * (nope + rope), query),
        "attn_kv_a_mqa.weight": (latent + rope, width),
        "attn_kv_a_norm.weight": (latent,),
        "attn_k_b.weight": (heads, latent, nope),
        "attn_v_b.weight": (heads, value, latent),
        "attn_output.weight": (width, heads * value),
        "ffn_norm.weight": (width,),
    }
    shared = {f"{part}_shexp.weight": shape for part, shape in _feed_forward(width, expert).items()}
    tensors = _ends(width)
    for number, layer in enumerate(_names(layers)):
        rest = _experts(width, experts, expert) | shared if number else _dense(width, 128)
        tensors |= layer(attention | rest)
    return Recipe("deepseek2", facts, tensors)


def gemma3(
    *, layers: int = 6, width: int = 64, heads: int = 4, kv_heads: int = 2, window: int = 64
) -> Recipe:
    """Five layers of six see only the last `window` tokens."""
    head_width = 32
    facts = _attention_facts(layers, width, heads, kv_heads, head_width) | {
        "feed_forward_length": 128,
        "attention.sliding_window": window,
        "rope.freq_base": 1_000_000.0,
    }
    norms = {
        "attn_q_norm.weight": (head_width,),
        "attn_k_norm.weight": (head_width,),
        "post_attention_norm.weight": (width,),
        "post_ffw_norm.weight": (width,),
    }
    tensors = _ends(width)
    for layer in _names(layers):
        tensors |= layer(_attention(width, heads, kv_heads, head_width) | norms | _dense(width, 128))
    return Recipe("gemma3", facts, tensors)


def mamba(*, layers: int = 2, width: int = 64) -> Recipe:
    """Recurrent: its state cannot be cut back to an earlier token."""
    inner, state, rank, kernel = 2 * width, 16, 4, 4
    facts: dict[str, Fact] = _general_facts(layers, width) | {
        "feed_forward_length": 0,
        "attention.head_count": 0,
        "ssm.conv_kernel": kernel,
        "ssm.inner_size": inner,
        "ssm.state_size": state,
        "ssm.time_step_rank": rank,
    }
    block = {
        "attn_norm.weight": (width,),
        "ssm_in.weight": (2 * inner, width),
        "ssm_conv1d.weight": (inner, kernel),
        "ssm_conv1d.bias": (inner,),
        "ssm_x.weight": (rank + 2 * state, inner),
        "ssm_dt.weight": (inner, rank),
        "ssm_dt.bias": (inner,),
        "ssm_a": (inner, state),
        "ssm_d": (inner,),
        "ssm_out.weight": (width, inner),
    }
    tensors = _ends(width)
    for layer in _names(layers):
        tensors |= layer(block)
    return Recipe("mamba", facts, tensors)


def lfm2(*, layers: int = 6, width: int = 64, heads: int = 4, kv_heads: int = 2) -> Recipe:
    """A hybrid: two layers of three are short convolutions with a state, the third attends."""
    kernel, head_width, forward = 3, width // heads, 3 * width
    attends = [number % 3 == 2 for number in range(layers)]
    facts = _attention_facts(layers, width, heads, kv_heads, head_width) | {
        "attention.head_count_kv": [kv_heads if flag else 0 for flag in attends],
        "feed_forward_length": forward,
        "shortconv.l_cache": kernel,
    }
    norms = {"attn_q_norm.weight": (head_width,), "attn_k_norm.weight": (head_width,)}
    convolution = {
        "attn_norm.weight": (width,),
        "ffn_norm.weight": (width,),
        "shortconv.conv.weight": (width, kernel),
        "shortconv.in_proj.weight": (3 * width, width),
        "shortconv.out_proj.weight": (width, width),
    }
    tensors = {name.replace("output_norm", "token_embd_norm"): at for name, at in _ends(width).items()}
    for flag, layer in zip(attends, _names(layers), strict=True):
        own = _attention(width, heads, kv_heads, head_width) | norms if flag else convolution
        tensors |= layer(own | _dense(width, forward))
    return Recipe("lfm2", facts, tensors)


def bert(*, layers: int = 2, width: int = 64, heads: int = 4) -> Recipe:
    """An embedding model: no answers, one vector a text (the mean over its tokens)."""
    facts = _general_facts(layers, width) | {
        "attention.head_count": heads,
        "attention.layer_norm_epsilon": 1e-12,
        "attention.causal": False,
        "pooling_type": 1,
        "feed_forward_length": 128,
        "tokenizer.ggml.token_type_count": 2,
    }
    norms = ("attn_output_norm", "layer_output_norm")
    block = {
        **{f"attn_{part}.weight": (width, width) for part in ("q", "k", "v", "output")},
        **{f"{norm}.{kind}": (width,) for norm in norms for kind in ("weight", "bias")},
        "ffn_up.weight": (128, width),
        "ffn_down.weight": (width, 128),
    }
    tensors: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (VOCABULARY, width),
        "token_types.weight": (2, width),
        "position_embd.weight": (CONTEXT, width),
        "token_embd_norm.weight": (width,),
        "token_embd_norm.bias": (width,),
    }
    for layer in _names(layers):
        tensors |= layer(block)
    return Recipe("bert", facts, tensors)


TINY: Mapping[str, Callable[[], Recipe]] = {
    "llama": llama,
    "qwen2": qwen2,
    "qwen2vl": qwen2vl,
    "qwen3moe": qwen3moe,
    "deepseek2": deepseek2,
    "gemma3": gemma3,
    "mamba": mamba,
    "lfm2": lfm2,
    "bert": bert,
}


def _general_facts(layers: int, width: int) -> dict[str, Fact]:
    return {
        "block_count": layers,
        "context_length": CONTEXT,
        "embedding_length": width,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "vocab_size": VOCABULARY,
    }


def _attention_facts(layers: int, width: int, heads: int, kv_heads: int, head_width: int) -> dict[str, Fact]:
    return _general_facts(layers, width) | {
        "attention.head_count": heads,
        "attention.head_count_kv": kv_heads,
        "attention.key_length": head_width,
        "attention.value_length": head_width,
        "rope.dimension_count": head_width,
        "rope.freq_base": 100_000.0,
    }


def _names(layers: int) -> Iterator[Callable[[Mapping[str, tuple[int, ...]]], dict[str, tuple[int, ...]]]]:
    """For each layer: what puts its prefix before the names of its tensors."""
    for number in range(layers):
        yield lambda block, prefix=f"blk.{number}.": {prefix + name: at for name, at in block.items()}


def _ends(width: int) -> dict[str, tuple[int, ...]]:
    return {
        "token_embd.weight": (VOCABULARY, width),
        "output_norm.weight": (width,),
        "output.weight": (VOCABULARY, width),
    }


def _attention(width: int, heads: int, kv_heads: int, head_width: int) -> dict[str, tuple[int, ...]]:
    return {
        "attn_norm.weight": (width,),
        "attn_q.weight": (heads * head_width, width),
        "attn_k.weight": (kv_heads * head_width, width),
        "attn_v.weight": (kv_heads * head_width, width),
        "attn_output.weight": (width, heads * head_width),
        "ffn_norm.weight": (width,),
    }


def _feed_forward(width: int, inner: int) -> dict[str, tuple[int, ...]]:
    return {"ffn_gate": (inner, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}


def _dense(width: int, inner: int) -> dict[str, tuple[int, ...]]:
    return {f"{part}.weight": shape for part, shape in _feed_forward(width, inner).items()}


def _experts(width: int, experts: int, inner: int) -> dict[str, tuple[int, ...]]:
    routed = {f"{part}_exps.weight": (experts, *shape) for part, shape in _feed_forward(width, inner).items()}
    return {"ffn_gate_inp.weight": (experts, width), **routed}
