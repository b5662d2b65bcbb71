"""From a GGUF header to what planning needs: the shape of the model and its weights.

Key names and their meaning follow llama.cpp (llama-arch.cpp, llama-hparams.cpp and
src/models/*.cpp as pinned). An architecture that is not known here still gets a shape,
as far as its keys follow the common names.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from engine.catalog.gguf_feed_forward import feed_forward_widths
from engine.catalog.gguf_header import ArrayLength, GgufHeader, GgufTensor, damaged
from engine.catalog.gguf_keys import MAX_CONTEXT, MAX_LAYERS, MAX_WIDTH, Keys
from engine.catalog.model import (
    AttentionKind,
    FileParts,
    FileWeights,
    LayerBytes,
    LayerKind,
    Matrices,
    ModelShape,
)

# Sliding windows without a pattern in the file: every n-th layer sees everything, the others
# a window (`load_swa_pattern` in src/models). Architectures not listed do not slide.
_SLIDING_PERIODS = {
    "afmoe": 4,
    "cohere2": 4,
    "cohere2moe": 4,
    "exaone4": 4,
    "exaone-moe": 4,
    "gemma-embedding": 6,
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gpt-oss": 2,
    "llama4": 4,
    "olmo2": 4,
    "plamo3": 8,
    "smallthinker": 4,
}
_DEFAULT_WINDOWS = {"gemma2": 4096, "llama4": 8192, "exaone4": 4096, "exaone-moe": 128, "smallthinker": 4096}
_PLAIN_LAYERS = frozenset({"nemotron_h", "nemotron_h_moe"})
_OWN_GEMMA3N = 20  # layers with a cache of their own, from the first on, whatever the file says
_SLIDING_EXAONE4 = 64  # layers; the smaller model of that family has the same keys and no window
# Hybrids without a list of recurrent layers: every n-th layer is full attention.
_HYBRID_PERIODS = {"qwen35": 4, "qwen35moe": 4, "qwen3next": 4, "qwen4exp": 4}
_FULLY_RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
# Tensors of rows that are looked up one by one.
_LOOKED_UP = ("token_embd", "per_layer_token_embd", "position_embd", "token_types")
_LAYER = re.compile(r"blk\.(\d{1,3})\.")
_NEVER_COPIED = frozenset({"F32", "BF16"})  # to the CPU's own layout, on any processor
_TABLE_ITSELF = frozenset({"bitnet"})  # the output is multiplied with the embedding where that lies
_COMPRESSED = frozenset({"deepseek4"})  # a window everywhere, and rows that stand for several tokens
# An extra key row per token and layer for choosing what to attend to.
_INDEXED = frozenset({"deepseek32", "glm-dsa"})


def shape_of(header: GgufHeader) -> ModelShape:
    """The shape of the model. Raises: ModelFileError, when it is no language model or a key
    that planning cannot do without is missing or absurd."""
    keys = Keys(header)
    draft = keys.number("nextn_predict_layers", 0, MAX_LAYERS)
    layers = keys.needed("block_count", MAX_LAYERS) - draft
    if layers < 1:
        raise damaged("it has no layers")
    embedding = keys.needed("embedding_length", MAX_WIDTH)
    heads = max(keys.per_layer("attention.head_count", layers, 0))
    head_length = embedding // heads if heads else 0
    cache = _Cache(keys, layers, head_length)
    weights = weights_of(header)
    widths = feed_forward_widths(header.tensors)
    experts = keys.number("expert_count", 0, 1 << 16) if weights.expert_parameters else 0
    used = min(keys.number("expert_used_count", 0, 1 << 16), experts)
    return ModelShape(
        architecture=keys.architecture,
        layers=layers,
        embedding_length=embedding,
        vocabulary=_vocabulary(header, keys),
        heads=heads,
        kv_heads=cache.full_heads,
        key_length=cache.key_length,
        value_length=cache.value_length,
        trained_context=keys.number("context_length", 0, MAX_CONTEXT),
        attention=cache.kind,
        sliding_window=cache.window if cache.sliding_layers else 0,
        sliding_layers=cache.sliding_layers,
        recurrent_layers=cache.recurrent_layers,
        experts=experts,
        experts_used=used,
        total_parameters=weights.parameters,
        active_parameters=_active_parameters(weights, experts, used),
        expert_weight_share=weights.expert_parameters / max(weights.parameters, 1),
        tied_embeddings=_tensor(header, "output.weight") is None,
        sliding_kv_heads=cache.sliding_heads,
        sliding_key_length=cache.sliding_key_length,
        sliding_value_length=cache.sliding_value_length,
        shared_kv_layers=cache.shared_layers,
        plain_layers=sum(cache.plain),
        recurrent_state_bytes=cache.state_bytes,
        index_length=cache.index_length,
        compressed_rows=cache.compressed_rows,
        streams=max(keys.number("hyper_connection.count", 1, 64), 1),
        per_layer_length=keys.number("embedding_length_per_layer_input", 0, MAX_WIDTH),
        feed_forward_length=widths.dense or max(keys.per_layer("feed_forward_length", layers, 0)),
        expert_feed_forward_length=widths.expert or keys.number("expert_feed_forward_length", 0, MAX_WIDTH),
        dense_layers=widths.dense > 0 or not experts,
        gated=widths.gated,
        parallel=widths.parallel or keys.flag("use_parallel_residual"),
        inner_length=keys.number("ssm.inner_size", 0, MAX_WIDTH),
        convolved_length=cache.convolved_length if keys.architecture in _HYBRID_PERIODS else 0,
        scanned_length=0 if keys.architecture in _HYBRID_PERIODS else cache.scanned_length,
        time_ranks=keys.number("ssm.time_step_rank", 0, MAX_WIDTH),
        layer_kinds=cache.kinds,
        draft_layers=draft,
    )


def weights_of(header: GgufHeader) -> FileWeights:
    """Sums over the tensor table. Raises: ModelFileError, when there are no tensors."""
    if not header.tensors:
        raise damaged("it holds no weights")
    parameters = sum(tensor.elements for tensor in header.tensors)
    by_type: Counter[str] = Counter()
    for tensor in header.tensors:
        by_type[tensor.type_name] += tensor.size_bytes
    experts = [tensor for tensor in header.tensors if "_exps." in tensor.name]
    return FileWeights(
        tensor_bytes=header.tensor_bytes,
        parameters=parameters,
        bits_per_weight=header.tensor_bytes * 8 / parameters,
        expert_bytes=sum(tensor.size_bytes for tensor in experts),
        expert_parameters=sum(tensor.elements for tensor in experts),
        matrices=_matrices(header),
        edges=_edges(header),
        main_type=by_type.most_common(1)[0][0],
        parts=_parts(header),
    )


def _parts(header: GgufHeader) -> FileParts:
    """As llama.cpp places them. Layers for drafts count with the last: they stand behind it."""
    dense: Counter[int] = Counter()
    experts: Counter[int] = Counter()
    embedding = tables = output = 0
    for tensor in header.tensors:
        found = _LAYER.match(tensor.name)
        if found:
            (experts if "_exps." in tensor.name else dense)[int(found[1])] += tensor.size_bytes
        elif tensor.name == "token_embd.weight":
            embedding += tensor.size_bytes
        elif tensor.name.startswith(_LOOKED_UP):
            tables += tensor.size_bytes
        else:
            output += tensor.size_bytes
    count = max((*dense, *experts), default=-1) + 1
    layers = tuple(LayerBytes(dense[layer], experts[layer]) for layer in range(count))
    return FileParts(embedding, tables, output, layers)


def _matrices(header: GgufHeader) -> tuple[Matrices, ...]:
    """By type and kind. ggml copies rows in groups of 8. The embedding is looked up, not multiplied
    with, unless it serves as the output too: llama.cpp then has it twice."""
    itself = header.metadata.get("general.architecture") in _TABLE_ITSELF
    tied = _tensor(header, "output.weight") is None and not itself
    table = _tensor(header, "token_embd.weight")
    multiplied = [tensor for tensor in header.tensors if _is_multiplied(tensor)]
    return _by_type(multiplied + ([table] if tied and table and table.shape[-1] % 8 == 0 else []))


def _edges(header: GgufHeader) -> tuple[tuple[Matrices, ...], ...]:
    """Where these are copied, the mapped part of the file begins after the first run and ends before the
    last: llama.cpp gives the rest of its pages back."""
    tensors = sorted(header.tensors, key=lambda tensor: tensor.offset)
    first = list(itertools.takewhile(_may_be_copied, tensors))
    last = list(itertools.takewhile(_may_be_copied, reversed(tensors)))
    return (_by_type(first), _by_type(last))


def _is_multiplied(tensor: GgufTensor) -> bool:
    return len(tensor.shape) > 1 and tensor.shape[1] % 8 == 0 and not tensor.name.startswith(_LOOKED_UP)


def _may_be_copied(tensor: GgufTensor) -> bool:
    return _is_multiplied(tensor) and tensor.type_name not in _NEVER_COPIED


def _by_type(tensors: Sequence[GgufTensor]) -> tuple[Matrices, ...]:
    sizes: Counter[tuple[str, bool]] = Counter()
    for tensor in tensors:
        sizes[tensor.type_name, "_exps." in tensor.name] += tensor.size_bytes
    return tuple(Matrices(name, experts, size) for (name, experts), size in sorted(sizes.items()))


def _active_parameters(weights: FileWeights, experts: int, used: int) -> int:
    idle = weights.expert_parameters * (experts - used) // experts if experts else 0
    return weights.parameters - idle


def _tensor(header: GgufHeader, name: str) -> GgufTensor | None:
    return next((tensor for tensor in header.tensors if tensor.name == name), None)


def _vocabulary(header: GgufHeader, keys: Keys) -> int:
    embedding = _tensor(header, "token_embd.weight")
    if embedding is not None and len(embedding.shape) == 2:
        return embedding.shape[1]
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    listed = (
        tokens.length if isinstance(tokens, ArrayLength) else len(tokens) if isinstance(tokens, tuple) else 0
    )
    return keys.number("vocab_size", listed, MAX_WIDTH)


class _Cache:
    """Which layers keep what for every token."""

    def __init__(self, keys: Keys, layers: int, head_length: int) -> None:
        self._keys = keys
        kv_heads = keys.per_layer(
            "attention.head_count_kv", layers, keys.number("attention.head_count", 0, MAX_WIDTH)
        )
        self.plain = self._plain(layers, kv_heads)
        recurrent = [
            flag and not plain
            for flag, plain in zip(self._recurrent(layers, kv_heads), self.plain, strict=True)
        ]
        shared = keys.number("attention.shared_kv_layers", 0, layers)
        if keys.architecture == "gemma3n":
            shared = max(0, layers - _OWN_GEMMA3N)
        own = [layer for layer in range(layers - shared) if not recurrent[layer] and not self.plain[layer]]
        self.window = keys.number(
            "attention.sliding_window", _DEFAULT_WINDOWS.get(keys.architecture, 0), MAX_CONTEXT
        )
        if keys.architecture == "exaone4" and layers != _SLIDING_EXAONE4:
            self.window = 0
        sliding = self._sliding(layers)
        self.shared_layers = sum(not flag for flag in recurrent[layers - shared :])
        self.recurrent_layers = sum(recurrent)
        self.sliding_layers = sum(sliding[layer] for layer in own)
        full = [kv_heads[layer] for layer in own if not sliding[layer]]
        self.sliding_heads = _mean([kv_heads[layer] for layer in own if sliding[layer]])
        self.full_heads = _mean(full) or self.sliding_heads
        self.key_length = keys.number("attention.key_length", head_length, MAX_WIDTH)
        self.value_length = keys.number("attention.value_length", head_length, MAX_WIDTH)
        self.sliding_key_length = keys.number("attention.key_length_swa", 0, MAX_WIDTH)
        self.sliding_value_length = keys.number("attention.value_length_swa", 0, MAX_WIDTH)
        self.kind = AttentionKind.SLIDING if self.sliding_layers else AttentionKind.FULL
        self.index_length = 0
        self.compressed_rows: tuple[tuple[int, int], ...] = ()
        if keys.has("attention.key_length_mla"):
            self._latent()
        self.state_bytes = self._state_bytes(layers)
        self.kinds: tuple[LayerKind, ...] = tuple(
            LayerKind.PLAIN
            if self.plain[layer]
            else LayerKind.RECURRENT
            if recurrent[layer]
            else LayerKind.SHARED
            if layer >= layers - shared
            else LayerKind.SLIDING
            if sliding[layer]
            else LayerKind.FULL
            for layer in range(layers)
        )
        if keys.architecture in _COMPRESSED:
            self._compressed(layers)

    def _compressed(self, layers: int) -> None:
        """Every layer keeps one row a token for keys and values within its window; behind it one row for
        4 tokens, with an index to choose by, or one for 128, and the rows it is about to compress, f32."""
        self.kind = AttentionKind.MLA
        self.value_length = self.sliding_value_length = 0
        self.sliding_layers = layers
        ratios = self._keys.per_layer("attention.compress_ratios", layers, 0)
        fine, coarse = ratios.count(4), ratios.count(128)
        index = self._keys.number("attention.indexer.key_length", 0, MAX_WIDTH)
        row = self.key_length
        self.kinds = ()  # rows of three kinds in each
        self.compressed_rows = ((4, fine * (row + index)), (128, coarse * row))
        self.state_bytes = 4 * 2 * (fine * 2 * 8 * (row + index) + coarse * 128 * row)

    def _latent(self) -> None:
        """MLA keeps one K row per token and layer, and nothing for V."""
        self.kind = AttentionKind.MLA
        self.value_length = 0
        self.full_heads = 1
        if self._keys.architecture in _INDEXED:
            self.index_length = self._keys.number("attention.indexer.key_length", 0, MAX_WIDTH)
            self.key_length += self.index_length

    def _plain(self, layers: int, kv_heads: list[int]) -> list[bool]:
        """A layer that does not attend is a feed-forward part here, if it has any width."""
        if self._keys.architecture not in _PLAIN_LAYERS:
            return [False] * layers
        widths = self._keys.per_layer("feed_forward_length", layers, 0)
        return [not heads and width > 0 for heads, width in zip(kv_heads, widths, strict=True)]

    def _recurrent(self, layers: int, kv_heads: list[int]) -> list[bool]:
        architecture = self._keys.architecture
        if architecture in _FULLY_RECURRENT:
            return [True] * layers
        listed = self._keys.flags("attention.recurrent_layers", layers)
        if listed is not None:
            return listed
        if architecture in _HYBRID_PERIODS:
            period = self._keys.number("full_attention_interval", _HYBRID_PERIODS[architecture], layers) or 1
            return [(layer + 1) % period != 0 for layer in range(layers)]
        # elsewhere a layer without K heads among layers with them keeps no cache
        return [heads == 0 and max(kv_heads) > 0 for heads in kv_heads]

    def _sliding(self, layers: int) -> list[bool]:
        if not self.window:
            return [False] * layers
        listed = self._keys.flags("attention.sliding_window_pattern", layers)
        if listed is not None:
            return listed
        default = _SLIDING_PERIODS.get(self._keys.architecture, 1)
        period = self._keys.number("attention.sliding_window_pattern", default, MAX_LAYERS) or 1
        return [layer % period < period - 1 for layer in range(layers)]

    def _state_bytes(self, layers: int) -> int:
        """Convolution and state of recurrent layers, f32 (`n_embd_r` and `n_embd_s`)."""
        keys = self._keys
        inner = keys.number("ssm.inner_size", 0, MAX_WIDTH)
        state = keys.number("ssm.state_size", 0, MAX_WIDTH)
        kernel = keys.number("ssm.conv_kernel", 0, 1024)
        groups = keys.number("ssm.group_count", 0, MAX_WIDTH)
        short = keys.number("shortconv.l_cache", 0, 1024)
        width = keys.number("embedding_length", 0, MAX_WIDTH)
        self.scanned_length = groups * state
        self.convolved_length = inner + 2 * self.scanned_length
        per_layer = max(kernel - 1, 0) * self.convolved_length + state * inner
        if short:
            per_layer = width * (short - 1)
        if keys.has("kda.head_dim"):  # Kimi: a square a head, and three convolutions
            head = keys.number("kda.head_dim", 0, MAX_WIDTH)
            heads = max(keys.per_layer("attention.head_count", layers, 0))
            per_layer = head * heads * (head + 3 * max(kernel - 1, 0))
        if keys.has("wkv.head_size"):
            per_layer = width * (keys.number("wkv.head_size", 0, MAX_WIDTH) + 2)
        return 4 * per_layer * (self.recurrent_layers or layers)


def _mean(values: list[int]) -> int:
    """Rounded up: uneven layers are never planned too small."""
    return -(-sum(values) // len(values)) if values else 0
