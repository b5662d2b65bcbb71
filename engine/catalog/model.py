"""Models as the catalogue and the planner know them. Values only; sizes in exact bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AttentionKind(StrEnum):
    FULL = "full"
    SLIDING = "sliding"  # some layers see a window only
    MLA = "mla"  # one latent row per token and layer (DeepSeek)


class LayerKind(StrEnum):
    """What a layer keeps for every token."""

    FULL = "full"
    SLIDING = "sliding"
    RECURRENT = "recurrent"  # a state in place of a cache
    SHARED = "shared"  # another layer's
    PLAIN = "plain"  # nothing: a feed-forward part alone (Nemotron-H)


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What planning needs of an architecture; from a GGUF header or the catalogue."""

    architecture: str  # GGUF `general.architecture`
    layers: int
    embedding_length: int
    vocabulary: int
    heads: int
    kv_heads: int
    key_length: int  # per head; for MLA the length of the latent row (576 for R1)
    value_length: int  # per head; 0 for MLA, which keeps K only
    trained_context: int  # tokens
    attention: AttentionKind = AttentionKind.FULL
    sliding_window: int = 0  # tokens; 0 where there is none
    sliding_layers: int = 0  # how many of `layers` use the window
    recurrent_layers: int = 0  # layers without a KV cache (hybrid and recurrent models)
    experts: int = 0
    experts_used: int = 0
    total_parameters: int = 0
    active_parameters: int = 0  # per token; equal to total for dense models
    expert_weight_share: float = 0.0  # part of the weights (not bytes) that are routed experts
    tied_embeddings: bool = False
    # sliding layers whose rows differ from the others' (Gemma 4); 0: the same as above
    sliding_kv_heads: int = 0
    sliding_key_length: int = 0
    sliding_value_length: int = 0
    shared_kv_layers: int = 0  # layers that reuse another layer's cache; in no other count
    plain_layers: int = 0  # that neither attend nor have a state; in no other count
    recurrent_state_bytes: int = 0  # all layers together, per sequence, f32
    index_length: int = 0  # part of `key_length` that only chooses what is attended to (DeepSeek-V3.2)
    # rows that stand for several tokens each (DeepSeek-V4): tokens a row, cache elements of it in all layers
    compressed_rows: tuple[tuple[int, int], ...] = ()
    streams: int = 1  # residual streams beside each other (hyper connections)
    per_layer_length: int = 0  # of the extra embedding that every layer gets (Gemma 4 E)
    # widths that decide how large compute buffers are; 0: not known
    feed_forward_length: int = 0
    expert_feed_forward_length: int = 0  # of one expert
    dense_layers: bool = True  # some feed-forward layers are not experts
    gated: bool = True  # feed-forward layers have a gate beside the projection up
    parallel: bool = False  # attention and feed-forward begin with one and the same norm
    inner_length: int = 0  # of recurrent layers
    convolved_length: int = 0  # of gated delta nets: values, queries and keys
    scanned_length: int = 0  # of Mamba-2: the states that one token scans, of all groups
    time_ranks: int = 0  # of Mamba-2: its heads
    layer_kinds: tuple[LayerKind, ...] = ()  # in their order; (): not known
    draft_layers: int = 0  # behind the others, for guessing several tokens; in no other count

    @property
    def beyond_amx(self) -> bool:
        """Multiplies as AMX's kernels in llama.cpp cannot (decision 6): with weights by head (latent
        attention), or one weight with the tokens of several conversations, kept apart (recurrent layers)."""
        return self.attention is AttentionKind.MLA or self.recurrent_layers > 0


@dataclass(frozen=True, slots=True)
class Matrices:
    """Weights that are multiplied with, of one type; the embedding counts where it is the output too."""

    type_name: str  # "Q4_K"
    experts: bool  # routed ones
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LayerBytes:
    dense: int
    experts: int  # routed ones


@dataclass(frozen=True, slots=True)
class FileParts:
    """Where in a model the bytes of a file belong. Together they are all of its tensors."""

    embedding: int  # the table of tokens; the output too, where they are tied
    tables: int  # others of which single rows are looked up
    output: int
    layers: tuple[LayerBytes, ...]


@dataclass(frozen=True, slots=True)
class Quantization:
    """One published set of files of a model."""

    name: str  # "Q4_K_M", "UD-Q2_K_XL", ...
    size_bytes: int
    exact: bool  # size_bytes is the files' exact total, else rounded by its publisher
    bits_per_weight: float
    repository: str  # hub repository that holds it, "" if unknown
    quality_note: str = ""  # known loss, e.g. perplexity "+0.0535 (Llama-3-8B)"
    perplexity_increase: float | None = None  # against f16 on Llama-3-8B, estimate for others
    expert_bytes: int | None = None  # routed experts, read from the tensor table; None: estimated
    matrices: tuple[Matrices, ...] = ()  # read from the tensor table; (): estimated
    edges: tuple[tuple[Matrices, ...], ...] = ()  # runs of them at the beginning and the end of the file
    parts: FileParts | None = None  # read from the tensor table; None: estimated
    projector: int = 0  # bytes of the one that lies with it, and of its buffers; 0: it reads text only

    @property
    def is_obtainable(self) -> bool:
        """A file is known of, in a repository or here (whose size is exact)."""
        return bool(self.repository) or self.exact


@dataclass(frozen=True, slots=True)
class FileWeights:
    """What a tensor table says about the weights of a file."""

    tensor_bytes: int
    parameters: int
    bits_per_weight: float
    expert_bytes: int
    expert_parameters: int
    matrices: tuple[Matrices, ...]  # those that a CPU could copy to a layout of its own
    edges: tuple[tuple[Matrices, ...], ...]  # of `matrices`, those before and after all other tensors
    main_type: str  # the type that holds the most bytes, "Q4_K"
    parts: FileParts | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model of the catalogue."""

    name: str  # as in the shared facts, the NAME of `deskside plan --model`
    title: str  # shown to people
    family: str
    license: str
    released: str  # ISO date or ""
    repository: str  # of the original weights
    shape: ModelShape
    quantizations: tuple[Quantization, ...]  # best quality first
    reasoning: bool  # thinks before it answers
    purposes: tuple[str, ...]  # "chat", "code", "long", ...
    quality: float  # 0 to 100, an editorial rank that orders recommendations; see resources/catalog
    note: str = ""  # one English remark, e.g. what the popular guide got wrong


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model on this machine, ready to load."""

    path: str  # first shard
    name: str
    quantization: str
    size_bytes: int  # all shards
    source: str  # "starter", "hub", "local"
    repository: str = ""
    sha256: str = ""  # of the first file, "" if never verified
    verified: bool = False
