"""Names and shapes of a model's tensors, from the keys of its header.

They follow `load_arch_tensors` of llama.cpp's src/models/*.cpp as pinned. Shapes are in ggml's order: the
row length first. Tensors stand in the order of its quantiser: those of no layer, then layer by layer, each
by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

Value = int | tuple[int, ...]  # of the model, or a list, of one value a layer where it is long enough
Keys = Mapping[str, int]  # without the architecture's prefix, as they hold for one layer
Shapes = dict[str, tuple[int, ...]]


def tensor_shapes(architecture: str, keys: Mapping[str, Value], vocabulary: int, tied: bool) -> Shapes:
    """All tensors of the model.

    Raises: KeyError, for an architecture or a key that is missing; ValueError, for keys that leave a
    tensor without a size.
    """
    block = _BLOCKS[architecture]
    keys = {**keys, "vocab_size": vocabulary}
    first = _of_layer(keys, 0)
    shapes: Shapes = {} if tied else {"output.weight": (first["embedding_length"], vocabulary)}
    shapes |= dict(_around(architecture, first, vocabulary))
    shapes = dict(sorted(shapes.items()))
    for layer in range(first["block_count"]):
        of_layer = _of_layer(keys, layer)
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in sorted(block(of_layer, layer))}
    if not all(all(shape) for shape in shapes.values()):
        raise ValueError("a tensor has no size")
    return shapes


def _of_layer(keys: Mapping[str, Value], layer: int) -> Keys:
    """What holds for that layer; lists that are too short have other entries than layers."""
    layers = keys["block_count"]
    found: dict[str, int] = {}
    for key, value in keys.items():
        if isinstance(value, int):
            found[key] = value
        elif isinstance(layers, int) and len(value) >= layers:
            found[key] = value[layer]
    return found


Block = Iterator[tuple[str, tuple[int, ...]]]


def _around(architecture: str, keys: Keys, vocabulary: int) -> Block:
    """Tensors that belong to no layer."""
    width = keys["embedding_length"]
    yield "token_embd.weight", (width, vocabulary)
    yield "output_norm.weight", (width,)
    if keys.get("rope_factors"):  # Llama 3.1 and later; Gemma 4
        yield "rope_freqs.weight", (keys["attention.key_length"] // 2,)
    if each := keys.get("embedding_length_per_layer_input", 0):
        yield "per_layer_token_embd.weight", (each * keys["block_count"], vocabulary)
        yield "per_layer_model_proj.weight", (width, each * keys["block_count"])
        yield "per_layer_proj_norm.weight", (each,)
    if architecture == "deepseek4":
        streams = keys["hyper_connection.count"]
        yield "output_hc_fn.weight", (streams * width, streams)
        yield "output_hc_base.weight", (streams,)
        yield "output_hc_scale.weight", (1,)


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


def _qwen35(keys: Keys, layer: int) -> Block:
    yield from _hybrid_attention(keys, layer)
    yield from _feed_forward(keys["embedding_length"], keys["feed_forward_length"])


def _qwen35moe(keys: Keys, layer: int) -> Block:
    width = keys["embedding_length"]
    yield from _hybrid_attention(keys, layer)
    yield from _routed(keys)
    yield "ffn_gate_inp_shexp.weight", (width,)
    yield from _feed_forward(width, keys["expert_shared_feed_forward_length"], "_shexp")


def _hybrid_attention(keys: Keys, layer: int) -> Block:
    """Every n-th layer attends, with a gate beside its queries; the others are gated delta nets. The layer
    for predicting further tokens, if there is one, attends."""
    width, head = keys["embedding_length"], keys["attention.key_length"]
    yield "attn_norm.weight", (width,)
    yield "post_attention_norm.weight", (width,)
    predicting = layer >= keys["block_count"] - keys.get("nextn_predict_layers", 0)
    if not predicting and (layer + 1) % keys["full_attention_interval"]:
        yield from _delta_net(keys)
        return
    queries, rows = keys["attention.head_count"] * head, keys["attention.head_count_kv"] * head
    for part, length in (("q", 2 * queries), ("k", rows), ("v", rows)):
        yield f"attn_{part}.weight", (width, length)
    yield "attn_output.weight", (queries, width)
    yield from _head_norms(keys)
    if predicting:
        yield "nextn.eh_proj.weight", (2 * width, width)
        for name in ("enorm", "hnorm", "shared_head_norm"):
            yield f"nextn.{name}.weight", (width,)


def _delta_net(keys: Keys) -> Block:
    width, inner, state, ranks = (
        keys["embedding_length"],
        keys["ssm.inner_size"],
        keys["ssm.state_size"],
        keys["ssm.time_step_rank"],
    )
    mixed = inner + 2 * keys["ssm.group_count"] * state
    yield "attn_qkv.weight", (width, mixed)
    yield "attn_gate.weight", (width, inner)
    yield "ssm_conv1d.weight", (keys["ssm.conv_kernel"], mixed)
    yield "ssm_dt.bias", (ranks,)
    yield "ssm_a", (ranks,)
    yield "ssm_beta.weight", (width, ranks)
    yield "ssm_alpha.weight", (width, ranks)
    yield "ssm_norm.weight", (state,)
    yield "ssm_out.weight", (inner, width)


def _gemma4(keys: Keys, layer: int) -> Block:
    """Layers with a window have shorter heads and more of them than those that see everything; where
    `keys_are_values` says so, the latter take their keys for values too."""
    width, sliding = keys["embedding_length"], keys["attention.sliding_window_pattern"]
    head = keys["attention.key_length_swa" if sliding else "attention.key_length"]
    queries, rows = keys["attention.head_count"] * head, keys["attention.head_count_kv"] * head
    yield "attn_q.weight", (width, queries)
    yield "attn_k.weight", (width, rows)
    if sliding or not keys["keys_are_values"]:
        yield "attn_v.weight", (width, rows)
    yield "attn_output.weight", (queries, width)
    for name in ("attn_k_norm", "attn_q_norm"):
        yield f"{name}.weight", (head,)
    for name in ("attn_norm", "post_attention_norm", "post_ffw_norm"):
        yield f"{name}.weight", (width,)
    yield "layer_output_scale.weight", (1,)
    yield from _dense(keys)
    if keys.get("expert_count"):
        yield from _gemma4_experts(keys)
    if each := keys["embedding_length_per_layer_input"]:
        yield "inp_gate.weight", (width, each)
        yield "proj.weight", (each, width)
        yield "post_norm.weight", (width,)


def _gemma4_experts(keys: Keys) -> Block:
    width, experts, inner = (
        keys["embedding_length"],
        keys["expert_count"],
        keys["expert_feed_forward_length"],
    )
    yield "ffn_gate_inp.weight", (width, experts)
    yield "ffn_gate_inp.scale", (width,)
    yield "ffn_gate_up_exps.weight", (width, 2 * inner, experts)
    yield "ffn_down_exps.weight", (inner, width, experts)
    yield "ffn_down_exps.scale", (experts,)
    for name in ("pre_ffw_norm_2", "post_ffw_norm_1", "post_ffw_norm_2"):
        yield f"{name}.weight", (width,)


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


def _deepseek32(keys: Keys, layer: int) -> Block:
    """As before, with an index that chooses what is attended to."""
    width, key = keys["embedding_length"], keys["attention.indexer.key_length"]
    heads = keys["attention.indexer.head_count"]
    yield from _deepseek2(keys, layer)
    yield "indexer.k_norm.weight", (key,)
    yield "indexer.k_norm.bias", (key,)
    yield "indexer.proj.weight", (width, heads)
    yield "indexer.attn_k.weight", (width, key)
    yield "indexer.attn_q_b.weight", (keys["attention.q_lora_rank"], heads * key)


def _deepseek4(keys: Keys, layer: int) -> Block:
    """One row for keys and values of all heads, several streams beside each other, and rows that are
    compressed 4 or 128 to one."""
    width, heads, head = (
        keys["embedding_length"],
        keys["attention.head_count"],
        keys["attention.key_length"],
    )
    queries, groups, rank = (
        keys["attention.q_lora_rank"],
        keys["attention.output_group_count"],
        keys["attention.output_lora_rank"],
    )
    yield "attn_norm.weight", (width,)
    yield "attn_sinks.weight", (heads,)
    yield "attn_q_a.weight", (width, queries)
    yield "attn_q_a_norm.weight", (queries,)
    yield "attn_q_b.weight", (queries, heads * head)
    yield "attn_kv.weight", (width, head)
    yield "attn_kv_a_norm.weight", (head,)
    yield "attn_output_a.weight", (heads * head // groups, rank * groups)
    yield "attn_output_b.weight", (groups * rank, width)
    yield from _streams(keys)
    if ratio := keys["attention.compress_ratios"]:
        yield from _compressor("attn_compressor", keys, head, ratio)
    if ratio == 4:
        yield from _index(keys)
    yield from _deepseek4_experts(keys, layer)


def _streams(keys: Keys) -> Block:
    streams = keys["hyper_connection.count"]
    mixes = (2 + streams) * streams
    for part in ("attn", "ffn"):
        yield f"hc_{part}_fn.weight", (streams * keys["embedding_length"], mixes)
        yield f"hc_{part}_base.weight", (mixes,)
        yield f"hc_{part}_scale.weight", (3,)


def _compressor(name: str, keys: Keys, head: int, ratio: int) -> Block:
    length = (2 if ratio == 4 else 1) * head
    yield f"{name}_kv.weight", (keys["embedding_length"], length)
    yield f"{name}_gate.weight", (keys["embedding_length"], length)
    yield f"{name}_ape.weight", (length, ratio)
    yield f"{name}_norm.weight", (head,)


def _index(keys: Keys) -> Block:
    heads, head = keys["attention.indexer.head_count"], keys["attention.indexer.key_length"]
    yield "indexer.proj.weight", (keys["embedding_length"], heads)
    yield "indexer.attn_q_b.weight", (keys["attention.q_lora_rank"], heads * head)
    yield from _compressor("indexer_compressor", keys, head, 4)


def _deepseek4_experts(keys: Keys, layer: int) -> Block:
    """The first layers look their experts up by the token."""
    width, inner = keys["embedding_length"], keys["expert_feed_forward_length"]
    if layer < keys["hash_layer_count"]:
        yield "ffn_gate_tid2eid.weight", (keys["expert_used_count"], keys["vocab_size"])
    else:
        yield "exp_probs_b.bias", (keys["expert_count"],)
    yield "ffn_norm.weight", (width,)
    yield from _routed(keys)
    yield from _feed_forward(width, inner * keys["expert_shared_count"], "_shexp")


_BLOCKS: Mapping[str, Callable[[Keys, int], Block]] = {
    "llama": _llama,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "qwen3moe": _qwen3moe,
    "gemma3": _gemma3,
    "gpt-oss": _gpt_oss,
    "qwen35": _qwen35,
    "qwen35moe": _qwen35moe,
    "gemma4": _gemma4,
    "deepseek2": _deepseek2,
    "deepseek32": _deepseek32,
    "deepseek4": _deepseek4,
}
