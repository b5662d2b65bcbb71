"""Which type llama.cpp gives each tensor when it quantises a model to "Q4_K_M" and the like.

Follows `llama_tensor_get_type` of src/llama-quant.cpp as pinned with llama-cpp-python 0.3.36, for files
made without importance matrices beyond what the names ask for. Left out: architectures with eight
experts and Falcon (no model of the catalogue has them), and mixes whose rules were never published
("UD-..."). The "_L" and "_XL" mixes are bartowski's: the usual ones with embedding and output at 8 bits, as
his model cards say. "Q2_K_L" is not among them: two publishers mean different things by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.catalog.gguf_types import TENSOR_TYPES, TensorType

BY_NAME = {kind.name: kind for kind in TENSOR_TYPES.values()}
_WIDE = frozenset({"F32", "F16", "BF16"})
_DEFAULT_TYPES = {
    name: name for name in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q6_K")
}
_DEFAULT_TYPES |= {name: name for name in ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ3_S")}
_DEFAULT_TYPES |= {name: name for name in ("IQ4_NL", "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4")}
_DEFAULT_TYPES |= {"IQ2_S": "IQ2_XS", "IQ2_M": "IQ2_S", "IQ3_XS": "IQ3_S", "IQ3_M": "IQ3_S"}
_DEFAULT_TYPES |= {"Q2_K": "Q2_K", "Q2_K_S": "Q2_K"}
_DEFAULT_TYPES |= {"Q3_K_S": "Q3_K", "Q3_K_M": "Q3_K", "Q3_K_L": "Q3_K"}
_DEFAULT_TYPES |= {"Q4_K_S": "Q4_K", "Q4_K_M": "Q4_K", "Q5_K_S": "Q5_K", "Q5_K_M": "Q5_K"}
_ALIASES = {"MXFP4_MOE": "MXFP4"}
_WIDE_EDGES = {
    "Q3_K_XL": "Q3_K_L",
    "Q4_K_L": "Q4_K_M",
    "Q5_K_L": "Q5_K_M",
    "Q6_K_L": "Q6_K",
}
_FEWEST_BITS = frozenset({"IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M"})
_TERNARY = frozenset({"TQ1_0", "TQ2_0"})
_BETTER_IQ2 = frozenset({"IQ2_S", "IQ2_M"})
# where the rows of a tensor do not fill blocks of 256 (`tensor_type_fallback`)
_FALLBACKS = {
    "Q2_K": "Q4_0",
    "Q3_K": "Q4_0",
    "TQ1_0": "Q4_0",
    "TQ2_0": "Q4_0",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}
_FALLBACKS |= dict.fromkeys(
    ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ4_XS"), "IQ4_NL"
)
_TABLES = ("token_embd.weight", "per_layer_token_embd.weight")
_NEVER_QUANTISED = ("_norm.weight", "ffn_gate_inp.weight", "ssm_conv1d")
_LAYER = re.compile(r"blk\.(\d+)\.")

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Mix:
    """What the choice depends on besides the tensor itself."""

    name: str  # "Q4_K_M"
    layers: int
    heads_per_kv_head: int
    experts: int
    tied: bool  # the embedding serves as the output too
    is_llama_70b: bool

    @property
    def rules(self) -> str:
        """The name that llama.cpp knows these rules by."""
        name = _ALIASES.get(self.name, self.name)
        return _WIDE_EDGES.get(name, name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor stands in the file: rules count what was before it."""

    layer: int
    values: int  # tensors of attention values before it
    all_values: int
    downs: int  # of down projections


def known_mixes() -> tuple[str, ...]:
    return (*_DEFAULT_TYPES, *_ALIASES, *_WIDE_EDGES)


def types_of(shapes: Shapes, mix: Mix) -> dict[str, TensorType]:
    """The types of a model's tensors, which stand in the order of the file. Raises: KeyError, for a mix
    that is not known."""
    found: dict[str, TensorType] = {}
    all_values = sum(_is_value(name) for name in shapes)
    values = downs = 0
    for name, shape in shapes.items():
        layer = _LAYER.match(name)
        place = _Place(int(layer[1]) if layer else 0, values, all_values, downs)
        found[name] = _type_of(name, shape, mix, place)
        values += _is_value(name)
        downs += "ffn_down" in name
    return found


def converted_type(tensor: str, shape: tuple[int, ...]) -> TensorType:
    """Of DeepSeek-V4 as its converter keeps it: experts of 4 bits, what was 8 bits at 8, the rest as wide
    as its publisher stores it."""
    if "ffn_gate_tid2eid" in tensor:
        return BY_NAME["I32"]
    if "_exps." in tensor:
        return BY_NAME["MXFP4"]
    if not _is_quantised(tensor, shape) or "_ape." in tensor or "hc_" in tensor:
        return BY_NAME["F32"]
    as_published = (*_TABLES, "output.weight", "compressor", "indexer.proj")
    return BY_NAME["BF16" if any(part in tensor for part in as_published) else "Q8_0"]


def _type_of(tensor: str, shape: tuple[int, ...], mix: Mix, place: _Place) -> TensorType:
    default = _DEFAULT_TYPES[mix.rules]
    if "ffn_gate_tid2eid" in tensor:
        return BY_NAME["I32"]
    if "per_layer_model_proj" in tensor:  # as it was before
        return BY_NAME[default if default in _WIDE else "BF16"]
    if not _is_quantised(tensor, shape):
        return BY_NAME["F32"]
    if default in _WIDE:
        return BY_NAME[default]
    return _fitting(BY_NAME[_chosen(tensor, shape, default, mix, place)], shape[0])


