"""How many floats a token keeps alive at the widest place of a graph, of which compute buffers are made.

Found by dry runs of generated models of some hundred architectures, one dimension varied at a time, and read
beside src/models of the pinned llama.cpp. Its allocator packs them within a width or so.
"""

from __future__ import annotations

from engine.catalog.model import AttentionKind, ModelShape
from engine.planning.plan import KvType

_RWKV7 = frozenset({"rwkv7", "arwkv7"})
_USUAL_FEED_FORWARD = 8  # thirds of the embedding length, where the file does not tell


def step_width(shape: ModelShape, kv_type: KvType) -> int:
    """Of everything but masks and states."""
    floats = max(
        attention_width(shape), _feed_forward_width(shape, kv_type), _recurrent_width(shape, kv_type)
    )
    return floats + shape.per_layer_length * shape.layers


def attention_width(shape: ModelShape) -> int:
    """Floats of a token: residual, norm, queries, keys, values, results."""
    width = shape.embedding_length
    if shape.recurrent_layers >= shape.layers:
        return 0
    if shape.streams > 1:
        return 4 * shape.streams * width + 2 * shape.heads * shape.key_length
    if shape.attention is AttentionKind.MLA:  # queries and results live in the latent space
        queries = shape.heads * (shape.key_length - shape.index_length)
        return 3 * width + (17 * queries // 4 if shape.index_length else 5 * queries // 2)
    keys = max(shape.kv_heads * (shape.key_length + shape.value_length), shape.sliding_kv_heads)
    return 7 * width // 2 + shape.heads * shape.key_length + keys


def _feed_forward_width(shape: ModelShape, kv_type: KvType) -> int:
    """Gate, up and their product beside residuals and queries; of experts, all that a token uses."""
    width, queries = shape.embedding_length, _queries(shape)
    dense = shape.feed_forward_length or _USUAL_FEED_FORWARD * width // 3
    one = (17 if shape.architecture == "gemma3n" else 3) * width + (3 if shape.gated else 1) * dense
    if not shape.experts:
        return one + _waiting_queries(shape, kv_type)
    used = max(shape.experts_used, 1)
    expert = shape.expert_feed_forward_length or dense // used
    plain = not (shape.sliding_layers or shape.recurrent_layers or shape.attention is AttentionKind.MLA)
    waiting = max(queries, width) if plain else width
    experts = 4 * width + 3 * used * expert if shape.gated else 3 * width + used * (expert + width)
    mixture = max(experts, 3 * waiting + 2 * used * width)
    return max(mixture, one) if shape.dense_layers and shape.feed_forward_length else mixture


def _queries(shape: ModelShape) -> int:
    return shape.heads * (shape.sliding_key_length or shape.key_length)


def _waiting_queries(shape: ModelShape, kv_type: KvType) -> int:
    """What the allocator cannot give back in time beside a dense feed-forward layer."""
    width, queries = shape.embedding_length, _queries(shape)
    dense = shape.feed_forward_length or _USUAL_FEED_FORWARD * width // 3
    if shape.recurrent_layers:
        return 0
    if queries > width:
        return queries
    if kv_type is KvType.F16:
        return queries if 2 * dense > 5 * width else 0
    if shape.parallel:
        return 2 * queries if shape.gated else queries
    return 2 * queries if shape.sliding_layers and queries < width else 0


def _recurrent_width(shape: ModelShape, kv_type: KvType) -> int:
    """Both halves of the projection, convolution, gates and the states' inputs; delta nets convolve their
    queries and keys too."""
    if shape.scanned_length:
        return _scanned_width(shape, kv_type)
    if not shape.recurrent_layers:
        return 0
    if shape.convolved_length:
        return 3 * shape.embedding_length + 3 * shape.convolved_length
    if not shape.inner_length and shape.recurrent_layers < shape.layers:
        return 6 * shape.embedding_length  # short convolutions hold three parts of the model's width
    if shape.architecture in _RWKV7:
        return (19 if shape.architecture == "rwkv7" else 16) * shape.embedding_length
    return 13 * (shape.inner_length or 2 * shape.embedding_length) // 2


def _scanned_width(shape: ModelShape, kv_type: KvType) -> int:
    """Of Mamba-2, alone, between layers that attend, or beside attention in every layer (Falcon-H1)."""
    width, inner, scanned = shape.embedding_length, shape.inner_length, shape.scanned_length
    if shape.recurrent_layers >= shape.layers:
        return width + 6 * inner + 8 * scanned + shape.time_ranks
    floats = 3 * width + 5 * inner + 6 * scanned + shape.time_ranks
    beside = 0 if shape.recurrent_layers else _queries(shape)
    return floats + beside * (1 if kv_type is KvType.F16 else 2)


def handed_experts_width(shape: ModelShape, kv_type: KvType, later: bool, only_last: bool) -> int:
    """On a device whose layers' experts are computed in main memory: the results of each, which it adds up,
    and (`later`) those of the layer before where that is not on it. `only_last`: one token goes on."""
    width, queries, used = shape.embedding_length, _queries(shape), max(shape.experts_used, 1)
    attention = attention_width(shape)
    if only_last:
        return max((used + 2) * width, attention - 2 * width)
    if shape.attention is AttentionKind.MLA:
        own = max((used + 3) * width, attention - width)
        # the expert that every token uses is handed over too
        return max(own, attention, (2 * used + 2) * width) if later else own
    waiting = 0 if queries == width else 2 * queries
    if kv_type is KvType.F16 or queries > width:
        waiting = queries
    own = max((used + 2) * width + waiting, attention - width)
    return max(own, (2 * used + 1) * width) if later else own


def states(shape: ModelShape, sequences: int) -> int:
    """Bytes of the states that a step hands from one token to the next, of one layer."""
    copies = 2 if shape.architecture in _RWKV7 else 1 if shape.scanned_length else 0
    return copies * sequences * shape.recurrent_state_bytes // (shape.recurrent_layers or shape.layers)
