"""How much memory a model takes, by formula. Sizes in bytes.

The formulae follow llama.cpp as pinned, with flash attention on, `swa_full` off and
`n_outputs_max` set; they were compared with its own dry runs (docs of the engine room):
KV = sum over layers of cells x (K row + V row); compute = f16 mask + activations.
What stands where when there are several devices is layers.py's and layout.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from engine.catalog.model import AttentionKind, LayerKind, Matrices, ModelShape, Quantization
from engine.planning.machine import MIB, Machine
from engine.planning.mixture_step import SETTLED, Before, MixtureWidths, most_floats
from engine.planning.plan import KvType
from engine.planning.repack import copied_bytes, original_bytes
from engine.planning.widths import attention_width, handed_experts_width, states, step_width

PAD_CELLS = 256
OUTPUT_ROWS = 16  # of logits that a step has room for (runtime/worker/load.py says why)
UBATCH = 512  # tokens read at once while reading the prompt
OVERHEAD = 96 * MIB  # the worker's Python, libraries and threads
# So many prompt steps are under way at once where several devices hold the whole model: each step's
# inputs are kept on every device.
PIPELINED_STEPS = 4
# A mixture of experts keeps attention and shared experts at 5 bits or more even where the
# experts have 1 or 2: files of the R1 family follow this (unsloth's and others' recipes).
LEAST_DENSE_BITS = 5.0

_CACHE_ELEMENT = {KvType.F16: (2, 1), KvType.Q8_0: (34, 32), KvType.Q4_0: (18, 32)}  # bytes, elements
# Part of a file that ggml's x86 CPU backend copies to its own layout, by the type's name; the
# first that matches. Read off tensor tables of published files; K_M mixes in wider types.
_REPACKED_SHARES = (
    ("IQ4_NL", 0.85),
    ("MXFP4", 0.85),
    ("Q4_0", 0.85),
    ("Q4_K_S", 0.85),
    ("Q4_K", 0.6),
    ("Q3_K", 0.15),
    ("Q5_K", 0.0),
)
_ARM_SHARE = _AMX_SHARE = 0.85  # those copy nearly every type


@dataclass(frozen=True, slots=True)
class Weights:
    """The bytes of a file by what is done with them. Together they are the file's size."""

    embedding: int  # looked up, stays in main memory
    output: int
    dense: int  # attention, norms, shared experts, feed-forward of dense models
    experts: int  # routed ones
    tied: bool
    looked_up: int = 0  # tables beside the embedding, of which a token reads some rows (Gemma 4 E)

    @property
    def tables(self) -> int:
        """What stays in main memory wherever the layers are."""
        return self.embedding + self.looked_up

    @property
    def doubled(self) -> int:
        """What stands on the device of the output again where they are tied."""
        return self.embedding if self.tied else 0

    @property
    def total(self) -> int:
        return self.tables + self.output + self.dense + self.experts


