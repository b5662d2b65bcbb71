"""Names and shapes of a model's tensors, from the keys of its header.

They follow `load_arch_tensors` of llama.cpp's src/models/*.cpp as pinned. Shapes are in ggml's order: the
row length first. Tensors stand in the order of its quantiser: those of no layer, then layer by layer, each
by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

Keys = Mapping[str, int]  # without the architecture's prefix
Shapes = dict[str, tuple[int, ...]]


def tensor_shapes(architecture: str, keys: Keys, vocabulary: int, tied: bool) -> Shapes:
    """All tensors of the model. Raises: KeyError, for an architecture or a key that is missing."""
    block = _BLOCKS[architecture]
    width = keys["embedding_length"]
    shapes: Shapes = {} if tied else {"output.weight": (width, vocabulary)}
    shapes["token_embd.weight"] = (width, vocabulary)
    shapes["output_norm.weight"] = (width,)
    if keys.get("rope_factors"):  # Llama 3.1 and later
        shapes["rope_freqs.weight"] = (keys["attention.key_length"] // 2,)
    shapes = dict(sorted(shapes.items()))
    for layer in range(keys["block_count"]):
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in sorted(block(keys, layer))}
    return shapes


def architectures() -> tuple[str, ...]:
    return tuple(_BLOCKS)


Block = Iterator[tuple[str, tuple[int, ...]]]


def _attention(keys: Keys, biased: bool = False) -> Block:
    width, head = keys["embedding_length"], keys["attention.key_length"]
    queries, rows = keys["attention.head_count"] * head, keys["attention.head_count_kv"] * head
    yield "attn_norm.weight", (width,)
    for part, length in (("q", queries), ("k", rows), ("v", rows)):
        yield f"attn_{part}.weight", (width, length)
        if biased:
            yield f"attn_{part}.bias", (length,)
    yield "attn_output.weight", (queries, width)


def _head_norms(keys: Keys) -> Block:
    yield "attn_k_norm.weight", (keys["attention.key_length"],)
    yield "attn_q_norm.weight", (keys["attention.key_length"],)


def _feed_forward(width: int, inner: int, kind: str = "", experts: int = 0) -> Block:
    many = (experts,) if experts else ()
    yield f"ffn_down{kind}.weight", (inner, width, *many)
    yield f"ffn_gate{kind}.weight", (width, inner, *many)
    yield f"ffn_up{kind}.weight", (width, inner, *many)


def _dense(keys: Keys) -> Block:
    yield "ffn_norm.weight", (keys["embedding_length"],)
    yield from _feed_forward(keys["embedding_length"], keys["feed_forward_length"])


def _routed(keys: Keys) -> Block:
    width, experts = keys["embedding_length"], keys["expert_count"]
    yield "ffn_gate_inp.weight", (width, experts)
    yield from _feed_forward(width, keys["expert_feed_forward_length"], "_exps", experts)


def _llama(keys: Keys, layer: int) -> Block:
    yield from _attention(keys)
    yield from _dense(keys)


def _qwen2(keys: Keys, layer: int) -> Block:
    yield from _attention(keys, biased=True)
    yield from _dense(keys)


def _qwen3(keys: Keys, layer: int) -> Block:
    yield from _attention(keys)
    yield from _head_norms(keys)
    yield from _dense(keys)


def _qwen3moe(keys: Keys, layer: int) -> Block:
    yield from _attention(keys)
    yield from _head_norms(keys)
    yield "ffn_norm.weight", (keys["embedding_length"],)
    yield from _routed(keys)


def _gemma3(keys: Keys, layer: int) -> Block:
    width = keys["embedding_length"]
    yield from _attention(keys)
    yield from _head_norms(keys)
    yield "post_attention_norm.weight", (width,)
    yield from _dense(keys)
    yield "post_ffw_norm.weight", (width,)


def _gpt_oss(keys: Keys, layer: int) -> Block:
    width, inner, experts = (
        keys["embedding_length"],
        keys["expert_feed_forward_length"],
        keys["expert_count"],
    )
    yield from _attention(keys, biased=True)
    yield "attn_output.bias", (width,)
    yield "attn_sinks.weight", (keys["attention.head_count"],)
    yield "post_attention_norm.weight", (width,)
    yield from _routed(keys)
    yield "ffn_gate_inp.bias", (experts,)
    yield "ffn_down_exps.bias", (width, experts)
    yield "ffn_gate_exps.bias", (inner, experts)
    yield "ffn_up_exps.bias", (inner, experts)


def _deepseek2(keys: Keys, layer: int) -> Block:
    """Latent attention with the absorbed halves of kv_b; the module for predicting further tokens is in
    no published file of the catalogue."""
    width, heads = keys["embedding_length"], keys["attention.head_count"]
    queries, latent, rope = (
        keys["attention.q_lora_rank"],
        keys["attention.kv_lora_rank"],
        keys["rope.dimension_count"],
    )
    key, value = keys["attention.key_length_mla"], keys["attention.value_length_mla"]
    yield "attn_norm.weight", (width,)
    yield "attn_q_a.weight", (width, queries)
    yield "attn_q_a_norm.weight", (queries,)
    yield "attn_q_b.weight", (queries, heads * key)
    yield "attn_kv_a_mqa.weight", (width, latent + rope)
    yield "attn_kv_a_norm.weight", (latent,)
    yield "attn_k_b.weight", (key - rope, latent, heads)
    yield "attn_v_b.weight", (latent, value, heads)
    yield "attn_output.weight", (heads * value, width)
    if layer < keys["leading_dense_block_count"]:
        yield from _dense(keys)
        return
    yield "ffn_norm.weight", (width,)
    yield "exp_probs_b.bias", (keys["expert_count"],)
    yield from _routed(keys)
    yield from _feed_forward(
        width, keys["expert_feed_forward_length"] * keys["expert_shared_count"], "_shexp"
    )


_BLOCKS: Mapping[str, Callable[[Keys, int], Block]] = {
    "llama": _llama,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "qwen3moe": _qwen3moe,
    "gemma3": _gemma3,
    "gpt-oss": _gpt_oss,
    "deepseek2": _deepseek2,
}