def _is_value(tensor: str) -> bool:
    return "attn_v.weight" in tensor or "attn_qkv.weight" in tensor


def _is_quantised(tensor: str, shape: tuple[int, ...]) -> bool:
    """Vectors, norms and the choice of experts stay as they are."""
    if len(shape) < 2 or not tensor.endswith("weight"):
        return False
    return not any(part in tensor for part in _NEVER_QUANTISED)


def _fitting(kind: TensorType, row: int) -> TensorType:
    if row % kind.block_elements == 0:
        return kind
    smaller = BY_NAME[_FALLBACKS.get(kind.name, kind.name)]
    return smaller if row % smaller.block_elements == 0 else BY_NAME["F16"]


def _chosen(tensor: str, shape: tuple[int, ...], default: str, mix: Mix, place: _Place) -> str:
    if tensor == "output.weight" or tensor in _TABLES:
        return _edge(tensor, shape, default, mix)
    if mix.rules == "MXFP4":
        return "MXFP4" if len(shape) > 2 else "Q8_0"
    if mix.rules in _FEWEST_BITS:
        return _few_bits(tensor, default, mix, place)
    if _is_value(tensor):
        return _attention_value(default, mix, place)
    if "attn_k.weight" in tensor or "attn_q.weight" in tensor:
        return {"IQ3_XS": "IQ3_XXS", "IQ3_XXS": "IQ2_S"}.get(mix.rules, default)
    if "attn_output.weight" in tensor:
        wider = {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K", "IQ3_XXS": "IQ3_S", "IQ3_M": "Q4_K"}
        return wider.get(mix.rules, default)
    if "ffn_down" in tensor:
        return _down_projection(default, mix, place)
    if mix.rules == "IQ3_XS" and ("ffn_gate" in tensor or "ffn_up" in tensor):
        first, last = mix.layers // 8, 7 * mix.layers // 8
        return "IQ3_XXS" if first <= place.layer < last else default
    return default


def _edge(tensor: str, shape: tuple[int, ...], default: str, mix: Mix) -> str:
    """The output and the embeddings; what serves as both is treated as the output."""
    if mix.name in _WIDE_EDGES:
        return "Q8_0"
    if tensor != "output.weight" and not mix.tied:
        if mix.rules == "MXFP4":
            return "Q8_0"
        if mix.rules in _FEWEST_BITS:
            return "IQ3_S" if mix.rules in _BETTER_IQ2 else "Q2_K"
        if mix.rules in _TERNARY:
            return "Q4_K"
        return "IQ3_S" if mix.rules == "IQ3_XXS" else default
    if mix.rules == "MXFP4" or shape[0] % BY_NAME[default].block_elements or default == "Q8_0":
        return "Q8_0"
    return "Q5_K" if mix.rules in _FEWEST_BITS or mix.rules == "IQ3_XXS" else "Q6_K"


def _few_bits(tensor: str, default: str, mix: Mix, place: _Place) -> str:
    better = "IQ3_S" if mix.rules in _BETTER_IQ2 else "Q2_K"
    if _is_value(tensor):
        return "Q4_K" if mix.heads_per_kv_head >= 4 or mix.experts >= 4 else better
    if "ffn_down" in tensor:
        return better if place.downs < mix.layers // 8 else default
    if "attn_output.weight" in tensor:
        if mix.rules in ("IQ1_S", "IQ1_M"):
            return "IQ2_XXS"
        return "IQ3_S" if mix.rules in _BETTER_IQ2 else default
    return default


def _attention_value(default: str, mix: Mix, place: _Place) -> str:
    grouped = mix.heads_per_kv_head >= 4
    chosen = default
    if mix.rules == "Q2_K":
        chosen = "Q4_K" if grouped else "Q3_K"
    elif mix.rules == "IQ3_M" or (mix.rules in ("Q2_K_S", "IQ3_XXS", "IQ3_XS", "IQ3_S") and grouped):
        chosen = "Q4_K"
    elif mix.rules == "Q3_K_M":
        chosen = "Q5_K" if place.values < 2 else "Q4_K"
    elif mix.rules == "Q3_K_L" or (mix.rules in ("IQ4_NL", "IQ4_XS") and grouped):
        chosen = "Q5_K"
    elif mix.rules in ("Q4_K_M", "Q5_K_M") and _gets_more_bits(place.values, place.all_values):
        chosen = "Q6_K"
    elif mix.rules == "Q4_K_S" and place.values < 4:
        chosen = "Q5_K"
    return "Q5_K" if mix.is_llama_70b and chosen in ("Q3_K", "Q4_K") else chosen


def _down_projection(default: str, mix: Mix, place: _Place) -> str:
    layer, layers = place.layer, mix.layers
    if mix.rules == "Q2_K":
        return "Q3_K"
    if mix.rules in ("Q2_K_S", "IQ3_M") and layer < layers // 8:
        return "Q4_K"
    if mix.rules == "Q3_K_M":
        return "Q5_K" if layer < layers // 16 else "Q4_K"
    if mix.rules == "Q3_K_L":
        return "Q5_K"
    if mix.rules in ("Q4_K_M", "Q5_K_M") and _gets_more_bits(layer, layers):
        return "Q6_K"
    if mix.rules == "Q4_K_S" and layer < layers // 8:
        return "Q5_K"
    return default


def _gets_more_bits(index: int, count: int) -> bool:
    """`use_more_bits`: the first and last eighth, and every third between."""
    return index < count // 8 or index >= 7 * count // 8 or (index - count // 8) % 3 == 2