def weights_of(shape: ModelShape, quantization: Quantization) -> Weights:
    """Splits a file. Exact where the tensor table was read, else estimated."""
    if (parts := quantization.parts) is not None:
        return Weights(
            parts.embedding,
            parts.output,
            sum(layer.dense for layer in parts.layers),
            sum(layer.experts for layer in parts.layers),
            shape.tied_embeddings,
            parts.tables,
        )
    size = quantization.size_bytes
    experts = _expert_bytes(shape, quantization)
    looked_up = _looked_up_bytes(shape, quantization)
    rest = size - experts - looked_up
    bits = max(quantization.bits_per_weight, LEAST_DENSE_BITS if shape.experts else 1.0)
    table = min(int(shape.vocabulary * shape.embedding_length * min(bits, 16.0) / 8), rest // 2)
    if shape.tied_embeddings:
        return Weights(table, 0, rest - table, experts, True, looked_up)
    table = min(table, rest // 3)
    return Weights(table, table, rest - 2 * table, experts, False, looked_up)


def _looked_up_bytes(shape: ModelShape, quantization: Quantization) -> int:
    """What the tensor table does not multiply with, else the table's share of the parameters."""
    if not shape.per_layer_length:
        return 0
    size = quantization.size_bytes
    if quantization.matrices:
        return max(0, size - sum(one.size_bytes for one in quantization.matrices))
    elements = shape.per_layer_length * shape.layers * shape.vocabulary
    return min(size * elements // max(shape.total_parameters, 1), size // 2)


def _expert_bytes(shape: ModelShape, quantization: Quantization) -> int:
    size = quantization.size_bytes
    if quantization.expert_bytes is not None:
        return min(quantization.expert_bytes, size)
    if not shape.experts:
        return 0
    share = min(max(shape.expert_weight_share, 0.0), 1.0)
    dense = size * (1 - share)
    if quantization.bits_per_weight < LEAST_DENSE_BITS:
        dense *= LEAST_DENSE_BITS / quantization.bits_per_weight
    return size - min(int(dense), size)


def kv_cache_bytes(
    shape: ModelShape,
    context_length: int,
    kv_type: KvType = KvType.F16,
    sequences: int = 1,
    shared: bool = False,
) -> int:
    """The cache of `sequences` conversations of `context_length` tokens each, or (`shared`) of as
    many in one room of that size; state of recurrent layers included."""
    rooms = 1 if shared else sequences
    elements = _padded(context_length) * full_row(shape)
    elements += _sliding_cells(shape, context_length, sequences, shared) * sliding_row(shape)
    elements += sum(_compressed(context_length, ratio) * row for ratio, row in shape.compressed_rows)
    elements *= rooms
    size, per = _CACHE_ELEMENT[kv_type]
    return elements * size // per + sequences * shape.recurrent_state_bytes


def layer_cache_bytes(
    shape: ModelShape,
    kind: LayerKind,
    context_length: int,
    kv_type: KvType = KvType.F16,
    sequences: int = 1,
    shared: bool = False,
) -> int:
    """Of one layer of that kind; all of them together are `kv_cache_bytes`."""
    size, per = _CACHE_ELEMENT[kv_type]
    rooms = 1 if shared else sequences
    match kind:
        case LayerKind.FULL:
            return rooms * _padded(context_length) * _row(shape) * size // per
        case LayerKind.SLIDING:
            cells = _sliding_cells(shape, context_length, sequences, shared)
            return rooms * cells * (sliding_row(shape) // max(shape.sliding_layers, 1)) * size // per
        case LayerKind.RECURRENT:
            return sequences * shape.recurrent_state_bytes // max(shape.recurrent_layers, 1)
        case LayerKind.SHARED | LayerKind.PLAIN:
            return 0


def _sliding_cells(shape: ModelShape, context_length: int, sequences: int, shared: bool) -> int:
    window = shape.sliding_window * (sequences if shared else 1) + UBATCH
    return min(_padded(context_length), _padded(min(context_length, window)))


def kv_read_bytes(shape: ModelShape, depth: int, kv_type: KvType) -> int:
    """What one token reads of the cache when `depth` tokens stand before it."""
    window = min(depth, shape.sliding_window) if shape.sliding_layers else 0
    elements = depth * full_row(shape) + window * sliding_row(shape)
    elements += sum(depth // ratio * row for ratio, row in shape.compressed_rows)
    size, per = _CACHE_ELEMENT[kv_type]
    return elements * size // per + 2 * shape.recurrent_state_bytes


def full_row(shape: ModelShape) -> int:
    """Cache elements that one token takes in all layers that see everything."""
    special = shape.sliding_layers + shape.recurrent_layers + shape.shared_kv_layers + shape.plain_layers
    layers = max(0, shape.layers - special)
    return layers * _row(shape)


def _row(shape: ModelShape) -> int:
    return shape.kv_heads * (shape.key_length + shape.value_length)


def sliding_row(shape: ModelShape) -> int:
    """Cache elements that one token takes in all layers with a window."""
    heads = shape.sliding_kv_heads or shape.kv_heads
    key = shape.sliding_key_length or shape.key_length
    value = shape.sliding_value_length or shape.value_length
    return shape.sliding_layers * heads * (key + value)


def compute_bytes(
    shape: ModelShape,
    context_length: int,
    batch: int = UBATCH,
    kv_type: KvType = KvType.F16,
    sequences: int = 1,
) -> int:
    """The buffer for one prompt step of `batch` tokens on one device: masks, and what is alive at once at
    the widest place of the graph. Widths were found by dry runs of generated models, one dimension
    varied at a time; llama.cpp's allocator packs them within a width or so."""
    floats = step_width(shape, kv_type)
    masks = _masks(shape, context_length, batch, kinds_of(shape))
    step = batch * (masks + 4 * floats) + states(shape, sequences)
    return max(step, 4 * shape.vocabulary * OUTPUT_ROWS)


# (layers without their experts, layers behind them with theirs) that a run may have: all that matter
WHOLE_LAYERS = tuple((0, count) for count in range(1, SETTLED + 1))
WITHOUT_EXPERTS = tuple((count, 0) for count in range(1, SETTLED + 1))
DIVIDED_LAYERS = (*WHOLE_LAYERS, *WITHOUT_EXPERTS, (SETTLED, SETTLED))


@dataclass(frozen=True, slots=True)
class Run:
    """Layers that follow each other on one device beside the CPU, as far as it matters to its buffer."""

    kinds: frozenset[LayerKind]
    whole: bool = True  # no layer is on the CPU
    pipelined: bool = False
    later: bool = False  # another device's come before
    only_last: bool = False  # nothing but the last layer, of which one token goes on, and the output
    handed: int = 0  # inner widths of recurrent layers that come from a device before, or go to the next
    befores: tuple[Before, ...] = tuple(Before)  # what may come before its first layer
    counts: tuple[tuple[int, int], ...] = WHOLE_LAYERS  # layers that it may have, without experts and with
    ends: tuple[bool, ...] = (False, True)  # whether they may be the model's last
    dense: bool = True  # some of them have no experts

    @property
    def hands_over(self) -> bool:
        """Experts of some of its layers are computed in main memory."""
        return any(away for away, _ in self.counts)

    @property
    def computes_all(self) -> bool:
        """Some of its layers are computed whole."""
        return any(here for _, here in self.counts)


def device_compute_bytes(
    shape: ModelShape, context_length: int, batch: int, kv_type: KvType, run: Run
) -> int:
    """As `compute_bytes`, on the device that holds that run; found in the same way, with nodes. The
    residual comes from elsewhere, so that one width less is alive. Of mixtures of the usual kind it is what
    llama.cpp's allocator makes of their tensors."""
    if not run.pipelined and (widths := mixture_widths(shape, batch)) is not None:
        floats = most_floats(widths, run.befores, run.counts, run.ends)
        if run.dense and shape.dense_layers:
            floats = max(floats, 2 * shape.embedding_length + 3 * shape.feed_forward_length)
        step = batch * (4 * floats + _masks(shape, context_length, batch, kinds_of(shape)))
        return max(step, 4 * shape.vocabulary * OUTPUT_ROWS)
    width, attention = shape.embedding_length, attention_width(shape)
    floats = step_width(shape, kv_type) - width
    if not run.whole:
        floats = min(floats, step_width(shape, KvType.Q8_0) - width)
    if run.whole and floats == attention - width and not run.pipelined:
        floats += shape.heads * shape.key_length  # queries, where nothing else is wider
    if run.hands_over:
        handed = handed_experts_width(shape, kv_type, run.later or not run.whole, run.only_last)
        floats = max(floats, handed) if run.computes_all else handed
    elif run.only_last and LayerKind.RECURRENT not in run.kinds:
        floats = min(floats, attention - width * (2 if run.pipelined else 1))
    masks = _masks(shape, context_length, batch, run.kinds)
    if run.pipelined:
        masks *= PIPELINED_STEPS
        floats += PIPELINED_STEPS * (width + run.handed * shape.inner_length)
    return max(batch * (masks + 4 * floats), 4 * shape.vocabulary * OUTPUT_ROWS)


def mixture_widths(shape: ModelShape, batch: int) -> MixtureWidths | None:
    """None for other models than mixtures whose layers all attend to everything."""
    if not (shape.experts and shape.experts_used and shape.expert_feed_forward_length and shape.gated):
        return None
    usual = shape.attention is not AttentionKind.MLA and kinds_of(shape) == {LayerKind.FULL}
    if not usual or shape.streams > 1 or shape.compressed_rows:
        return None
    return MixtureWidths(
        shape.embedding_length,
        shape.heads * shape.key_length,
        shape.kv_heads * shape.key_length,
        shape.kv_heads * shape.value_length,
        shape.heads * shape.value_length,
        shape.experts,
        shape.experts_used,
        shape.expert_feed_forward_length,
        batch // OUTPUT_ROWS,
    )


def host_compute_bytes(
    shape: ModelShape, context_length: int, batch: int, *, pipelined: bool, experts_here: bool, devices: int
) -> int:
    """As `compute_bytes`, on the CPU when other devices hold all layers: it looks the embedding up, and
    keeps what each step begins with. `experts_here`: it computes the routed ones."""
    steps = PIPELINED_STEPS if pipelined else 1
    masks = _masks(shape, context_length, batch, kinds_of(shape))
    inputs = batch * (steps * masks + 4 * shape.embedding_length * (steps + 1))
    if not experts_here:
        return inputs
    used = max(shape.experts_used, 1)
    expert = shape.expert_feed_forward_length or shape.feed_forward_length // used
    width = shape.embedding_length
    floats = max(3 * used * expert, 2 * used * width) + (2 * width if used > 2 else 0)
    # a second device's masks are handed over while experts compute
    return max(inputs, batch * (4 * floats + (masks if devices > 1 else 0)))


def kinds_of(shape: ModelShape) -> frozenset[LayerKind]:
    """All that the model has."""
    if shape.layer_kinds:
        return frozenset(shape.layer_kinds)
    counts = {
        LayerKind.SLIDING: shape.sliding_layers,
        LayerKind.RECURRENT: shape.recurrent_layers,
        LayerKind.SHARED: shape.shared_kv_layers,
        LayerKind.PLAIN: shape.plain_layers,
    }
    full = shape.layers - sum(counts.values())
    return frozenset(kind for kind, count in (*counts.items(), (LayerKind.FULL, full)) if count > 0)


def mask_bytes(shape: ModelShape, context_length: int, batch: int) -> int:
    """Part of the buffer for a step: which cells each of its tokens may see."""
    return batch * _masks(shape, context_length, batch, kinds_of(shape))


def _masks(shape: ModelShape, context_length: int, batch: int, kinds: Collection[LayerKind]) -> int:
    """Bytes for each token of a step: f16 for every cell that it may see, f32 where an index rates them. A
    layer that shares another's cache may share one of either kind."""
    size, shares = 0, LayerKind.SHARED in kinds
    if LayerKind.FULL in kinds or shares:
        size += (4 if shape.index_length else 2) * _padded(context_length)
    if LayerKind.SLIDING in kinds or (shares and shape.sliding_layers):
        size += 2 * _padded(min(context_length, shape.sliding_window + batch))
    return size + sum(6 * _compressed(context_length, ratio) for ratio, _ in shape.compressed_rows)


def output_bytes(shape: ModelShape, sequences: int = 1) -> int:
    """Logits of one token of each sequence, f32."""
    return 4 * shape.vocabulary * sequences


def copied_weights(quantization: Quantization, weights: Weights, machine: Machine) -> tuple[int, int]:
    """(dense, routed experts): what the CPU back end would copy to its own layout if all weights lay in
    main memory. By the tensor table where it was read, else by the usual mix of that quantization."""
    return _of_weights(copied_bytes, quantization, weights, machine)


def copied_originals(quantization: Quantization, weights: Weights, machine: Machine) -> tuple[int, int]:
    """Of the same what stands in the file."""
    return _of_weights(original_bytes, quantization, weights, machine)


def _of_weights(
    bytes_of: Callable[[Iterable[Matrices], Machine], int],
    quantization: Quantization,
    weights: Weights,
    machine: Machine,
) -> tuple[int, int]:
    if quantization.matrices:
        dense = [one for one in quantization.matrices if not one.experts]
        experts = [one for one in quantization.matrices if one.experts]
        return bytes_of(dense, machine), bytes_of(experts, machine)
    share = _usual_share(quantization.name.upper(), machine)
    dense_share = max(share, _AMX_SHARE) if machine.amx else share
    return int((weights.dense + weights.output) * dense_share), int(weights.experts * share)


def _usual_share(name: str, machine: Machine) -> float:
    if not machine.wide_vectors:
        return 0.0
    if not machine.x86:
        return _ARM_SHARE
    if name.startswith(("Q2_K", "UD-Q2_K")) and machine.avx512:
        return 0.6
    return next((share for part, share in _REPACKED_SHARES if part in name), 0.0)


def _compressed(tokens: int, ratio: int) -> int:
    """Cells for rows that stand for `ratio` tokens each."""
    return _padded(-(-tokens // ratio))


def _padded(tokens: int) -> int:
    return -(-max(tokens, 1) // PAD_CELLS) * PAD_CELLS
